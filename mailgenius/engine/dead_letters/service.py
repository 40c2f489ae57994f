"""What may be done with dead letters: list, explain, replay, discard; some by name, or all of a filter."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from mailgenius.engine.dead_letters import queries
from mailgenius.engine.dead_letters.advice import advice
from mailgenius.engine.dead_letters.errors import DeadLetterMissing
from mailgenius.engine.dead_letters.model import (
    MOST_AT_ONCE,
    Act,
    DeadFilter,
    DeadLetter,
    Done,
    Explanation,
    Run,
)
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.dead import NEWEST, DeadCount
from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import Page, decode_cursor, page_of

STEP = 1000
"""Dead letters that a run deals with in one transaction."""
MOST_COUNTED = 10_000


async def list_dead(
    tx: Tx, *, workspace_id: int, wanted: DeadFilter, limit: int = 50, cursor: str | None = None
) -> Page[DeadLetter]:
    """List dead letters, the newest message first."""
    key = decode_cursor(cursor, tuple[int])
    rows = await ledger.dead_letters(
        tx,
        workspace_id=workspace_id,
        wanted=wanted,
        before_id=key[0] if key else NEWEST,
        limit=limit + 1,
    )
    return page_of(rows, limit=limit, key=lambda letter: (letter.id,))


async def counts(tx: Tx, *, workspace_id: int) -> list[DeadCount]:
    """Count dead letters by state and code, among the newest ten thousand: most first."""
    return await ledger.count_dead(tx, workspace_id=workspace_id, most=MOST_COUNTED)


async def explain(tx: Tx, *, workspace_id: int, message_id: int) -> Explanation:
    """Return what happened at each attempt, what it means and what to do.

    Raises:
        DeadLetterMissing: the message is no dead letter here, or not any more.
    """
    found = await ledger.dead_letters(
        tx, workspace_id=workspace_id, wanted=DeadFilter(), message_id=message_id, limit=1
    )
    if not found:
        raise DeadLetterMissing
    message = await ledger.get_message(tx, workspace_id=workspace_id, message_id=message_id)
    return Explanation(
        letter=found[0],
        attempts=tuple(await ledger.attempts(tx, workspace_id=workspace_id, message=message)),
        acts=tuple(await queries.acts_of(tx, workspace_id=workspace_id, message_id=message_id)),
        advice=advice(state=found[0].state, code=found[0].code),
    )


async def replay(tx: Tx, *, workspace_id: int, message_ids: Sequence[int], done_by: int | None) -> Done:
    """Queue messages again, each as a new attempt. A second call finds them queued and skips them.

    A message whose fate is unknown may arrive twice by this: doors say so before they call.
    """
    _check_size(message_ids)
    letters = await ledger.orders_of(tx, workspace_id=workspace_id, message_ids=message_ids)
    return await _by_name(
        tx, "dead_letter.replayed", workspace_id, act=Act.REPLAYED, letters=letters, done_by=done_by
    )


async def discard(tx: Tx, *, workspace_id: int, message_ids: Sequence[int], done_by: int | None) -> Done:
    """Take messages off the list for good; they stay in reports as they are. A second call skips them."""
    _check_size(message_ids)
    letters = [(message_id, 0) for message_id in dict.fromkeys(message_ids)]
    return await _by_name(
        tx, "dead_letter.discarded", workspace_id, act=Act.DISCARDED, letters=letters, done_by=done_by
    )


async def start_run(tx: Tx, *, workspace_id: int, act: Act, wanted: DeadFilter, done_by: int | None) -> Run:
    """Replay or discard all that match a filter now. A job works it off; `get_run` tells its progress."""
    # What fails again meanwhile is a new dead letter, and not meant.
    now = clock.now()
    until = now if wanted.until is None else min(wanted.until, now)
    run_id = await queries.insert_run(
        tx,
        workspace_id=workspace_id,
        act=act,
        wanted=msgspec.to_builtins(replace(wanted, until=until)),
        created_by=done_by,
    )
    await tx.enqueue("dead_letters.run", workspace_id=workspace_id, run_id=run_id)
    narrowed = {name: value for name, value in msgspec.to_builtins(wanted).items() if value}
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action="dead_letter.run_started",
        object_id=run_id,
        details={"act": act, "filter": narrowed},
    )
    return await queries.get_run(tx, workspace_id=workspace_id, run_id=run_id)


async def get_run(tx: Tx, *, workspace_id: int, run_id: int) -> Run:
    """Return a run and how far it is.

    Raises:
        RunMissing: this workspace has no such run.
    """
    return await queries.get_run(tx, workspace_id=workspace_id, run_id=run_id)


async def open_runs(tx: Tx, *, workspace_id: int) -> list[Run]:
    """Return the runs that are at work, the newest first."""
    return await queries.open_runs(tx, workspace_id=workspace_id)


async def run_next(tx: Tx, *, workspace_id: int, run_id: int) -> bool:
    """Do one step of a run and say whether there is more. A second run of a step finds the next one."""
    run = await queries.lock_run(tx, workspace_id=workspace_id, run_id=run_id)
    if run.finished_at is not None:
        return False
    wanted = msgspec.convert(run.filter, DeadFilter)
    letters = await ledger.next_dead(
        tx, workspace_id=workspace_id, wanted=wanted, after_id=run.after_id, limit=STEP
    )
    done = await _act(
        tx,
        workspace_id=workspace_id,
        act=run.act,
        letters=letters,
        done_by=run.created_by,
        run_id=run_id,
    )
    finished = len(letters) < STEP
    await queries.advance_run(
        tx,
        workspace_id=workspace_id,
        run_id=run_id,
        after_id=letters[-1][0] if letters else run.after_id,
        done=done.done,
        skipped=done.skipped,
        finished=finished,
    )
    return not finished


async def _by_name(
    tx: Tx,
    action: str,
    workspace_id: int,
    *,
    act: Act,
    letters: Sequence[tuple[int, int]],
    done_by: int | None,
) -> Done:
    """Do it to letters that somebody chose, and note in the audit log to how many."""
    done = await _act(tx, workspace_id=workspace_id, act=act, letters=letters, done_by=done_by, run_id=None)
    if not done.done:
        audit.unchanged(tx)
        return done
    chosen = letters[0][0] if len(letters) == 1 else ""
    details = {"messages": done.done, "skipped": done.skipped}
    await audit.note(tx, workspace_id=workspace_id, action=action, object_id=chosen, details=details)
    return done


async def _act(
    tx: Tx,
    *,
    workspace_id: int,
    act: Act,
    letters: Sequence[tuple[int, int]],
    done_by: int | None,
    run_id: int | None,
) -> Done:
    """Do it to letters, given as (message, order), and write down to which it was done."""
    if act is Act.REPLAYED:
        acted = await ledger.replay_dead(tx, workspace_id=workspace_id, messages=letters)
    else:
        acted = await ledger.discard_dead(
            tx, workspace_id=workspace_id, message_ids=[letter[0] for letter in letters]
        )
    if acted:
        await queries.record_acts(
            tx, workspace_id=workspace_id, act=act, letters=acted, done_by=done_by, run_id=run_id
        )
    return Done(done=len(acted), skipped=len(letters) - len(acted))


def _check_size(message_ids: Sequence[int]) -> None:
    if len(message_ids) > MOST_AT_ONCE:
        raise invalid("ids", f"must be at most {MOST_AT_ONCE}; use a filter for more")

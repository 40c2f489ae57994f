"""The statements of dead letters' runs and acts, one typed function each."""

from collections.abc import Sequence
from typing import Any

from mailgenius.engine.dead_letters.errors import RunMissing
from mailgenius.engine.dead_letters.model import Act, PastAct, Run
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value

_SQL = load_queries(__file__)


async def record_acts(
    tx: Tx,
    *,
    workspace_id: int,
    act: Act,
    letters: Sequence[tuple[int, int]],
    done_by: int | None,
    run_id: int | None = None,
) -> None:
    """Write down what was done with letters, given as (message, attempt)."""
    await tx.execute(
        _SQL["record-acts"],
        workspace_id=workspace_id,
        act=act,
        run_id=run_id,
        done_by=done_by,
        message_ids=[letter[0] for letter in letters],
        attempts=[letter[1] for letter in letters],
    )


async def acts_of(tx: Tx, *, workspace_id: int, message_id: int) -> list[PastAct]:
    return await tx.all(PastAct, _SQL["acts-of-message"], workspace_id=workspace_id, message_id=message_id)


async def insert_run(
    tx: Tx, *, workspace_id: int, act: Act, wanted: dict[str, Any], created_by: int | None
) -> int:
    run_id: int = await tx.value(
        _SQL["insert-run"],
        workspace_id=workspace_id,
        act=act,
        filter=json_value(wanted),
        created_by=created_by,
    )
    return run_id


async def get_run(tx: Tx, *, workspace_id: int, run_id: int) -> Run:
    return await tx.one(Run, _SQL["get-run"], missing=RunMissing, workspace_id=workspace_id, run_id=run_id)


async def lock_run(tx: Tx, *, workspace_id: int, run_id: int) -> Run:
    return await tx.one(Run, _SQL["lock-run"], missing=RunMissing, workspace_id=workspace_id, run_id=run_id)


async def open_runs(tx: Tx, *, workspace_id: int) -> list[Run]:
    return await tx.all(Run, _SQL["open-runs"], workspace_id=workspace_id)


async def advance_run(
    tx: Tx, *, workspace_id: int, run_id: int, after_id: int, done: int, skipped: int, finished: bool
) -> None:
    await tx.execute(
        _SQL["advance-run"],
        workspace_id=workspace_id,
        run_id=run_id,
        after_id=after_id,
        done=done,
        skipped=skipped,
        finished=finished,
    )

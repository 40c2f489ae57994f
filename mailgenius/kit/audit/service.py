"""Noting acts, reading them back, and forgetting the oldest. Who may read is the doors' business."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

import msgspec

from mailgenius.kit import clock
from mailgenius.kit.audit import queries
from mailgenius.kit.audit.model import EVERYTHING, Entry, KnownDoer, Wanted, presentable
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.doers import Doer
from mailgenius.kit.formulas import guarded_csv
from mailgenius.kit.paging import MAX_LIMIT, Page, checked_limit, decode_cursor, page_of

HEADER: Final = ("at", "who", "name", "id", "address", "action", "object", "object_name", "details")
KEPT_AT_LEAST: Final = timedelta(days=30)
"""Nobody wipes their traces by shortening how long entries are kept."""
LATEST: Final = 2**63 - 1
LONGEST_NAME: Final = 300
MOST_DOERS: Final = 200
SWEPT_AT_ONCE: Final = 10_000
_T_contra = TypeVar("_T_contra", contravariant=True)


class Noting(Protocol[_T_contra]):
    """How an area notes acts on its things."""

    async def __call__(
        self, tx: Tx, action: str, on: _T_contra, /, *, workspace_id: int, **details: Any
    ) -> None: ...


async def note(
    tx: Tx,
    *,
    workspace_id: int,
    action: str,
    object_id: int | str = "",
    name: str = "",
    details: Mapping[str, Any] | None = None,
    by: Doer | None = None,
) -> None:
    """Write down what is done in this transaction, and commit with it: no act without its entry.

    Args:
        tx: the transaction of the change; it knows who acts.
        workspace_id: whose log; `INSTALLATION` for what concerns no workspace.
        action: `kind.past_tense`; the kind is that of the object: `campaign.launched`.
        object_id: of what was acted on.
        name: of that, as people call it now. Empty for leads: the log outlives an erased person.
        details: counts, or the old and the new of settings; never secrets, nor what a message says.
        by: who acts, when the transaction cannot know: somebody who just signs in.
    """
    await queries.add_entry(
        tx,
        workspace_id=workspace_id,
        by=by or tx.by,
        action=action,
        object_id=str(object_id),
        object_name=name[:LONGEST_NAME],
        details=presentable(details or {}),
    )
    tx.noted = True


def noting(named: Callable[[_T_contra], tuple[int, str]]) -> Noting[_T_contra]:
    """Return what notes acts on things of a kind; `named` says the id of one, and what people call it."""

    async def note_on(tx: Tx, action: str, on: _T_contra, /, *, workspace_id: int, **details: Any) -> None:
        object_id, name = named(on)
        await note(
            tx, workspace_id=workspace_id, action=action, object_id=object_id, name=name, details=details
        )

    return note_on


def unchanged(tx: Tx) -> None:
    """Say that an act left everything as it was, though it locked what it looked at: it needs no entry."""
    tx.noted = True


async def list_entries(
    tx: Tx,
    *,
    workspace_id: int,
    wanted: Wanted = EVERYTHING,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[Entry]:
    """Return entries of a workspace, newest first."""
    size = checked_limit(limit)
    rows = await queries.list_entries(
        tx, workspace_id=workspace_id, wanted=wanted, before_id=_before(cursor), limit=size + 1
    )
    return page_of(rows, limit=size, key=lambda entry: (entry.id,))


async def list_everywhere(
    tx: Tx, *, wanted: Wanted = EVERYTHING, limit: int | None = None, cursor: str | None = None
) -> Page[Entry]:
    """Return entries of the whole installation, newest first. Wants a trusted transaction."""
    size = checked_limit(limit)
    rows = await queries.list_everywhere(tx, wanted=wanted, before_id=_before(cursor), limit=size + 1)
    return page_of(rows, limit=size, key=lambda entry: (entry.id,))


async def known_doers(tx: Tx, *, workspace_id: int) -> list[KnownDoer]:
    """Return the people and keys that a workspace's log names, to choose one from."""
    return await queries.known_doers(tx, workspace_id=workspace_id, limit=MOST_DOERS)


async def entries_csv(
    db: Database, *, workspace_id: int, wanted: Wanted = EVERYTHING
) -> AsyncIterator[bytes]:
    """Yield a workspace's entries as CSV, newest first, page by page; no cell is a formula."""
    yield guarded_csv([HEADER])
    cursor = None
    while True:
        async with db.tenant(workspace_id) as tx:
            page = await list_entries(
                tx, workspace_id=workspace_id, wanted=wanted, limit=MAX_LIMIT, cursor=cursor
            )
        yield guarded_csv(_cells(entry) for entry in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


async def sweep(tx: Tx, *, older_than: datetime, workspace_id: int | None = None) -> int:
    """Forget entries from before a moment, of one workspace or of all; at most 10,000 at once.

    Wants a trusted transaction. Returns how many went; a second run takes the next ones.

    Raises:
        ValueError: the moment is less than 30 days ago.
    """
    if older_than > clock.now() - KEPT_AT_LEAST:
        raise ValueError("the audit log keeps at least the last 30 days")
    if workspace_id is None:
        return await queries.forget_everywhere(tx, older_than=older_than, limit=SWEPT_AT_ONCE)
    return await queries.forget_entries(
        tx, workspace_id=workspace_id, older_than=older_than, limit=SWEPT_AT_ONCE
    )


def _before(cursor: str | None) -> int:
    key = decode_cursor(cursor, tuple[int])
    return key[0] if key else LATEST


def _cells(entry: Entry) -> Sequence[str]:
    return (
        entry.at.isoformat(),
        entry.doer_kind,
        entry.doer_name,
        "" if entry.doer_id is None else str(entry.doer_id),
        entry.address,
        entry.action,
        entry.object_id,
        entry.object_name,
        msgspec.json.encode(entry.details).decode() if entry.details else "",
    )

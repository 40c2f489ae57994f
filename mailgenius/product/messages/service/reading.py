"""Reading messages, those of campaigns too, and calling one off that has not left."""

from datetime import UTC, datetime

from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.feedback import PastFeedback
from mailgenius.engine.ledger.model import MessageRow, MessageState
from mailgenius.engine.ledger.takings import Attempt, MessageDetail
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import Page, decode_cursor, encode_cursor

NEWEST = 2**63 - 1
LOOKED_AT = 5000
"""Messages that one page of a state looks through."""
_BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)


async def get(tx: Tx, *, workspace_id: int, message_id: int) -> MessageDetail:
    """Return one message.

    Raises:
        MessageMissing: this workspace has no such message.
    """
    return await ledger.get_message(tx, workspace_id=workspace_id, message_id=message_id)


async def attempts(tx: Tx, *, workspace_id: int, message: MessageDetail) -> list[Attempt]:
    """Return what happened at each attempt, the first first."""
    return await ledger.attempts(tx, workspace_id=workspace_id, message=message)


async def feedback(tx: Tx, *, workspace_id: int, message_id: int) -> list[PastFeedback]:
    """Return what was told of a message after it had left: bounces, complaints, replies, the first first."""
    return await ledger.feedback_of(tx, workspace_id=workspace_id, message_id=message_id)


async def cancel(tx: Tx, *, workspace_id: int, message_id: int) -> None:
    """Call a message off. A second call changes nothing.

    Raises:
        MessageMissing: this workspace has no such message.
        MessageOnItsWay: it has left, or an engine has it in hand.
    """
    await ledger.cancel_message(tx, workspace_id=workspace_id, message_id=message_id)
    await audit.note(tx, workspace_id=workspace_id, action="message.cancelled", object_id=message_id)


async def list_messages(
    tx: Tx,
    *,
    workspace_id: int,
    state: MessageState | None = None,
    lead_id: int | None = None,
    address: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[MessageRow]:
    """List messages, newest first: the workspace's, a lead's, or those to an address that is no lead's.

    With a state a page looks through a bounded number of messages, so it may be short or empty while more
    follow: the cursor says so. The few of a rare state among ten million have no shorter way by time.
    """
    key = decode_cursor(cursor, tuple[int])
    wanted = max(limit + 1, LOOKED_AT) if state is not None else limit + 1
    rows = await ledger.newest_messages(
        tx,
        workspace_id=workspace_id,
        lead_id=lead_id,
        address=None if address is None else address.strip().lower(),
        since=since or _BEGINNING,
        before_id=key[0] if key else NEWEST,
        limit=wanted,
    )
    found = [row for row in rows if state is None or row.state is state]
    if len(found) > limit:
        return Page(items=found[:limit], next_cursor=encode_cursor(found[limit - 1].id))
    more = len(rows) == wanted
    return Page(items=found[:limit], next_cursor=encode_cursor(rows[-1].id) if more else None)

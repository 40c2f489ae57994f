"""Leave to send, at the pace of a connection. One short transaction each; nothing is held while sending."""

from datetime import timedelta

from mailgenius.engine.pacing import queries
from mailgenius.engine.pacing.model import Grant, Pace
from mailgenius.kit.db.transaction import Tx

SOON = timedelta(seconds=1)
"""Stretches that begin later are not reserved: whoever would wait that long does something else meanwhile."""


async def acquire(tx: Tx, *, workspace_id: int, connection_id: int, pace: Pace, wanted: int) -> Grant:
    """Reserve leave for up to `wanted` messages.

    With a count, wait as long as the grant says and then send that many at once. With none, do not send, and
    ask again after the wait: the pace is booked for longer than a second, or the day is used up.
    """
    most = wanted if pace.burst is None else min(wanted, pace.burst)
    grant = await queries.take_tokens(
        tx, workspace_id=workspace_id, connection_id=connection_id, pace=pace, wanted=most, soon=SOON
    )
    if grant is None:
        await queries.open_bucket(tx, workspace_id=workspace_id, connection_id=connection_id)
        grant = await queries.take_tokens(
            tx, workspace_id=workspace_id, connection_id=connection_id, pace=pace, wanted=most, soon=SOON
        )
    return grant or Grant(count=0, wait=SOON)


async def give_back(tx: Tx, *, workspace_id: int, connection_id: int, count: int) -> None:
    """Return leave for messages of the day that did not leave after all."""
    await queries.return_tokens(tx, workspace_id=workspace_id, connection_id=connection_id, count=count)

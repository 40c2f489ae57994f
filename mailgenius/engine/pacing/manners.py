"""How a workspace wants people to be treated: not at night by their own clock, and not too often.

Who may not be written to now waits; nobody is lost. What somebody waits for, such as a code, is not held up
unless the workspace says so.
"""

from collections.abc import Sequence
from datetime import timedelta

from mailgenius.engine.pacing import queries
from mailgenius.engine.pacing.quiet import Manners
from mailgenius.kit.db.transaction import Tx

SHORTEST_REST = timedelta(hours=1)
"""A person who has had enough is not looked at again before."""


async def enough(
    tx: Tx, *, workspace_id: int, manners: Manners, lead_ids: Sequence[int], message_ids: Sequence[int]
) -> dict[int, timedelta]:
    """Return the leads that had as many messages as they may have, and how long each should rest.

    Call in the transaction that opened the window: openings of one workspace wait for each other here, so
    that two campaigns at once do not both find room for the last one.
    """
    if manners.cap_count is None or not lead_ids:
        return {}
    await queries.one_at_a_time(tx, workspace_id=workspace_id)
    rows = await queries.had(
        tx,
        workspace_id=workspace_id,
        lead_ids=lead_ids,
        message_ids=message_ids,
        within=timedelta(days=manners.cap_days),
    )
    return {lead_id: max(SHORTEST_REST, rest) for lead_id, count, rest in rows if count >= manners.cap_count}

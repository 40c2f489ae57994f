"""How a workspace wants people to be treated: not at night by their own clock, and not too often.

Who may not be written to now waits; nobody is lost. What somebody waits for, such as a code, is not held up
unless the workspace says so. A person's own wish to hear less often is another thing: see `too_soon`.
"""

from collections.abc import Mapping, Sequence
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


async def too_soon(
    tx: Tx, *, workspace_id: int, apart: Mapping[int, timedelta], message_ids: Sequence[int]
) -> set[int]:
    """Return the leads whose last message is not as long ago as each of them wants. Called as `enough`."""
    if not apart:
        return set()
    await queries.one_at_a_time(tx, workspace_id=workspace_id)
    found: set[int] = set()
    for within in set(apart.values()):
        rows = await queries.had(
            tx,
            workspace_id=workspace_id,
            lead_ids=[lead_id for lead_id, each in apart.items() if each == within],
            message_ids=message_ids,
            within=within,
        )
        found.update(lead_id for lead_id, count, _ in rows if count)
    return found

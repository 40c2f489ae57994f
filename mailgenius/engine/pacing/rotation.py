"""Which connection takes the next batch of an order that names none: by sender, weight and what is left."""

import random
from collections.abc import Collection, Mapping, Sequence

from mailgenius.engine.pacing.queries import Candidate, candidates as candidates
from mailgenius.kit.db.transaction import Tx

STICKY_TIMES = 2
"""So many times as many batches may be under way of a connection when they are to come back through it."""


async def choose(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str,
    sender_domain: str,
    blocked: Collection[int],
    running: Mapping[int, int],
    most: int,
    sticks_to: int | None = None,
) -> int | None:
    """Return a connection for a batch, or None when there is none to send through now.

    Args:
        tx: a trusted transaction.
        workspace_id: whose connections.
        channel: of which channel.
        sender_domain: who the messages are from. Connections that are meant for it go before all others.
        blocked: connections that cannot be sent through at the moment.
        running: how many batches of connections the caller has under way.
        most: how many it may have of one. Those of a lesser weight have fewer: were all of them kept full,
            their weights would say nothing as long as there is work.
        sticks_to: the one whose peer expects these messages back. While it works they wait for it: another's
            peer would put them off once more.
    """
    found = await candidates(tx, workspace_id=workspace_id, channel=channel)
    usable = [
        each for each in meant_for(found, sender_domain) if each.id not in blocked and each.left_share > 0
    ]
    if any(each.id == sticks_to for each in usable):
        return sticks_to if running.get(sticks_to or 0, 0) < STICKY_TIMES * most else None
    heaviest = max((each.weight for each in usable), default=1)
    usable = [
        each for each in usable if running.get(each.id, 0) < max(1, round(most * each.weight / heaviest))
    ]
    if not usable:
        return None
    weights = [each.weight * each.left_share for each in usable]
    return random.choices(usable, weights=weights)[0].id  # noqa: S311  # Spreads load, hides nothing.


def meant_for(found: Sequence[Candidate], sender_domain: str) -> list[Candidate]:
    """Return the connections for a sender's domain: those that name it, else those that name none."""
    own = [each for each in found if sender_domain in each.sender_domains]
    return own or [each for each in found if not each.sender_domains]

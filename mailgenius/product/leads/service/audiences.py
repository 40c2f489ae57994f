"""Who a campaign is for, chunk by chunk, and what its templates may print of them."""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypedDict, Unpack

from mailgenius.channels.contract import Channel
from mailgenius.engine.dispatch.ports import Recipient
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import queries
from mailgenius.product.leads.model import Audience
from mailgenius.product.preferences.model import Frequency

LEFT_TOPIC = "The lead does not want this topic."
STRETCH, MAX_STRETCH = 2_000, 50_000
"""Leads judged at a time when a condition looks beyond them: few at first, so that some leave soon."""


async def audience_size(
    tx: Tx, *, workspace_id: int, audience: Audience, channel: Channel, condition: Fragment | None = None
) -> int:
    """Count the active leads of an audience that the channel reaches. Wants a trusted transaction.

    `condition` is what the segments of the audience say: `segments.audience_condition` compiles it.
    """
    _check(audience, condition)
    await queries.plan_for_values(tx)
    return await queries.audience_size(
        tx,
        workspace_id=workspace_id,
        audience=audience,
        channel=channel,
        condition=condition,
        after_id=0,
        until_id=await queries.max_lead_id(tx, workspace_id=workspace_id),
    )


class Chunk(TypedDict):
    """Which part of an audience is wanted."""

    workspace_id: int
    audience: Audience
    channel: Channel
    after_id: int
    until_id: int
    limit: int
    condition: Fragment | None


async def audience_rows(tx: Tx, **chunk: Unpack[Chunk]) -> Fragment | list[tuple[int, str]]:
    """Return the next (lead id, address) of an audience, by id: as a SELECT where one can choose them.

    The database then carries them from the leads to where they are wanted by itself. A condition that looks
    beyond the lead is asked stretch by stretch, as in `audience_chunk`, and gives the rows. Wants a trusted
    transaction. Fewer than `limit` means that there are no more.
    """
    condition = chunk["condition"]
    if condition is not None and condition.looks_around:
        return await audience_chunk(tx, **chunk)
    _check(chunk["audience"], condition)
    await queries.plan_for_values(tx)
    return queries.audience_rows(**chunk)


async def audience_chunk(
    tx: Tx,
    *,
    workspace_id: int,
    audience: Audience,
    channel: Channel,
    after_id: int,
    until_id: int,
    limit: int,
    condition: Fragment | None = None,
) -> list[tuple[int, str]]:
    """Return the next (lead id, address) of an audience, by id. Wants a trusted transaction.

    Fewer than `limit` means that there are no more. `condition` is what the segments of the audience say.
    One that looks beyond the lead, at messages and events, is asked of stretches of leads: the database then
    reads what belongs to a stretch once, instead of looking each lead up, or all events for each chunk.
    """
    _check(audience, condition)
    await queries.plan_for_values(tx)
    chunk = partial(
        queries.audience_chunk,
        tx,
        workspace_id=workspace_id,
        audience=audience,
        channel=channel,
        condition=condition,
    )
    if condition is None or not condition.looks_around:
        return await chunk(after_id=after_id, until_id=until_id, limit=limit)
    found: list[tuple[int, str]] = []
    size = STRETCH
    while len(found) < limit:
        end = await queries.stretch_end(
            tx, workspace_id=workspace_id, after_id=after_id, until_id=until_id, size=size
        )
        here = until_id if end is None else end
        found += await chunk(after_id=after_id, until_id=here, limit=limit - len(found))
        if end is None:
            break
        after_id, size = end, min(size * 2, MAX_STRETCH)
    return found


async def judge_stretch(
    tx: Tx, *, workspace_id: int, condition: Fragment, after_id: int, until_id: int, size: int
) -> tuple[list[int], int]:
    """Return which of the next so many leads fulfil a condition, and the last one that was judged.

    Nothing else is asked of them. When that is `until_id`, all are judged. Wants a trusted transaction.
    """
    await queries.plan_for_values(tx)
    stretch = {"workspace_id": workspace_id, "after_id": after_id}
    end = await queries.stretch_end(tx, **stretch, until_id=until_id, size=size)
    here = until_id if end is None else end
    return await queries.leads_that_fulfil(tx, **stretch, condition=condition, until_id=here), here


def among(lead_ids: Sequence[int]) -> Fragment:
    """Return the condition that a lead is one of some."""
    return queries.among(lead_ids)


def _check(audience: Audience, condition: Fragment | None) -> None:
    audience.check()
    if condition is None and (audience.segments.any or audience.segments.none):
        raise LookupError("The segments of this audience were not compiled: everyone would be in it.")


async def max_lead_id(tx: Tx, *, workspace_id: int) -> int:
    """Return the newest lead's id: who comes later is not part of what is launched now."""
    return await queries.max_lead_id(tx, workspace_id=workspace_id)


async def merge_data(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what templates see as `lead`, by id. Missing values are empty texts; missing leads absent."""
    found = await recipients(tx, workspace_id=workspace_id, lead_ids=lead_ids, about=None)
    return {lead_id: recipient.data for lead_id, recipient in found.items()}


async def recipients(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], about: int | None
) -> dict[int, Recipient]:
    """Return what is known of some leads when they are written to, about a topic or none."""
    rows = await queries.merge_data(tx, workspace_id=workspace_id, lead_ids=lead_ids, topic_id=about)
    return {
        lead_id: Recipient(
            data={
                "email": email,
                "phone": phone,
                "external_id": external_id,
                "name": name,
                "tags": tags,
                "fields": fields,
                "language": language,
            },
            unwanted=LEFT_TOPIC if unwanted else "",
            apart=Frequency(frequency).apart,
        )
        for lead_id, email, phone, external_id, name, tags, fields, language, unwanted, frequency in rows
    }

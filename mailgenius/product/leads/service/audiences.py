"""Who a campaign is for, chunk by chunk, and what its templates may print of them."""

from collections.abc import Sequence
from typing import Any

from mailgenius.channels.contract import Channel
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import queries
from mailgenius.product.leads.model import Audience


async def audience_size(tx: Tx, *, workspace_id: int, audience: Audience, channel: Channel) -> int:
    """Count the active leads of an audience that the channel reaches. Wants a trusted transaction."""
    audience.check()
    await queries.plan_for_values(tx)
    return await queries.audience_size(tx, workspace_id=workspace_id, audience=audience, channel=channel)


async def audience_chunk(
    tx: Tx,
    *,
    workspace_id: int,
    audience: Audience,
    channel: Channel,
    after_id: int,
    until_id: int,
    limit: int,
) -> list[tuple[int, str]]:
    """Return the next (lead id, address) of an audience, by id. Wants a trusted transaction.

    Fewer than `limit` means that there are no more.
    """
    audience.check()
    await queries.plan_for_values(tx)
    return await queries.audience_chunk(
        tx,
        workspace_id=workspace_id,
        audience=audience,
        channel=channel,
        after_id=after_id,
        until_id=until_id,
        limit=limit,
    )


async def max_lead_id(tx: Tx, *, workspace_id: int) -> int:
    """Return the newest lead's id: who comes later is not part of what is launched now."""
    return await queries.max_lead_id(tx, workspace_id=workspace_id)


async def merge_data(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what templates see as `lead`, by id. Missing values are empty texts; missing leads absent."""
    rows = await queries.merge_data(tx, workspace_id=workspace_id, lead_ids=lead_ids)
    return {
        lead_id: {
            "email": email,
            "phone": phone,
            "external_id": external_id,
            "name": name,
            "tags": tags,
            "fields": fields,
        }
        for lead_id, email, phone, external_id, name, tags, fields in rows
    }

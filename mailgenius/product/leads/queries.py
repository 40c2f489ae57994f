"""One typed function for each statement of queries.sql, but for those that other modules of the area have."""

from collections.abc import Sequence
from typing import Any

from mailgenius.kit.db.queries import Fragment, load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.leads.join_queries import why_gone
from mailgenius.product.leads.model import Activity, Audience, Lead, LeadStatus, TagCount

_SQL = load_queries(__file__)


async def get_lead(tx: Tx, *, workspace_id: int, lead_id: int) -> Lead:
    return await _one_lead(tx, "get-lead", workspace_id, lead_id)


async def lock_lead(tx: Tx, *, workspace_id: int, lead_id: int) -> Lead:
    return await _one_lead(tx, "lock-lead", workspace_id, lead_id)


async def _one_lead(tx: Tx, name: str, workspace_id: int, lead_id: int) -> Lead:
    found = await tx.first(Lead, _SQL[name], workspace_id=workspace_id, lead_id=lead_id)
    if found is None:
        raise await why_gone(tx, workspace_id=workspace_id, lead_id=lead_id)
    return found


async def update_lead(tx: Tx, *, workspace_id: int, lead: Lead) -> None:
    await tx.execute(
        _SQL["update-lead"],
        workspace_id=workspace_id,
        lead_id=lead.id,
        email=lead.email,
        phone=lead.phone,
        external_id=lead.external_id,
        name=lead.name,
        status=lead.status,
        tags=list(lead.tags),
        fields=json_value(lead.fields),
        consent_at=lead.consent_at,
        consent_source=lead.consent_source,
    )


async def delete_leads(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> int:
    return await tx.execute(_SQL["delete-leads"], workspace_id=workspace_id, lead_ids=list(lead_ids))


async def add_tags(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], tags: Sequence[str], **note: str
) -> int:
    values = {"lead_ids": list(lead_ids), "tags": list(tags), "detail": json_value({"tags": tags, **note})}
    return await tx.execute(_SQL["add-tags"], workspace_id=workspace_id, **values)


async def remove_tags(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], tags: Sequence[str], **note: str
) -> int:
    values = {"lead_ids": list(lead_ids), "tags": list(tags), "detail": json_value({"tags": tags, **note})}
    return await tx.execute(_SQL["remove-tags"], workspace_id=workspace_id, **values)


async def set_status(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], status: LeadStatus, reason: str
) -> list[tuple[str | None, str | None]]:
    ((emails, phones),) = await tx.rows(
        _SQL["set-status"],
        workspace_id=workspace_id,
        lead_ids=list(lead_ids),
        status=status,
        reason=reason,
    )
    return list(zip(emails, phones, strict=True))


async def stop_address(
    tx: Tx,
    *,
    workspace_id: int,
    lead_id: int | None,
    channel: str,
    address: str,
    status: LeadStatus,
    reason: str,
) -> int:
    return await tx.execute(
        _SQL["stop-address"],
        workspace_id=workspace_id,
        lead_id=lead_id,
        channel=channel,
        address=address,
        status=status,
        reason=reason,
    )


async def revive_address(
    tx: Tx, *, workspace_id: int, lead_id: int | None, channel: str, address: str, reason: str
) -> int:
    return await tx.execute(
        _SQL["revive-address"],
        workspace_id=workspace_id,
        lead_id=lead_id,
        channel=channel,
        address=address,
        reason=reason,
    )


async def log_activity(tx: Tx, *, workspace_id: int, lead_id: int, kind: str, detail: dict[str, Any]) -> None:
    await tx.execute(
        _SQL["log-activity"],
        workspace_id=workspace_id,
        lead_id=lead_id,
        kind=kind,
        detail=json_value(detail),
    )


async def activity(tx: Tx, *, workspace_id: int, lead_id: int, limit: int) -> list[Activity]:
    return await tx.all(Activity, _SQL["activity"], workspace_id=workspace_id, lead_id=lead_id, limit=limit)


async def status_counts(tx: Tx, *, workspace_id: int) -> dict[LeadStatus, int]:
    rows = await tx.rows(_SQL["status-counts"], workspace_id=workspace_id)
    return {LeadStatus(status): n for status, n in rows}


async def tag_counts(tx: Tx, *, workspace_id: int) -> list[TagCount]:
    return await tx.all(TagCount, _SQL["tag-counts"], workspace_id=workspace_id)


async def count_of(tx: Tx, *, workspace_id: int, key: str) -> int:
    found: int = await tx.value(_SQL["count-of"], workspace_id=workspace_id, key=key)
    return found


async def fold_counts(tx: Tx) -> int:
    return await tx.execute(_SQL["fold-counts"])


async def plan_for_values(tx: Tx) -> None:
    await tx.execute(_SQL["plan-for-values"])


async def audience_size(
    tx: Tx,
    *,
    workspace_id: int,
    audience: Audience,
    channel: str,
    condition: Fragment | None,
    after_id: int,
    until_id: int,
) -> int:
    found: int = await tx.value(
        _SQL["audience-size"].narrowed(condition),
        workspace_id=workspace_id,
        channel=channel,
        after_id=after_id,
        until_id=until_id,
        **_tags_of(audience),
        **(condition.parameters if condition else {}),
    )
    return found


def audience_rows(
    *,
    workspace_id: int,
    audience: Audience,
    channel: str,
    condition: Fragment | None,
    after_id: int,
    until_id: int,
    limit: int,
) -> Fragment:
    """Return the SELECT of a chunk, for a statement of another area to read."""
    return Fragment(
        sql=_SQL["audience-chunk"].narrowed(condition).sql,
        parameters={
            "workspace_id": workspace_id,
            "channel": channel,
            "after_id": after_id,
            "until_id": until_id,
            "limit": limit,
            **_tags_of(audience),
            **(condition.parameters if condition else {}),
        },
    )


async def audience_chunk(tx: Tx, *, condition: Fragment | None, **chosen: Any) -> list[tuple[int, str]]:
    parameters = audience_rows(condition=condition, **chosen).parameters
    rows = await tx.rows(_SQL["audience-chunk"].narrowed(condition), **parameters)
    return [(lead_id, address) for lead_id, address in rows]


async def leads_that_fulfil(
    tx: Tx, *, workspace_id: int, condition: Fragment, after_id: int, until_id: int
) -> list[int]:
    found: list[int] = await tx.value(
        _SQL["leads-that-fulfil"].narrowed(condition),
        workspace_id=workspace_id,
        after_id=after_id,
        until_id=until_id,
        **condition.parameters,
    )
    return found


def among(lead_ids: Sequence[int]) -> Fragment:
    """Return the condition that a lead is one of some, for statements that read `leads` by that name."""
    return Fragment(
        sql="leads.id = ANY(%(among_leads)s::bigint[])", parameters={"among_leads": list(lead_ids)}
    )


async def stretch_end(tx: Tx, *, workspace_id: int, after_id: int, until_id: int, size: int) -> int | None:
    found: int | None = await tx.value(
        _SQL["stretch-end"], workspace_id=workspace_id, after_id=after_id, until_id=until_id, size=size
    )
    return found


async def max_lead_id(tx: Tx, *, workspace_id: int) -> int:
    found: int = await tx.value(_SQL["max-lead-id"], workspace_id=workspace_id)
    return found


async def merge_data(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], topic_id: int | None
) -> list[tuple[Any, ...]]:
    return await tx.rows(
        _SQL["merge-data"], workspace_id=workspace_id, lead_ids=list(lead_ids), topic_id=topic_id
    )


def _tags_of(audience: Audience) -> dict[str, list[str]]:
    return {
        "any": list(audience.tags.any),
        "all": list(audience.tags.all),
        "none": list(audience.tags.none),
    }

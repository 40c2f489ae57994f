"""One typed function for each statement of queries.sql on acts on many leads. No decisions here."""

from collections.abc import Sequence
from typing import Any

from mailgenius.kit.db.queries import Fragment, load_queries
from mailgenius.kit.db.transaction import Row, Tx, json_value
from mailgenius.product.leads.bulk_model import BulkAct, BulkPart, BulkState, LeadAct, Matching, Stretch
from mailgenius.product.leads.errors import BulkActNotFound
from mailgenius.product.leads.model import LeadStatus

_SQL = load_queries(__file__)


async def insert(
    tx: Tx,
    *,
    workspace_id: int,
    act: LeadAct,
    tags: Sequence[str],
    status: LeadStatus | None,
    fields: dict[str, Any] | None,
    found: Matching,
    undoes: int | None,
    created_by: int | None,
) -> int:
    made: int = await tx.value(
        _SQL["insert-bulk-act"],
        workspace_id=workspace_id,
        act=act,
        tags=list(tags),
        status=status,
        fields=None if fields is None else json_value(fields),
        filter=json_value(found.match.as_json()),
        undoes=undoes,
        total=found.total,
        total_is_estimate=found.total_is_estimate,
        after_id=found.after_id,
        until_id=found.until_id,
        created_by=created_by,
    )
    return made


async def get(tx: Tx, *, workspace_id: int, act_id: int) -> BulkAct:
    return await tx.one(
        BulkAct, _SQL["get-bulk-act"], missing=BulkActNotFound, workspace_id=workspace_id, act_id=act_id
    )


async def lock(tx: Tx, *, workspace_id: int, act_id: int) -> BulkAct:
    return await tx.one(
        BulkAct, _SQL["lock-bulk-act"], missing=BulkActNotFound, workspace_id=workspace_id, act_id=act_id
    )


async def forget_filters_about(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> int:
    return await tx.execute(
        _SQL["forget-bulk-filters-about"], workspace_id=workspace_id, patterns=list(patterns)
    )


async def open_acts(tx: Tx, *, workspace_id: int) -> list[BulkAct]:
    return await tx.all(BulkAct, _SQL["open-bulk-acts"], workspace_id=workspace_id)


async def undone(tx: Tx, *, workspace_id: int, act_id: int) -> bool:
    found: bool = await tx.value(_SQL["bulk-act-undone"], workspace_id=workspace_id, act_id=act_id)
    return found


async def count(tx: Tx, *, workspace_id: int, condition: Fragment, after_id: int, until_id: int) -> int:
    found: int = await tx.value(
        _SQL["count-matching"].narrowed(condition),
        workspace_id=workspace_id,
        after_id=after_id,
        until_id=until_id,
        **condition.parameters,
    )
    return found


async def next_ids(
    tx: Tx, *, workspace_id: int, condition: Fragment, after_id: int, until_id: int, limit: int
) -> list[int]:
    found: list[int] = await tx.value(
        _SQL["next-matching"].narrowed(condition),
        workspace_id=workspace_id,
        after_id=after_id,
        until_id=until_id,
        limit=limit,
        **condition.parameters,
    )
    return found


async def hold(tx: Tx, *, workspace_id: int, condition: Fragment, lead_ids: Sequence[int]) -> list[int]:
    held: list[int] = await tx.value(
        _SQL["hold-matching"].narrowed(condition),
        workspace_id=workspace_id,
        after_id=lead_ids[0] - 1,
        until_id=lead_ids[-1],
        lead_ids=list(lead_ids),
        **condition.parameters,
    )
    return held


async def whole_leads(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> list[Row]:
    return await tx.rows(_SQL["whole-leads"], workspace_id=workspace_id, lead_ids=list(lead_ids))


async def next_changed_ids(
    tx: Tx, *, workspace_id: int, act_id: int, after_id: int, until_id: int, limit: int
) -> list[int]:
    found: list[int] = await tx.value(
        _SQL["next-changed"],
        workspace_id=workspace_id,
        act_id=act_id,
        after_id=after_id,
        until_id=until_id,
        limit=limit,
    )
    return found


async def set_fields(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], fields: dict[str, Any], act_id: int
) -> int:
    detail = {"changed": ["fields"], "fields": sorted(fields), "bulk": str(act_id)}
    return await tx.execute(
        _SQL["set-fields"],
        workspace_id=workspace_id,
        lead_ids=list(lead_ids),
        fields=json_value(fields),
        detail=json_value(detail),
    )


async def lay_out(tx: Tx, *, workspace_id: int, act_id: int, found: Stretch) -> None:
    await tx.execute(
        _SQL["lay-out-part"],
        workspace_id=workspace_id,
        act_id=act_id,
        lead_ids=found.ids,
        cursor=found.reached,
    )


async def take_part(tx: Tx, *, workspace_id: int, act_id: int) -> BulkPart | None:
    return await tx.first(BulkPart, _SQL["take-part"], workspace_id=workspace_id, act_id=act_id)


async def settle_part(
    tx: Tx, *, workspace_id: int, act_id: int, part_id: int, done: int, changed: int
) -> bool:
    n = await tx.execute(
        _SQL["settle-part"],
        workspace_id=workspace_id,
        act_id=act_id,
        part_id=part_id,
        done=done,
        changed=changed,
    )
    return n > 0


async def finish(tx: Tx, *, workspace_id: int, act_id: int) -> bool:
    return await tx.execute(_SQL["finish-bulk-act"], workspace_id=workspace_id, act_id=act_id) > 0


async def forget_parts(tx: Tx, *, workspace_id: int, act_id: int) -> None:
    await tx.execute(_SQL["forget-parts"], workspace_id=workspace_id, act_id=act_id)


async def sending_waits(tx: Tx) -> bool:
    waits: bool = await tx.value(_SQL["sending-waits"])
    return waits


async def end(tx: Tx, *, workspace_id: int, act_id: int, state: BulkState) -> None:
    await tx.execute(_SQL["end-bulk-act"], workspace_id=workspace_id, act_id=act_id, state=state)

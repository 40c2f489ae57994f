"""The audit log by JSON: who did what in the workspace."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Router, get
from litestar.params import FromQuery, QueryParameter
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Cursor, Id, Limit
from mailgenius.api.call import Caller
from mailgenius.api.moments import zoned
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import Entry, Wanted
from mailgenius.kit.doers import DoerKind
from mailgenius.kit.paging import checked_limit
from mailgenius.product.workspaces.model import Permission


class AuditEntry(Answer):
    """One act. Names are as they were then."""

    id: Id
    at: datetime
    doer_kind: DoerKind
    doer_id: Annotated[Id | None, Meta(description="Of the person or the API key.")]
    doer_name: str
    address: Annotated[str, Meta(description="Where it came from: an IP address, or the name of a machine.")]
    action: Annotated[str, Meta(description="Stable name.", examples=["campaign.launched"])]
    object_kind: Annotated[str, Meta(examples=["campaign"])]
    object_id: Annotated[str, Meta(description="Empty when the act was about no single thing.")]
    object_name: Annotated[str, Meta(description="Always empty for leads.")]
    details: Annotated[
        dict[str, Any],
        Meta(description="Counts, or what changed: `from` and `to`. Names may be added."),
    ]


class AuditPage(Answer):
    """Entries, newest first."""

    items: list[AuditEntry]
    next_cursor: str | None


@get(
    "/audit-log",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Read the audit log",
    description="Who did what, newest first: by the pages, by API keys, on the command line, and the system"
    " by itself. What is taken in by thousands (leads, messages, events) stands with these and not here.",
)
async def read_audit_log(
    call: Caller,
    *,
    doer_kind: FromQuery[DoerKind | None] = None,
    doer_id: Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)] = None,
    action: Annotated[str, QueryParameter(max_length=100, description="A whole name.")] = "",
    object_kind: Annotated[str, QueryParameter(max_length=100)] = "",
    object_id: Annotated[str, QueryParameter(max_length=100)] = "",
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> AuditPage:
    wanted = Wanted(
        doer_kind=doer_kind,
        doer_id=doer_id,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        since=zoned(since),
        until=zoned(until),
    )
    async with call.tenant() as tx:
        page = await audit.list_entries(
            tx,
            workspace_id=call.workspace_id,
            wanted=wanted,
            limit=checked_limit(limit),
            cursor=cursor,
        )
    return AuditPage(items=[_answer(entry) for entry in page.items], next_cursor=page.next_cursor)


def _answer(entry: Entry) -> AuditEntry:
    return AuditEntry(
        id=str(entry.id),
        at=entry.at,
        doer_kind=entry.doer_kind,
        doer_id=None if entry.doer_id is None else str(entry.doer_id),
        doer_name=entry.doer_name,
        address=entry.address,
        action=entry.action,
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        object_name=entry.object_name,
        details=entry.details,
    )


router = Router("", route_handlers=[read_audit_log], tags=["Audit log"])

"""The suppression list by JSON: read, added to, lifted, and the whole of it as CSV."""

from datetime import datetime
from typing import Annotated, Literal, cast

from litestar import Response, Router, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, Cursor, Limit
from mailgenius.api.call import Caller, Done
from mailgenius.api.lead_shapes import RejectedLead
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import Suppression, SuppressionReason
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import checked_limit
from mailgenius.product.leads import service as leads
from mailgenius.product.workspaces.model import Permission

MOST_AT_ONCE = 10_000
Reason = Literal["bounced", "unsubscribed", "complained", "blocked"]
Lines = Annotated[
    list[Annotated[str, Meta(max_length=400)]],
    Meta(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="E-mail addresses, whole domains (`@example.com`) and phone numbers.",
        examples=[["ana@example.com", "@example.org", "+5511912345678"]],
    ),
]


class SuppressBody(Body):
    """Whom not to write to, and why."""

    addresses: Lines
    reason: Reason = "blocked"
    detail: Annotated[str, Meta(max_length=500, description="Your own note.")] = ""


class LiftBody(Body):
    """Whom to write to again."""

    addresses: Lines


class SuppressionAnswer(Answer):
    """One entry: a phone number has one for each of its channels."""

    channel: str
    address: str
    reason: Reason
    detail: str
    created_at: datetime


class SuppressionPage(Answer):
    """A page of the list, by channel and address."""

    items: list[SuppressionAnswer]
    next_cursor: str | None


class SuppressedAnswer(Answer):
    """What became of the addresses; `rejected` names them by their place, counted from 0."""

    changed: int
    rejected: list[RejectedLead]


class LiftedAnswer(Answer):
    """How many entries went."""

    lifted: int


def _answer(found: Suppression) -> SuppressionAnswer:
    return SuppressionAnswer(
        channel=found.channel,
        address=found.address,
        reason=cast("Reason", found.reason.value),  # No entry says "erased"; see engine/suppression.
        detail=found.detail,
        created_at=found.created_at,
    )


@get(
    "/suppressions",
    opt=needs(Permission.LEADS_READ),
    summary="List suppressions",
    description="Addresses that nothing is sent to, whatever the status of a lead says.",
)
async def list_suppressions(
    call: Caller,
    *,
    channel: FromQuery[Literal["email", "sms", "whatsapp"] | None] = None,
    reason: FromQuery[Reason | None] = None,
    search: Annotated[str, QueryParameter(max_length=254, description="A part of the address.")] = "",
    limit: Limit = None,
    cursor: Cursor = None,
) -> SuppressionPage:
    async with call.tenant() as tx:
        page = await suppression.list_suppressions(
            tx,
            workspace_id=call.workspace_id,
            channel=channel,
            reason=None if reason is None else SuppressionReason(reason),
            holds=search,
            limit=checked_limit(limit),
            cursor=cursor,
        )
    return SuppressionPage(items=[_answer(item) for item in page.items], next_cursor=page.next_cursor)


@get(
    "/suppressions/file",
    opt=needs(Permission.LEADS_READ),
    media_type="text/csv",
    summary="Fetch the whole list",
    description="CSV in UTF-8: `address`, `channel`, `reason`, `detail`, `since`.",
)
async def fetch_suppressions(call: Caller) -> Stream:
    async with call.tenant() as tx:
        await audit.note(tx, workspace_id=call.workspace_id, action="suppression.exported")
    rows = leads.suppressions_csv(call.services.db, workspace_id=call.workspace_id)
    headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    return Stream(rows, media_type="text/csv; charset=utf-8", headers=headers)


@post(
    "/suppressions",
    status_code=200,
    opt=needs(Permission.LEADS_WRITE),
    summary="Suppress addresses",
    description="Nothing is sent to them from now on. A stronger reason replaces a weaker one: bounced,"
    " unsubscribed, complained, blocked. What is not an address costs only itself.",
)
async def add_suppressions(call: Caller, data: JSONBody[SuppressBody]) -> Response[SuppressedAnswer]:
    async def work(tx: Tx) -> Done:
        found = await leads.suppress_listed(
            tx,
            workspace_id=call.workspace_id,
            lines=data.addresses,
            reason=SuppressionReason(data.reason),
            detail=data.detail,
        )
        rejected = [RejectedLead(index=each.index, reason=each.reason) for each in found.refused]
        return Done(body=SuppressedAnswer(changed=found.changed, rejected=rejected), status=200)

    return await call.once(work)


@post(
    "/suppressions/lift",
    status_code=200,
    opt=needs(Permission.LEADS_WRITE),
    summary="Lift suppressions",
    description="Takes addresses off the list. A lead that unsubscribed itself stays unsubscribed.",
)
async def lift_suppressions(call: Caller, data: JSONBody[LiftBody]) -> Response[LiftedAnswer]:
    async def work(tx: Tx) -> Done:
        lifted = await leads.lift_listed(tx, workspace_id=call.workspace_id, lines=data.addresses)
        return Done(body=LiftedAnswer(lifted=lifted), status=200)

    return await call.once(work)


router = Router(
    "",
    route_handlers=[list_suppressions, fetch_suppressions, add_suppressions, lift_suppressions],
    tags=["Suppressions"],
)

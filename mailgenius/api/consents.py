"""Consent by JSON: what a lead said of each channel, and writing more of it down."""

from litestar import Response, Router, get, post
from litestar.params import JSONBody

from mailgenius.api.access import needs
from mailgenius.api.bodies import Cursor, LeadId, Limit
from mailgenius.api.call import Caller, Done
from mailgenius.api.consent_shapes import ConsentAnswer, ConsentBody, ConsentList, StateAnswer
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.consents import service as consents
from mailgenius.product.leads import service as leads
from mailgenius.product.workspaces.model import Permission


@get(
    "/leads/{lead_id:int}/consents",
    opt=needs(Permission.LEADS_READ),
    summary="Read the consent of a lead",
    description="What holds on each channel now, and the ledger behind it, newest first.",
)
async def list_consents(
    call: Caller, lead_id: LeadId, limit: Limit = None, cursor: Cursor = None
) -> ConsentList:
    async with call.tenant() as tx:
        return await _consents(tx, call.workspace_id, lead_id, limit=limit, cursor=cursor)


@post(
    "/leads/{lead_id:int}/consents",
    opt=needs(Permission.LEADS_WRITE),
    summary="Record consent given or withdrawn",
    description="Adds to the ledger, which is never changed. A withdrawal unsubscribes there at once;"
    " what is given does not lift an unsubscribing.",
)
async def record_consent(call: Caller, lead_id: LeadId, data: JSONBody[ConsentBody]) -> Response[ConsentList]:
    async def work(tx: Tx) -> Done:
        statement = data.as_statement(lead_id)
        await leads.state_consent(tx, workspace_id=call.workspace_id, statement=statement)
        return Done(body=await _consents(tx, call.workspace_id, lead_id))

    return await call.once(work)


async def _consents(
    tx: Tx, workspace_id: int, lead_id: int, *, limit: int | None = None, cursor: str | None = None
) -> ConsentList:
    await leads.get(tx, workspace_id=workspace_id, lead_id=lead_id)
    known = await consents.states(tx, workspace_id=workspace_id, lead_ids=[lead_id])
    page = await consents.entries(tx, workspace_id=workspace_id, lead_id=lead_id, limit=limit, cursor=cursor)
    return ConsentList(
        states=[StateAnswer.of(each) for each in known],
        items=[ConsentAnswer.of(each) for each in page.items],
        next_cursor=page.next_cursor,
    )


router = Router("", route_handlers=[list_consents, record_consent], tags=["Consent"])

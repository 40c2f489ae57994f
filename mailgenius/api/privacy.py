"""Privacy by JSON: everything about a person, erasing them, letting them in again; how long what is kept."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Response, Router, get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, Cursor, Id, LeadId, Limit
from mailgenius.api.call import Caller, Done
from mailgenius.api.lead_shapes import LeadAnswer, lead_answer
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import checked_limit
from mailgenius.product.privacy import service as privacy
from mailgenius.product.privacy.model import USUAL_DATA_DAYS, Erasure, Person, Retention
from mailgenius.product.workspaces.model import Permission

Days = Annotated[int, Meta(ge=1, le=3650)] | None
Months = Annotated[int, Meta(ge=1, le=120)] | None
Known = Annotated[str, Meta(max_length=400)]


class PersonBody(Body):
    """Who is meant: by a lead, or by what the person is known by."""

    lead_id: Id | None = None
    email: Known = ""
    phone: Known = ""
    external_id: Known = ""

    def person(self) -> Person:
        return Person(
            lead_id=None if self.lead_id is None else int(self.lead_id),
            email=self.email,
            phone=self.phone,
            external_id=self.external_id,
        )


class EraseBody(PersonBody, kw_only=True):
    """Whom to erase."""

    confirm: Annotated[
        str, Meta(description="The e-mail typed back; without one the phone, else the external id.")
    ]


class AllowBody(PersonBody, kw_only=True):
    """Who came back, and how that is known."""

    source: Annotated[
        str, Meta(min_length=1, max_length=300, description="Where and how the new consent was given.")
    ]


class ErasureAnswer(Answer):
    """One person who was erased: nothing of the person, only how much there was."""

    id: Id
    counts: dict[str, int]
    erased_at: datetime
    allowed_at: Annotated[datetime | None, Meta(description="When the person was let in again.")]
    segment_ids: Annotated[
        list[Id],
        Meta(
            description="Segments whose name or conditions still name the person: change them. Told in the"
            " answer of the erasure only."
        ),
    ]


class ErasurePage(Answer):
    """Erasures, newest first."""

    items: list[ErasureAnswer]
    next_cursor: str | None


class RetentionBody(Body):
    """How long what is kept; null is for ever."""

    tracking_months: Months = None
    data_days: Annotated[int, Meta(ge=1, le=3650)] = USUAL_DATA_DAYS
    attempts_days: Days = None
    files_days: Days = None
    inactive_months: Months = None


class RetentionAnswer(Answer):
    """How long what is kept; null is for ever."""

    tracking_months: Annotated[int | None, Meta(description="Single opens and clicks. Their counts stay.")]
    data_days: Annotated[int, Meta(description="Values of messages by API, after their end.")]
    attempts_days: Annotated[int | None, Meta(description="What servers answered. Codes stay.")]
    files_days: Annotated[int | None, Meta(description="Rejected rows of imports, files of exports.")]
    inactive_months: Annotated[
        int | None, Meta(description="Leads of whom nothing was heard for so long are removed.")
    ]


class InactiveAnswer(Answer):
    """How many leads would be removed today."""

    count: int
    more: Annotated[bool, Meta(description="There are more than were counted.")]


def _erasure(found: Erasure) -> ErasureAnswer:
    return ErasureAnswer(
        id=str(found.id),
        counts=found.counts,
        erased_at=found.erased_at,
        allowed_at=found.allowed_at,
        segment_ids=[str(each) for each in found.segment_ids],
    )


def _retention(found: Retention) -> RetentionAnswer:
    return RetentionAnswer(**{name: getattr(found, name) for name in Retention.__struct_fields__})


@get(
    "/leads/{lead_id:int}/personal-data",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Fetch everything about a person",
    description="For who asks what is known of them: values, consents, messages and their outcome, opens and"
    " clicks, answers of forms, imports, suppressions. As JSON, or as a ZIP of it with tables in CSV.",
)
async def fetch_personal_data(
    call: Caller,
    lead_id: LeadId,
    form: Annotated[Literal["json", "zip"], QueryParameter(name="format")] = "json",
) -> Response[bytes]:
    async with call.tenant() as tx:
        found = await privacy.everything_about(
            tx, workspace_id=call.workspace_id, person=Person(lead_id=lead_id)
        )
    body = privacy.as_zip(found) if form == "zip" else privacy.as_json(found)
    headers = {"Content-Disposition": f'attachment; filename="person-{lead_id}.{form}"'}
    return Response(body, media_type=f"application/{form}", headers=headers)


@post(
    "/erasures",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Erase a person",
    description="Everything about them goes, now and for good; messages stay as counts, without a name. Only"
    " keyed hashes are kept, by which imports, API and forms refuse the person from then on.",
)
async def erase_person(call: Caller, data: JSONBody[EraseBody]) -> Response[ErasureAnswer]:
    async def work(tx: Tx) -> Done:
        done = await privacy.erase(
            tx, workspace_id=call.workspace_id, person=data.person(), typed=data.confirm
        )
        return Done(body=_erasure(done))

    return await call.once(work)


@get("/erasures", opt=needs(Permission.WORKSPACE_MANAGE), summary="List erasures")
async def list_erasures(call: Caller, *, limit: Limit = None, cursor: Cursor = None) -> ErasurePage:
    async with call.tenant() as tx:
        page = await privacy.list_erasures(
            tx, workspace_id=call.workspace_id, limit=checked_limit(limit), cursor=cursor
        )
    return ErasurePage(items=[_erasure(each) for each in page.items], next_cursor=page.next_cursor)


@post(
    "/erasures/allow",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Let an erased person in again",
    description="Only with a new consent: their lead is made with it, and nothing refuses them any more.",
)
async def allow_person(call: Caller, data: JSONBody[AllowBody]) -> Response[LeadAnswer]:
    async def work(tx: Tx) -> Done:
        lead = await privacy.allow_again(
            tx, workspace_id=call.workspace_id, person=data.person(), source=data.source
        )
        return Done(body=lead_answer(lead))

    return await call.once(work)


@get("/retention", opt=needs(Permission.WORKSPACE_MANAGE), summary="Read how long what is kept")
async def get_retention(call: Caller) -> RetentionAnswer:
    async with call.tenant() as tx:
        return _retention(await privacy.rules(tx, workspace_id=call.workspace_id))


@put(
    "/retention",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Change how long what is kept",
    description="What is left out is kept for ever (values of messages: 30 days). It is done the next night.",
)
async def set_retention(call: Caller, data: JSONBody[RetentionBody]) -> RetentionAnswer:
    values: dict[str, Any] = {name: getattr(data, name) for name in RetentionBody.__struct_fields__}
    async with call.tenant() as tx:
        return _retention(
            await privacy.set_rules(tx, workspace_id=call.workspace_id, rules=Retention(**values))
        )


@get(
    "/retention/inactive",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Count who would be removed",
    description="Leads of whom nothing was heard for so many months: no change, consent, open or click.",
)
async def count_inactive(
    call: Caller, months: Annotated[int, QueryParameter(ge=1, le=120)] = 24
) -> InactiveAnswer:
    async with call.trusted() as tx:
        count, more = await privacy.count_inactive(tx, workspace_id=call.workspace_id, months=months)
    return InactiveAnswer(count=count, more=more)


router = Router(
    "",
    route_handlers=[
        fetch_personal_data,
        erase_person,
        list_erasures,
        allow_person,
        get_retention,
        set_retention,
        count_inactive,
    ],
    tags=["Privacy"],
)

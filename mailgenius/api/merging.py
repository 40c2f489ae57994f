"""Merging two leads by JSON. How they come together is the business of `product/joins`."""

from typing import Annotated

from litestar import Response, Router, post
from litestar.params import JSONBody
from msgspec import Meta, field

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, Id, LeadId
from mailgenius.api.call import Caller, Done
from mailgenius.api.lead_shapes import LeadAnswer, lead_answer
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.joins import service as joins
from mailgenius.product.joins.model import Joined
from mailgenius.product.leads.joining import Side
from mailgenius.product.workspaces.model import Permission


class MergeBody(Body):
    """The lead that goes, and whose value stays where both have one."""

    other_id: Annotated[Id, Meta(description="The lead that goes into the one of the address.")]
    choices: Annotated[
        dict[str, Side],
        Meta(
            description="By property: `email`, `phone`, `external_id`, `name`, `fields.<key>`. Else: `kept`.",
            examples=[{"email": "other", "fields.city": "kept"}],
        ),
    ] = field(default_factory=dict)


class MovedAnswer(Answer):
    """What was known of the lead that went, and is known of the kept one now."""

    messages: int
    events: Annotated[int, Meta(description="Opens, clicks and unsubscribes.")]
    activities: int
    consents: Annotated[int, Meta(description="Rows of the ledger of consents.")]
    submissions: Annotated[int, Meta(description="Answers to forms.")]


class MergeAnswer(Answer):
    """Two leads became one."""

    lead: Annotated[LeadAnswer, Meta(description="The kept lead.")]
    removed_id: Annotated[Id, Meta(description="It leads to the kept lead from now on.")]
    moved: MovedAnswer
    called_off: Annotated[
        int, Meta(description="Waiting messages that would have reached the person a second time.")
    ]

    @classmethod
    def of(cls, done: Joined) -> "MergeAnswer":
        return cls(
            lead=lead_answer(done.lead),
            removed_id=str(done.removed_id),
            moved=MovedAnswer(
                messages=done.moved.messages,
                events=done.moved.events,
                activities=done.moved.activities,
                consents=done.moved.consents,
                submissions=done.moved.submissions,
            ),
            called_off=done.called_off,
        )


@post(
    "/leads/{lead_id:int}/merge",
    status_code=200,
    opt=needs(Permission.LEADS_WRITE),
    summary="Merge another lead into this one",
    description="For good. Tags are united, the stricter status stays, of consents the newest, though no"
    " withdrawal is turned around. Messages, events, activity, consents and answers to forms follow. The id"
    " of the lead that went answers with the kept one.",
)
async def merge_lead(call: Caller, lead_id: LeadId, data: JSONBody[MergeBody]) -> Response[MergeAnswer]:
    async def work(tx: Tx) -> Done:
        done = await joins.join(
            tx,
            workspace_id=call.workspace_id,
            kept_id=lead_id,
            other_id=int(data.other_id),
            choices=data.choices,
        )
        return Done(body=MergeAnswer.of(done), status=200)

    return await call.once(work)


router = Router("", route_handlers=[merge_lead], tags=["Leads"])

"""What became of messages after they left, by JSON: deliveries, bounces, complaints, replies; one or many."""

from datetime import datetime
from typing import Annotated

from litestar import Response, Router, post
from litestar.params import JSONBody
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, Id, MessageId
from mailgenius.api.call import Caller, Done
from mailgenius.engine.ledger.feedback import Feedback, FeedbackKind, Heard
from mailgenius.kit import clock
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.messages import service as messages
from mailgenius.product.messages.model import MOST_AT_ONCE
from mailgenius.product.workspaces.model import Permission

LONGEST_DETAIL = 500


class EventBody(Body, kw_only=True):
    """Something that happened to a message after it had left."""

    event: Annotated[
        FeedbackKind,
        Meta(
            description="`hard_bounce`: the address takes nothing any more, and is not written to again."
            " `soft_bounce`: the message came back and the address is good. `complaint`: the recipient called"
            " it spam, and is not written to again. `replied`: the recipient answered it."
        ),
    ]
    at: Annotated[datetime, Meta(tz=True, description="When it happened; now when absent.")] | None = None
    event_id: (
        Annotated[
            str,
            Meta(
                description="The provider's own id of it: told twice, it counts once.",
                min_length=1,
                max_length=200,
            ),
        ]
        | None
    ) = None
    detail: Annotated[
        str,
        Meta(
            description="The provider's words.",
            max_length=LONGEST_DETAIL,
            examples=["550 5.1.1 user unknown"],
        ),
    ] = ""

    def as_feedback(self, message_id: int) -> Feedback:
        return Feedback(
            message_id=message_id,
            kind=self.event,
            at=self.at or clock.now(),
            provider_event=self.event_id,
            detail=self.detail,
        )


class NamedEventBody(EventBody, kw_only=True):
    """Something that happened to the message of this id."""

    message_id: Id


class EventList(Body):
    """What happened to many messages."""

    events: Annotated[list[NamedEventBody], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class EventAnswer(Answer):
    """What became of an event."""

    outcome: Annotated[
        Heard,
        Meta(
            description="`applied`; `repeated`: known already, or outdated; `too_early`: whether the message"
            " left is not written down yet, tell it again in a minute; `not_sent`: it never left;"
            " `no_such_message`."
        ),
    ]


class EventAnswers(Answer):
    """What became of each event, in the order given."""

    items: list[EventAnswer]


@post(
    "/messages/{message_id:int}/events",
    status_code=200,
    opt=needs(Permission.MESSAGES_REPORT)
    | unnoted("what providers report, by thousands: each message tells it itself"),
    summary="Tell what became of a message",
    description="For your own processing of bounces, complaints and replies. Late and repeated events change"
    " nothing, and their order does not matter. Too many bounces or complaints pause the message's campaign.",
)
async def report_event(
    call: Caller, message_id: MessageId, data: JSONBody[EventBody]
) -> Response[EventAnswer]:
    async def work(tx: Tx) -> Done:
        heard = await messages.report_one(
            tx, workspace_id=call.workspace_id, item=data.as_feedback(message_id)
        )
        return Done(body=EventAnswer(outcome=heard), status=200)

    return await call.once(work)


@post(
    "/messages/events",
    status_code=200,
    opt=needs(Permission.MESSAGES_REPORT)
    | unnoted("what providers report, by thousands: each message tells it itself"),
    summary="Tell what became of many messages",
    description="As for one message; each event stands for itself.",
)
async def report_events(call: Caller, data: JSONBody[EventList]) -> Response[EventAnswers]:
    async def work(tx: Tx) -> Done:
        heard = await messages.report(
            tx,
            workspace_id=call.workspace_id,
            items=[event.as_feedback(int(event.message_id)) for event in data.events],
        )
        return Done(body=EventAnswers(items=[EventAnswer(outcome=each) for each in heard]), status=200)

    return await call.once(work)


router = Router("", route_handlers=[report_event, report_events], tags=["Messages"])

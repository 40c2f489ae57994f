"""The shapes of messages in JSON, and how they are made from what the services know. No routes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from mailgenius.api.bodies import Answer, Body, FieldProblem, Id, Sifted, field_problem
from mailgenius.api.campaign_shapes import MessageAnswer, SenderBody, message_values
from mailgenius.engine.ledger.feedback import FeedbackKind, PastFeedback
from mailgenius.engine.ledger.model import Policy
from mailgenius.engine.ledger.takings import Attempt, MessageDetail
from mailgenius.product.messages.model import (
    CAMPAIGN_PRIORITY,
    MOST_AT_ONCE,
    TRANSACTIONAL_PRIORITY,
    Make,
    MessageInput,
    Sent,
    Words,
)


class Priority(StrEnum):
    """Who goes first."""

    TRANSACTIONAL = "transactional"
    CAMPAIGN = "campaign"


_NUMBER = {Priority.TRANSACTIONAL: TRANSACTIONAL_PRIORITY, Priority.CAMPAIGN: CAMPAIGN_PRIORITY}


class ContentBody(Body):
    """What a message says, instead of a template: HTML or MJML, and a text, with merge fields."""

    subject: Annotated[str, Meta(examples=["Your code is {{ data.code }}"])]
    preheader: str = ""
    html: Annotated[str, Meta(examples=["<p>Hello {{ data.name }}, your code is {{ data.code }}.</p>"])] = ""
    mjml: str = ""
    text: Annotated[str, Meta(description="Derived from the HTML when empty.")] = ""


class TrackBody(Body):
    """What is followed."""

    opens: bool = True
    clicks: bool = True


class _MakeBody(Body, kw_only=True):
    channel: Annotated[str, Meta(description="`email` when absent.")] | UnsetType = UNSET
    template_id: Annotated[Id, Meta(description="What it says; or else `content`.")] | UnsetType = UNSET
    content: Annotated[ContentBody, Meta(description="Instead of a template.")] | UnsetType = UNSET
    sender: Annotated[SenderBody, Meta(description="The workspace's own when absent.")] | UnsetType = UNSET
    reply_to: str | UnsetType = UNSET
    connection_id: (
        Annotated[Id, Meta(description="Through which connection; the engine chooses when absent.")]
        | UnsetType
    ) = UNSET
    priority: (
        Annotated[Priority, Meta(description="`transactional` goes before campaigns; the default.")]
        | UnsetType
    ) = UNSET
    transactional: (
        Annotated[
            bool,
            Meta(
                description="A receipt, a code, something asked for: sent also to people who unsubscribed."
                " Addresses that bounced, complained or are blocked are never sent to. Default false."
            ),
        ]
        | UnsetType
    ) = UNSET
    unsubscribe: (
        Annotated[bool, Meta(description="Offer a way to leave, in headers and footer. Default false.")]
        | UnsetType
    ) = UNSET
    track: Annotated[TrackBody, Meta(description="Opens and clicks, both by default.")] | UnsetType = UNSET
    policy: (
        Annotated[
            Policy,
            Meta(
                description="When a hand-over got no answer: `prefer_no_duplicate` (default) keeps it as"
                " unknown, `prefer_delivery` sends it again, at the risk of a second one: for codes."
            ),
        ]
        | UnsetType
    ) = UNSET


class MessageBody(_MakeBody, kw_only=True):
    """One message to send, to a lead or to an address."""

    to: Annotated[str, Meta(description="An address; or else `lead_id`.", examples=["ana@example.com"])] = ""
    lead_id: Annotated[Id, Meta(description="The lead's own address, and its data as `lead`.")] | None = None
    data: (
        Annotated[
            dict[str, Any], Meta(description="What templates see as `data`.", examples=[{"code": "481516"}])
        ]
        | None
    ) = None
    send_at: (
        Annotated[datetime, Meta(tz=True, description="Not before this moment; at once when absent.")] | None
    ) = None

    def as_input(self, make: Make | None = None) -> MessageInput:
        """Return what the messages area understands, with the make that was read already."""
        return MessageInput(
            make=make or make_of(self),
            to=self.to,
            lead_id=None if self.lead_id is None else int(self.lead_id),
            data=self.data,
            send_at=self.send_at,
        )


class MessageBatch(_MakeBody, kw_only=True):
    """Many messages. What stands beside `messages` holds for each that does not say otherwise."""

    messages: Annotated[list[MessageBody], Meta(min_length=1, max_length=MOST_AT_ONCE)]

    @classmethod
    def read_json(cls, body: bytes) -> "MessageBatch | Sifted":
        """Decode a batch; items of another shape are put aside instead of costing the whole batch.

        Raises:
            msgspec.ValidationError: the batch itself has another shape.
        """
        try:
            return _strict.decode(body)
        except msgspec.ValidationError:
            loose = _loose.decode(body)
        wrong: dict[int, FieldProblem] = {}
        messages = []
        for place, raw in enumerate(loose.messages):
            try:
                messages.append(_item.decode(raw))
            except msgspec.ValidationError as error:
                wrong[place] = field_problem(str(error))
                messages.append(MessageBody())
        shared = {name: getattr(loose, name) for name in _MAKE}
        return Sifted(cls(messages=messages, **shared), wrong)

    def inputs(self) -> list[MessageInput]:
        """Return what the messages area understands. Messages that say nothing of their make share one."""
        shared = make_of(self)
        return [
            message.as_input(shared)
            if all(getattr(message, name) is UNSET for name in _MAKE)
            else message.as_input(make_of(message, otherwise=self))
            for message in self.messages
        ]


class _LooseBatch(_MakeBody, kw_only=True):
    messages: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MOST_AT_ONCE)]


_MAKE = _MakeBody.__struct_fields__
_strict = msgspec.json.Decoder(MessageBatch)
_loose = msgspec.json.Decoder(_LooseBatch)
_item = msgspec.json.Decoder(MessageBody)


class SentAnswer(Answer):
    """The message that was taken in."""

    id: Id


class TakenAnswer(Answer):
    """One message of a batch: its id, or what is wrong with it."""

    id: Id | None = None
    errors: Annotated[list[FieldProblem], Meta(description="Why it was not taken; empty when it was.")] = (
        field(default_factory=list)
    )


class TakenBatch(Answer):
    """What became of each message of a batch, in its order."""

    accepted: int
    rejected: int
    items: list[TakenAnswer]


class AttemptAnswer(Answer):
    """One attempt to hand a message over."""

    number: int
    outcome: Annotated[str, Meta(examples=["deferred"])]
    code: Annotated[str, Meta(description="The provider's own code.", examples=["451 4.7.1"])]
    reason: Annotated[str, Meta(description="The provider's own words, or ours.")]
    at: datetime | None


class ToldAnswer(Answer):
    """What was told of a message after it had left."""

    event: Annotated[
        FeedbackKind, Meta(description="`soft_bounce`, `hard_bounce`, `complaint` or `replied`.")
    ]
    detail: Annotated[str, Meta(description="The provider's words.")]
    at: datetime


class MessageDetailAnswer(MessageAnswer):
    """A message with what happened at each attempt, and what was told of it afterwards."""

    channel: str
    source: Annotated[str, Meta(description="What asked for it: `api`, `campaign` or `test`.")]
    campaign_id: Id | None
    connection_id: Annotated[Id | None, Meta(description="null when the engine chooses.")]
    priority: int
    subject: Annotated[str, Meta(description="As the template has it.")]
    created_at: datetime
    due_at: Annotated[datetime | None, Meta(description="When it is tried next, while it is deferred.")]
    history: list[AttemptAnswer]
    events: list[ToldAnswer]


def make_of(body: _MakeBody, *, otherwise: _MakeBody | None = None) -> Make:
    """Return the make that a body asks for; what it does not say is taken from another, or the default."""

    def said(name: str, default: Any) -> Any:
        value = getattr(body, name)
        if value is UNSET and otherwise is not None:
            value = getattr(otherwise, name)
        return default if value is UNSET else value

    sender = said("sender", None)
    content = said("content", None)
    template_id = said("template_id", None)
    if otherwise is not None and body.content is not UNSET and body.template_id is UNSET:
        template_id = None
    elif otherwise is not None and body.template_id is not UNSET and body.content is UNSET:
        content = None
    connection_id = said("connection_id", None)
    track = said("track", None)
    return Make(
        channel=said("channel", "email"),
        template_id=None if template_id is None else int(template_id),
        words=None if content is None else Words(**msgspec.structs.asdict(content)),
        sender_email=sender.email.strip() if sender else "",
        sender_name=sender.name.strip() if sender else "",
        reply_to=said("reply_to", ""),
        connection_id=None if connection_id is None else int(connection_id),
        priority=_NUMBER[said("priority", Priority.TRANSACTIONAL)],
        transactional=said("transactional", default=False),
        unsubscribe=said("unsubscribe", default=False),
        track_opens=track.opens if track else True,
        track_clicks=track.clicks if track else True,
        policy=said("policy", Policy.PREFER_NO_DUPLICATE),
    )


def taken_answer(sent: Sent) -> TakenAnswer:
    if sent.id is not None:
        return TakenAnswer(id=str(sent.id))
    return TakenAnswer(
        errors=[FieldProblem(field=item.field, message=item.message) for item in sent.problems]
    )


def detail_answer(
    message: MessageDetail, attempts: list[Attempt], told: list[PastFeedback]
) -> MessageDetailAnswer:
    return MessageDetailAnswer(
        **message_values(message),
        channel=message.channel,
        source=message.source,
        campaign_id=str(message.source_id) if message.source == "campaign" else None,
        connection_id=None if message.connection_id is None else str(message.connection_id),
        priority=message.priority,
        subject=message.subject,
        created_at=message.created_at,
        due_at=message.due_at,
        history=[attempt_answer(attempt) for attempt in attempts],
        events=[ToldAnswer(event=each.kind, detail=each.detail, at=each.at) for each in told],
    )


def attempt_answer(attempt: Attempt) -> AttemptAnswer:
    return AttemptAnswer(
        number=attempt.number,
        outcome=attempt.outcome,
        code=attempt.code,
        reason=attempt.reason,
        at=attempt.at,
    )

"""The shapes of consent in JSON. No routes."""

from datetime import datetime
from typing import Annotated, Self

from msgspec import Meta

from mailgenius.api.bodies import Answer, Body, Id
from mailgenius.channels.contract import Channel
from mailgenius.product.consents.model import Basis, ConsentAct, ConsentEntry, ConsentState, Statement, Way

Said = Annotated[datetime, Meta(tz=True, description="When the person said it.")]
Ground = Annotated[Basis, Meta(description="The legal ground for writing to the lead.")]
Source = Annotated[str, Meta(description="Where it was said.", examples=["checkout form"])]
TextVersion = Annotated[str, Meta(description="Which text the person had before them.", examples=["2026-03"])]
Address = Annotated[str, Meta(description="The IP address it came from.", examples=["203.0.113.7"])]


class ConsentBody(Body):
    """Something that a lead said of a channel."""

    act: Annotated[ConsentAct, Meta(description="A withdrawal stops all messages on the channel.")]
    channel: Channel = Channel.EMAIL
    basis: Annotated[Basis | None, Meta(description="The one that holds, else consent, when absent.")] = None
    source: Source = ""
    text_version: TextVersion = ""
    ip: Address | None = None
    at: Said | None = None

    def as_statement(self, lead_id: int) -> Statement:
        return Statement(
            lead_id=lead_id,
            channel=self.channel,
            act=self.act,
            way=Way.API,
            basis=self.basis,
            source=self.source,
            text_version=self.text_version,
            ip=self.ip,
            at=self.at,
        )


class StateAnswer(Answer):
    """The latest word of a lead on a channel."""

    channel: Channel
    act: ConsentAct
    basis: Ground
    way: Way
    source: Source
    text_version: TextVersion
    at: Said

    @classmethod
    def of(cls, state: ConsentState) -> Self:
        return cls(
            channel=Channel(state.channel),
            act=state.act,
            basis=state.basis,
            way=state.way,
            source=state.source,
            text_version=state.text_version,
            at=state.at,
        )


class ConsentAnswer(Answer):
    """One row of the ledger."""

    id: Id
    channel: Channel
    act: ConsentAct
    basis: Ground
    way: Way
    source: Source
    text_version: TextVersion
    ip: Address | None
    at: Said
    recorded_at: datetime

    @classmethod
    def of(cls, entry: ConsentEntry) -> Self:
        return cls(
            id=str(entry.id),
            channel=Channel(entry.channel),
            act=entry.act,
            basis=entry.basis,
            way=entry.way,
            source=entry.source,
            text_version=entry.text_version,
            ip=entry.ip,
            at=entry.at,
            recorded_at=entry.recorded_at,
        )


class ConsentList(Answer):
    """What holds on each channel, and the ledger, newest first."""

    states: list[StateAnswer]
    items: list[ConsentAnswer]
    next_cursor: str | None

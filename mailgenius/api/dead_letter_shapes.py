"""The shapes of dead letters in JSON, and how they are made from what the services know. No routes."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from mailgenius.api.bodies import Answer, Body, Id
from mailgenius.api.message_shapes import AttemptAnswer, attempt_answer
from mailgenius.engine.dead_letters.model import (
    MOST_AT_ONCE,
    Act,
    DeadFilter,
    DeadLetter,
    Explanation,
    PastAct,
    Run,
)


class DeadFilterBody(Body):
    """Which dead letters are meant; all of them when empty."""

    state: Annotated[str, Meta(pattern="^(rejected|unknown|expired)$")] | None = None
    code: Annotated[str, Meta(examples=["550 5.1.1"])] | None = None
    campaign_id: Id | None = None
    reason: Annotated[str, Meta(description="A part of the provider's words.", max_length=200)] = ""
    since: Annotated[datetime, Meta(tz=True)] | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None

    def as_filter(self) -> DeadFilter:
        return DeadFilter(
            state=self.state,
            code=self.code,
            campaign_id=None if self.campaign_id is None else int(self.campaign_id),
            reason=self.reason,
            since=self.since,
            until=self.until,
        )


class DeadChoice(Body):
    """Some dead letters by their ids, or all that match a filter: one of the two."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST_AT_ONCE)] | None = None
    filter: Annotated[DeadFilterBody, Meta(description="Worked off by a job: see `run`.")] | None = None


class DeadLetterAnswer(Answer):
    """A message that came to an end without success."""

    id: Annotated[Id, Meta(description="The message's.")]
    state: Annotated[str, Meta(description="`rejected`, `unknown` or `expired`.")]
    code: Annotated[str, Meta(description="The provider's code; empty when the message could not be made.")]
    reason: Annotated[str, Meta(description="The provider's own words, or ours.")]
    attempts: Annotated[int, Meta(description="The attempt that ended it.")]
    at: datetime
    address: str
    lead_id: Id | None
    channel: str
    source: str
    campaign_id: Id | None
    name: Annotated[str, Meta(description="The campaign's or template's name.")]
    replayable: Annotated[bool, Meta(description="Not so when its campaign was cancelled.")]


class DeadLetterPage(Answer):
    """Dead letters, the newest message first."""

    items: list[DeadLetterAnswer]
    next_cursor: str | None


class PastActAnswer(Answer):
    """What was done with an earlier failure."""

    attempt: int
    act: Act
    at: datetime


class ExplanationAnswer(DeadLetterAnswer):
    """A dead letter, what happened at each attempt, what it means and what to do."""

    meaning: str
    remedy: str
    may_repeat: Annotated[bool, Meta(description="Replayed, it may arrive a second time.")]
    history: list[AttemptAnswer]
    acts: list[PastActAnswer]


class RunAnswer(Answer):
    """A replay or discarding of all that match a filter, and how far it is."""

    id: Id
    act: Act
    done: int
    skipped: int
    created_at: datetime
    finished_at: Annotated[datetime | None, Meta(description="null while it is at work.")]


class DoneAnswer(Answer):
    """What was done at once, or the run that works the filter off."""

    done: int
    skipped: Annotated[int, Meta(description="Dealt with before, or of a cancelled campaign.")]
    run: RunAnswer | None


def dead_letter_answer(letter: DeadLetter) -> DeadLetterAnswer:
    return DeadLetterAnswer(**_common(letter))


def explanation_answer(found: Explanation) -> ExplanationAnswer:
    return ExplanationAnswer(
        **_common(found.letter),
        meaning=found.advice.meaning,
        remedy=found.advice.remedy,
        may_repeat=found.advice.repeats,
        history=[attempt_answer(attempt) for attempt in found.attempts],
        acts=[_act_answer(act) for act in found.acts],
    )


def run_answer(run: Run) -> RunAnswer:
    return RunAnswer(
        id=str(run.id),
        act=run.act,
        done=run.done,
        skipped=run.skipped,
        created_at=run.created_at,
        finished_at=run.finished_at,
    )


def _act_answer(act: PastAct) -> PastActAnswer:
    return PastActAnswer(attempt=act.attempt, act=act.act, at=act.at)


def _common(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": str(letter.id),
        "state": letter.state,
        "code": letter.code,
        "reason": letter.reason,
        "attempts": letter.attempt,
        "at": letter.at,
        "address": letter.address,
        "lead_id": None if letter.lead_id is None else str(letter.lead_id),
        "channel": letter.channel,
        "source": letter.source,
        "campaign_id": str(letter.source_id) if letter.source == "campaign" else None,
        "name": letter.campaign_name,
        "replayable": not letter.cancelled,
    }

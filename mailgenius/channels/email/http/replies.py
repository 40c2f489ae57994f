"""What an answer by HTTP means: one table from status to a SendResult. Nothing is sent from here."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

from mailgenius.channels.contract import Fault, Outcome, SendResult
from mailgenius.channels.email.smtp.replies import LONGEST_WAIT
from mailgenius.channels.errors import REASON_LIMIT

_REF_LIMIT, _CODE_LIMIT = 200, 40
_SECONDS = re.compile(r"[0-9]{1,9}")
_GOOD = range(200, 300)
_CALLERS = range(400, 500)
_NOT_NOW = SendResult(outcome=Outcome.DEFERRED, fault=Fault.CONNECTION)
_FOR_GOOD = SendResult(outcome=Outcome.REJECTED, fault=Fault.POLICY)
_NOBODY_THERE = SendResult(outcome=Outcome.REJECTED, fault=Fault.RECIPIENT)
_WHO_KNOWS = SendResult(outcome=Outcome.UNKNOWN, fault=Fault.CONNECTION)

_BY_STATUS = {
    # Said of the account or the address, not of a message: nothing of this connection can leave.
    401: _NOT_NOW,
    402: _NOT_NOW,
    403: _NOT_NOW,
    404: _NOT_NOW,
    405: _NOT_NOW,
    407: _NOT_NOW,
    410: _NOT_NOW,
    429: _NOT_NOW,
    501: _NOT_NOW,
    503: _NOT_NOW,
    # The request did not come in whole, or too early: it was not looked at.
    408: SendResult(outcome=Outcome.DEFERRED),
    425: SendResult(outcome=Outcome.DEFERRED),
    # A first request with this key is at work, and what becomes of that one nobody says.
    409: _WHO_KNOWS,
}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a service may say in the JSON of its answer. All of it is optional."""

    id: str | int = ""
    """The service's own name of the message."""
    code: str | int = ""
    """Such as `550 5.1.1`."""
    error: str = ""
    """In words."""
    fault: str = ""
    """`recipient` when the mailbox does not exist."""


def result_of(status: int, *, body: bytes, retry_after: str, now: datetime) -> SendResult:
    """Judge an answer.

    Args:
        status: of the response.
        body: its content; what is no JSON of ours is passed on as words.
        retry_after: the header `Retry-After`, empty when there is none.
        now: from when a wait until a moment is counted.
    """
    try:
        said = msgspec.json.decode(body, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = Answer(error="" if status in _GOOD else body.decode("utf-8", "replace"))
    if status in _GOOD:
        return SendResult(
            outcome=Outcome.ACCEPTED, provider_ref=str(said.id)[:_REF_LIMIT], code=_code(said, status)
        )
    judged = _BY_STATUS.get(status) or _of_class(status)
    if judged is _FOR_GOOD and said.fault == Fault.RECIPIENT:
        judged = _NOBODY_THERE
    return SendResult(
        outcome=judged.outcome,
        code=_code(said, status),
        reason=f"{status} {' '.join(said.error.split())}".strip()[:REASON_LIMIT],
        fault=judged.fault,
        retry_after=wait_in(retry_after, now=now) if judged.outcome is Outcome.DEFERRED else None,
    )


def wait_in(written: str, *, now: datetime) -> timedelta | None:
    """Return the wait of a `Retry-After`: seconds, or a moment."""
    written = written.strip()
    if _SECONDS.fullmatch(written):
        wait = timedelta(seconds=int(written))
    else:
        try:
            moment = parsedate_to_datetime(written)
        except (ValueError, OverflowError):
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return wait if timedelta() < wait <= LONGEST_WAIT else None


def _code(said: Answer, status: int) -> str:
    return str(said.code or status)[:_CODE_LIMIT]


def _of_class(status: int) -> SendResult:
    """Judge a status that the table does not have.

    A redirect is not followed, so the message was not taken. Of an error behind the service, such as 500 or
    502, nobody can say how far the message had come.
    """
    if status in _CALLERS:
        return _FOR_GOOD
    return _WHO_KNOWS if status > _CALLERS[-1] else _NOT_NOW

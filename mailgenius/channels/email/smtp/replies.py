"""What a peer's reply means: one table from code and words to a SendResult. Nothing is sent from here."""

import re
from datetime import timedelta
from enum import StrEnum

from mailgenius.channels.contract import Fault, Outcome, SendResult
from mailgenius.channels.email.smtp.protocol import PeerTrouble, Reply
from mailgenius.channels.errors import REASON_LIMIT

CLOSING = 421
GO_AHEAD = 354
LONGEST_WAIT = timedelta(days=1)
"""A peer that asks for more is not obeyed blindly; the engine's own schedule is then slow enough."""
_REF_LIMIT = 200


class Stage(StrEnum):
    """Which command a reply answers."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")

# Enhanced codes (RFC 3463) without the class digit, most precise first. Not listed: the words decide.
_BY_SUBJECT_AND_DETAIL: dict[tuple[int, int], Fault | None] = {
    (1, 0): None,
    (1, 7): Fault.POLICY,  # The sender's address is not valid.
    (1, 8): Fault.POLICY,  # The sender's domain does not exist.
    (2, 3): Fault.POLICY,  # Longer than the mailbox allows: the content, not the mailbox.
    (2, 4): Fault.POLICY,  # Expansion of a mailing list.
    (4, 4): Fault.RECIPIENT,  # No route: the recipient's domain has no mail server.
}
_BY_SUBJECT = {
    1: Fault.RECIPIENT,
    2: Fault.RECIPIENT,
    3: Fault.POLICY,
    6: Fault.POLICY,
    7: Fault.POLICY,
}

_RATE_WORDS = re.compile(
    r"receiving mail at a rate|\brate\b.{0,20}\blimit|too many messages|too quickly|throttl", re.IGNORECASE
)
_NO_SUCH_RECIPIENT = re.compile(
    r"(?:no such|unknown|invalid|non-?existent) (?:user|recipient|mailbox|address|account|local)"
    r"|(?:user|recipient|mailbox|address|account)\S* (?:is |was )?(?:unknown|not found|invalid)"
    r"|(?:user|recipient|mailbox|address|account)\S* does not exist"
    r"|(?:user|recipient|mailbox|address|account)\S* doesn.t (?:exist|have)"
    r"|recipient address rejected: (?:access denied|user|undeliverable|unverified)"
    r"|no mailbox here|unrouteable address|undeliverable address",
    re.IGNORECASE,
)
_POLICY_WORDS = re.compile(
    r"spam|black ?list|block ?list|blocked|policy|reputation|denied|not allowed|unsolicited|spf|dkim|dmarc"
    r"|\brbl\b|virus|content|relay|authenticat|reverse dns|\bptr\b|size|too large|too big",
    re.IGNORECASE,
)
_MAILBOX_WORDS = re.compile(
    r"(?:user|recipient|mailbox|address|account)\S* (?:\S+ ){0,4}"
    r"(?:unavailable|disabled|inactive|suspended|not valid|full|no longer)"
    r"|over ?quota|quota exceeded|mailbox full",
    re.IGNORECASE,
)

_SPAN = r"(\d{1,6})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b"
_SPANS = re.compile(_SPAN, re.IGNORECASE)
_WAIT = re.compile(
    rf"(?:again|retry|wait|delay|come back|gr[ae]ylist)\D{{0,40}}?(?:{_SPAN}[\s,]*(?:and\s+)?)+",
    re.IGNORECASE,
)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}

# A peer that answers MAIL or DATA like this is not refusing a message: nothing of this connection can leave.
_BROKEN_CONNECTION = frozenset({500, 502, 503, 530, 534, 535, 538})

_REFERENCES = (
    re.compile(
        r"queued (?:mail for delivery )?as:? ?<?([\w.@=+-]+)", re.IGNORECASE
    ),  # Postfix, Sendmail's kin, Exchange
    re.compile(r"\bid=([\w.-]+)", re.IGNORECASE),  # Exim
    re.compile(
        r"^(?:2\.\d\.\d )?ok:? <?([\w.@=+-]{8,})>?$", re.IGNORECASE
    ),  # Amazon SES and others: "Ok 0100018f…"
)


def accepted(reply: Reply) -> SendResult:
    """The peer took responsibility; its own id of the message is picked out of its words."""
    text = reply.text
    for pattern in _REFERENCES:
        found = pattern.search(text)
        if found is not None:
            return SendResult(outcome=Outcome.ACCEPTED, provider_ref=found[1], code=code_of(reply))
    return SendResult(outcome=Outcome.ACCEPTED, provider_ref=text[:_REF_LIMIT], code=code_of(reply))


def refused(reply: Reply, stage: Stage) -> SendResult:
    """The peer said no: for now (4xx), for good (5xx), or to the whole connection."""
    text = reply.text
    permanent = reply.code >= 500 and not _whole_connection(reply, stage)  # noqa: PLR2004  # RFC 5321 §4.2.1
    return SendResult(
        outcome=Outcome.REJECTED if permanent else Outcome.DEFERRED,
        code=code_of(reply),
        reason=f"{reply.code} {text}"[:REASON_LIMIT],
        fault=Fault.CONNECTION if _whole_connection(reply, stage) else _fault(reply.code, text),
        retry_after=None if permanent else wait_in(text),
    )


def lost(trouble: PeerTrouble, *, handed_over: bool, fault: Fault = Fault.CONNECTION) -> SendResult:
    """No answer came. Only when the final dot had left does anybody have to wonder."""
    return SendResult(
        outcome=Outcome.UNKNOWN if handed_over else Outcome.DEFERRED,
        code=trouble.code,
        reason=trouble.reason[:REASON_LIMIT],
        fault=fault,
        retry_after=None if handed_over else wait_in(trouble.reason),
    )


def code_of(reply: Reply) -> str:
    """Return `451 4.7.28`, or `451` when the peer gives no enhanced code."""
    found = _ENHANCED.match(reply.lines[0])
    return f"{reply.code} {found[0]}" if found is not None else str(reply.code)


def wait_in(text: str) -> timedelta | None:
    """Return the wait a peer asks for in words, such as "try again in 300 seconds"."""
    found = _WAIT.search(text)
    if found is None:
        return None
    spans = _SPANS.findall(found[0])
    wait = sum((int(count) * _UNITS[unit[0].lower()] for count, unit in spans), timedelta())
    return wait if timedelta() < wait <= LONGEST_WAIT else None


def _whole_connection(reply: Reply, stage: Stage) -> bool:
    if reply.code == CLOSING:
        # A 421 about one recipient or the content is a deferral like another; "4.7" is about reputation.
        return stage is Stage.MAIL and "4.7." not in reply.text
    return reply.code in _BROKEN_CONNECTION and stage in {Stage.MAIL, Stage.DATA}


def _fault(code: int, text: str) -> Fault:
    if _RATE_WORDS.search(text) is not None:
        # Gmail says 4.2.1 and 5.2.1 of a mailbox that merely gets much mail; that mailbox is alive.
        return Fault.POLICY
    found = _ENHANCED.search(text)
    if found is not None:
        subject, detail = int(found[2]), int(found[3])
        known = _BY_SUBJECT_AND_DETAIL.get((subject, detail), _BY_SUBJECT.get(subject))
        if known is not None:
            return known
    if _NO_SUCH_RECIPIENT.search(text) is not None:
        return Fault.RECIPIENT
    if _POLICY_WORDS.search(text) is not None:
        return Fault.POLICY
    if _MAILBOX_WORDS.search(text) is not None:
        return Fault.RECIPIENT
    # In doubt the recipient is innocent: nobody would notice a person who is suppressed by mistake.
    return Fault.POLICY if code >= 500 else Fault.NONE  # noqa: PLR2004  # RFC 5321 §4.2.1

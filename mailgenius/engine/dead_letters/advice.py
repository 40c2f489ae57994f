"""What a failure means and what to do about it: one table from state and code to words."""

import re

from mailgenius.engine.dead_letters.model import Advice

_UNKNOWN = Advice(
    meaning="It was handed over, but no answer came: it may have arrived, or not.",
    remedy="Find out whether the recipient has it. Replayed, it may arrive twice.",
    repeats=True,
)
_EXPIRED = Advice(
    meaning="It was tried again and again until its time was over.",
    remedy="When the cause is mended, replay it: one more attempt is made.",
)
_NOT_MADE = Advice(
    meaning="The message could not be made with the data of this recipient.",
    remedy="Mend the recipient's data and replay it. The words of the message are frozen: discard it if they"
    " are wrong, and send new ones.",
)
_REFUSED = Advice(
    meaning="The provider refused it for good.",
    remedy="Read the provider's words, mend the cause, then replay it.",
)

# The first that matches the enhanced code (RFC 3463), or the plain one.
_BY_CODE: tuple[tuple[re.Pattern[str], Advice], ...] = (
    (
        re.compile(r"\b5\.1\.[78]\b"),
        Advice(
            meaning="The sender's address or domain was refused.",
            remedy="Mend the sender's domain (MX, SPF), then replay it.",
        ),
    ),
    (
        re.compile(r"\b5\.1\.\d"),
        Advice(
            meaning="The address does not exist.",
            remedy="It is on the suppression list now, so a replay sends nothing. Correct the address of the"
            " lead and discard this.",
        ),
    ),
    (
        re.compile(r"\b5\.2\.3\b|\b5\.3\.4\b|^552\b"),
        Advice(
            meaning="The message is too large for the recipient, or the mailbox is full.",
            remedy="Send a smaller message, or replay this one later.",
        ),
    ),
    (
        re.compile(r"\b5\.2\.\d"),
        Advice(
            meaning="The mailbox is full, disabled or takes nothing.",
            remedy="The address may be on the suppression list now. Discard this, or replay it when the"
            " mailbox works again.",
        ),
    ),
    (
        re.compile(r"\b5\.4\.\d"),
        Advice(
            meaning="The recipient's domain cannot be reached.",
            remedy="Look for a typing error in the domain; replay it when the domain works again.",
        ),
    ),
    (
        re.compile(r"\b5\.7\.\d|^554\b"),
        Advice(
            meaning="The provider refused it by its policy: sender, reputation or content.",
            remedy="Check SPF, DKIM and DMARC of the sender, and block lists. Then replay it.",
        ),
    ),
    (
        re.compile(r"^53[045]\b"),
        Advice(
            meaning="The connection's account was refused.",
            remedy="Correct the user name and password of the connection, then replay it.",
        ),
    ),
)


def advice(*, state: str, code: str) -> Advice:
    """Say what a failure means and what to do."""
    if state == "unknown":
        return _UNKNOWN
    if state == "expired":
        return _EXPIRED
    if not code:
        return _NOT_MADE
    return next((found for pattern, found in _BY_CODE if pattern.search(code)), _REFUSED)

"""Limits by mailbox provider that hold without anybody setting them, and which connections keep to them.

They are for servers that deliver straight to mailboxes, whose good name is the operator's own to lose. A
relay or an API keeps to the pace of each provider by itself. What a workspace sets for a group takes their
place.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.model import Rate

_SLOW = frozenset({MailboxGroup.ORANGE, MailboxGroup.YAHOO_JP})
"""They take two connections at once, which carry about ten messages a second."""

USUAL_LIMITS: Mapping[MailboxGroup, Rate] = {
    group: Rate(per_second=10 if group in _SLOW else 100)
    for group in MailboxGroup
    if group is not MailboxGroup.OTHER
}
NONE: Mapping[MailboxGroup, Rate] = {}

RELAYS = (
    "amazonaws.com",
    "brevo.com",
    "elasticemail.com",
    "gmail.com",
    "google.com",
    "hostinger.com",
    "locaweb.com.br",
    "mailersend.net",
    "mailgun.org",
    "mailjet.com",
    "mandrillapp.com",
    "office365.com",
    "outlook.com",
    "postmarkapp.com",
    "resend.com",
    "sendgrid.net",
    "sendinblue.com",
    "smtp2go.com",
    "smtp.com",
    "sparkpostmail.com",
    "yahoo.com",
    "zoho.com",
)
"""Ends of the host names of those who relay for others and pace themselves."""


def limits_for(provider: str, settings: Mapping[str, Any]) -> Mapping[MailboxGroup, Rate]:
    """Return the usual limits that a connection keeps to; none when others pace its mail."""
    host = str(settings.get("host", "")).strip().rstrip(".").lower()
    return USUAL_LIMITS if provider == "smtp" and _on_open_network(host) and not _relays(host) else NONE


def _on_open_network(host: str) -> bool:
    """Say whether a host is neither this machine nor one of a network of our own."""
    try:
        return ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".lan", ".test"))


def _relays(host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in RELAYS)

"""The settings of one SMTP connection: read from what people and the API typed, and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MOST_CONNECTIONS = 50
_HIGHEST_PORT = 65535
_HOST = re.compile(r"[^\s\x00-\x20\x7f<>@/\\]{1,255}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_DIGITS = 9


class Security(StrEnum):
    """How the connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpSettings:
    """What it takes to open a connection."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 2
    verify_tls: bool = True
    helo: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """How long each phase may take, in seconds."""

    connect: float = 30
    """Name look-up, TCP and TLS together."""
    greeting: float = 60
    command: float = 60
    data: float = 120
    """The answer to DATA, and each stretch of content that does not move."""
    final: float = 300
    """The answer to the final dot. Generous (RFC 5321 §4.5.3.2.6 asks for 10 minutes), because giving up
    here leaves a message of which nobody knows whether it was taken."""
    idle: float = 60
    """A connection nobody used for this long is closed."""


def problems_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with each setting, by key; empty when all is well."""
    username, helo = _text(settings, "username"), _text(settings, "helo")
    checks = (
        ("host", _HOST.fullmatch(_text(settings, "host")) is not None, "Enter the name of the mail server."),
        (
            "port",
            _number(settings, "port", 587, _HIGHEST_PORT) is not None,
            "Enter a number from 1 to 65535.",
        ),
        ("security", _security(settings) in list(Security), "Choose none, starttls or tls."),
        (
            "connections",
            _number(settings, "connections", 2, MOST_CONNECTIONS) is not None,
            "Enter a number from 1 to 50.",
        ),
        ("verify_tls", _text(settings, "verify_tls", "yes") in {"yes", "no"}, "Choose yes or no."),
        ("helo", not helo or _HOST.fullmatch(helo) is not None, "This is not a host name."),
        ("username", username or not _secret(settings), "Enter the user name that belongs to the password."),
        ("username", _CONTROL.search(username) is None, "A user name holds no line breaks."),
        ("password", _CONTROL.search(_secret(settings)) is None, "A password holds no line breaks."),
    )
    return {key: problem for key, good, problem in checks if not good}


def parse(settings: Mapping[str, Any]) -> SmtpSettings:
    """Read settings that `problems_of` found nothing wrong with."""
    return SmtpSettings(
        host=_text(settings, "host"),
        port=_number(settings, "port", 587, _HIGHEST_PORT) or 0,
        security=Security(_security(settings)),
        username=_text(settings, "username"),
        password=_secret(settings),
        connections=_number(settings, "connections", 2, MOST_CONNECTIONS) or 1,
        verify_tls=_text(settings, "verify_tls", "yes") == "yes",
        helo=_text(settings, "helo"),
    )


def _text(settings: Mapping[str, Any], key: str, default: str = "") -> str:
    value = settings.get(key)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip() if value not in {None, ""} else default


def _security(settings: Mapping[str, Any]) -> str:
    return _text(settings, "security", Security.STARTTLS)


def _secret(settings: Mapping[str, Any]) -> str:
    """Return the password as typed: a space at its end may belong to it."""
    return str(settings.get("password") or "")


def _number(settings: Mapping[str, Any], key: str, default: int, highest: int) -> int | None:
    written = _text(settings, key, str(default))
    if not (written.isascii() and written.isdigit()) or len(written) > _MOST_DIGITS:
        return None
    number = int(written)
    return number if 1 <= number <= highest else None

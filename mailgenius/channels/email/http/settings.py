"""The settings of one HTTP connection: read from what people and the API typed, and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

MOST_REQUESTS = 100
USUAL_REQUESTS = 8
_TOKEN = re.compile(r"[\x21-\x7e]*")
_NUMBER = re.compile(r"[0-9]{1,9}")
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpSettings:
    """What it takes to hand a message over."""

    url: str
    token: str = field(default="", repr=False)
    requests: int = USUAL_REQUESTS
    """How many requests may be under way at a time."""
    once: bool = False
    """Whether the receiver takes a message once, however often it gets its key."""


def problems_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with each setting, by key; empty when all is well."""
    checks = (
        ("url", _is_url(_text(settings, "url")), "Enter an address that begins with https:// or http://."),
        ("url", not _names_user(_text(settings, "url")), "Leave user and password out of the address."),
        ("token", _TOKEN.fullmatch(_text(settings, "token")) is not None, "A key holds no spaces."),
        ("requests", _requests(settings) is not None, "Enter a number from 1 to 100."),
        ("once", _text(settings, "once", "no") in {"yes", "no"}, "Choose yes or no."),
    )
    return {key: problem for key, good, problem in checks if not good}


def parse(settings: Mapping[str, Any]) -> HttpSettings:
    """Read settings that `problems_of` found nothing wrong with."""
    return HttpSettings(
        url=_text(settings, "url"),
        token=_text(settings, "token"),
        requests=_requests(settings) or USUAL_REQUESTS,
        once=_text(settings, "once", "no") == "yes",
    )


def _text(settings: Mapping[str, Any], key: str, default: str = "") -> str:
    value = settings.get(key)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip() if value not in {None, ""} else default


def _requests(settings: Mapping[str, Any]) -> int | None:
    written = _text(settings, "requests", str(USUAL_REQUESTS))
    number = int(written) if _NUMBER.fullmatch(written) else 0
    return number if 1 <= number <= MOST_REQUESTS else None


def _is_url(written: str) -> bool:
    try:
        parts = urlsplit(written)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and _NOT_IN_URL.search(written) is None


def _names_user(written: str) -> bool:
    return _is_url(written) and "@" in urlsplit(written).netloc

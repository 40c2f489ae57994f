"""How a person stands in what others wrote: patterns for PostgreSQL's regular expressions. No I/O.

They are tried on texts in lower case; a text that is a whole value comes as “value”. An address that is only
the end of another one, or a number that is a part of a longer one, does not name its person.
"""

import re
from collections.abc import Callable, Mapping

from mailgenius.engine.suppression.model import Identity, IdentityKind

_BETWEEN = "[-[:space:]()./]*"
"""What people write between the digits of a number."""
_BRAZILIAN = re.compile(r"\+55(\d\d)(9?)(\d{8})")
_MOBILE = frozenset("6789")
"""How a mobile number goes on after its ninth digit, when it is old enough to be known without it."""


def pattern_of(identity: Identity) -> str:
    """Return what finds an identity in texts that are in lower case."""
    return _PATTERNS[identity.kind](identity.value.lower())


def _email(value: str) -> str:
    return rf"(?<![[:alnum:]._%+-]){re.escape(value)}(?![[:alnum:]-]|\.[[:alnum:]])"


def _phone(value: str) -> str:
    """Return a number in any notation; one of Brazil also without its country and its ninth digit."""
    country, national = rf"(?:\+|00)?{_BETWEEN}", _digits(value.removeprefix("+"))
    if brazilian := _BRAZILIAN.fullmatch(value):
        area, ninth, rest = brazilian.groups()
        known_without = rest[0] in _MOBILE
        country = rf"(?:\+?55|0055|0)?{_BETWEEN}"
        national = _digits(area) + (f"9?{_BETWEEN}" if known_without else _digits(ninth)) + _digits(rest)
    return rf"(?<![0-9]){country}{national}(?![0-9])"


def _external_id(value: str) -> str:
    """Return an id as a whole value alone: it may be a word or a number that anything else has."""
    return rf"“[[:space:]]*{re.escape(value)}[[:space:]]*”"


def _digits(digits: str) -> str:
    return "".join(digit + _BETWEEN for digit in digits)


_PATTERNS: Mapping[IdentityKind, Callable[[str], str]] = {
    IdentityKind.EMAIL: _email,
    IdentityKind.PHONE: _phone,
    IdentityKind.EXTERNAL_ID: _external_id,
}

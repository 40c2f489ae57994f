"""One written form for each value of a lead: e-mail, phone, tags, field keys and values. Pure functions.

Imports repeat the common cases of these rules over whole columns (`imports/columns.py`) and come here for the
rest; a test compares the two.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from mailgenius.kit import clock
from mailgenius.kit.words import key_of
from mailgenius.product.leads.model import LeadInput

TextRule = Callable[[str], str]
Given = TypeVar("Given")
Made = TypeVar("Made")

PHONE_REGION = "BR"
"""The country of a phone number that is written without one."""
MAX_EMAIL = 254
MAX_LOCAL = 64
"""What may stand before the @, and the whole address above: RFC 5321."""
MAX_NAME = 300
MAX_TEXT = 10_000
MAX_EXTERNAL_ID = 200
MAX_TAG = 100
MAX_TAGS = 100
MAX_FIELDS = 200

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
"""Characters that copy and paste leave behind and nobody sees."""
EMAIL = (
    r"^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$"
)
"""A lower-case address that can be delivered to: a dot-atom at a host name. Lengths are checked apart."""
BRAZILIAN_NUMBER = r"^(?:\+?55)?([1-9][1-9](?:9[0-9]{8}|[2-5][0-9]{7}))$"
"""A Brazilian number with its area code and nothing between its digits; the national number is its group."""
FIELD_KEY = r"^[a-z][a-z0-9_]{0,62}$"

_EMAIL = re.compile(EMAIL)
_FIELD_KEY = re.compile(FIELD_KEY)
_BRAZILIAN_NUMBER = re.compile(BRAZILIAN_NUMBER, re.ASCII)
_BRAZILIAN = re.compile(r"^[1-9][1-9]\d{8,9}$")
_WITHOUT_NINTH = re.compile(r"^([1-9][1-9])([6-9]\d{7})$", re.ASCII)
_PHONE_NOISE = re.compile(r"[\s().\-/]")
_UNSEEN = re.compile(f"[{INVISIBLE}]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = re.compile(r"\s+")


def email(text: str) -> str:
    """Return the address in lower case, its domain in ASCII.

    Raises:
        ValueError: it is not an address; the message says so to a person.
    """
    usual = text.lower()
    if len(usual) <= MAX_EMAIL and usual.find("@") <= MAX_LOCAL and _EMAIL.fullmatch(usual):
        return usual  # What the way below says too, in half the time.
    address = _UNSEEN.sub("", text).strip().lower()
    if not address.isascii():
        address = _ascii_domain(address)
    local = address.partition("@")[0]
    if len(address) > MAX_EMAIL or len(local) > MAX_LOCAL or not _EMAIL.match(address):
        raise ValueError(f"“{shown(text)}” is not an e-mail address")
    return address


def _ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return address  # The pattern refuses it with the usual words.


def phone(text: str) -> str:
    """Return the number in E.164. Without a country code it is taken as Brazilian.

    A Brazilian mobile number without its ninth digit, as people still have it, is given it: both are one.

    A number is accepted when its length is possible in its country: whether it is in service, only the
    provider can tell.

    Raises:
        ValueError: it is not a phone number; the message says so to a person.
    """
    if usual := _BRAZILIAN_NUMBER.fullmatch(text):
        return "+55" + usual[1]  # What the plans say too, and fifty times as quick.
    # The numbering plans of the world take long to load, and most processes see no number.
    import phonenumbers  # noqa: PLC0415

    bare = _UNSEEN.sub("", text).strip()
    if bare.startswith("00"):
        bare = "+" + bare[2:]  # How Europe dials abroad; Brazil's own trunk prefix is a single zero.
    try:
        number = phonenumbers.parse(bare, PHONE_REGION)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"“{shown(text)}” is not a phone number") from error
    national = str(number.national_number)
    brazilian = number.country_code == 55  # noqa: PLR2004  # Brazil
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != phonenumbers.ValidationResult.IS_POSSIBLE or (brazilian and not _BRAZILIAN.match(national)):
        raise ValueError(f"“{shown(text)}” is not a phone number")
    if brazilian and (short := _WITHOUT_NINTH.match(national)):
        return f"+55{short[1]}9{short[2]}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_digits(text: str) -> str | None:
    """Return the digits of something that looks like a phone number, or a part of one; else None."""
    bare = _PHONE_NOISE.sub("", text.strip()).removeprefix("+")
    return bare if bare.isascii() and bare.isdigit() and len(bare) >= 4 else None  # noqa: PLR2004  # shorter: a word


def text(value: str, *, limit: int = MAX_TEXT) -> str:
    """Return free text without characters that nobody sees, trimmed and cut to a limit."""
    if not _is_plain(value):
        value = unicodedata.normalize("NFC", _CONTROL.sub("", _UNSEEN.sub("", value)))
    return value.strip()[:limit]


def line(value: str, *, limit: int = MAX_NAME) -> str:
    """Return free text on one line with single spaces: names, tags, labels."""
    if _is_plain(value) and "  " not in value:
        return value.strip()[:limit].rstrip()
    return _SPACES.sub(" ", text(value, limit=limit * 4)).strip()[:limit].rstrip()


def _is_plain(value: str) -> bool:
    """Say whether there is nothing to take out: nothing invisible, and no blank but the space."""
    return value.isprintable() and unicodedata.is_normalized("NFC", value)


def moment(value: datetime) -> datetime:
    """Return a moment as it is.

    Raises:
        ValueError: it lies at an end of the calendar.
    """
    if not clock.within_reach(value):
        raise ValueError("lies at an end of the calendar")
    return value


def tags(values: Iterable[str]) -> tuple[str, ...]:
    """Return the tags trimmed, each once, in their first order.

    Raises:
        ValueError: there are too many.
    """
    clean = tuple(dict.fromkeys(tag for value in values if (tag := line(value, limit=MAX_TAG))))
    if len(clean) > MAX_TAGS:
        raise ValueError(f"a lead has at most {MAX_TAGS} tags")
    return clean


def fields(values: dict[str, Any]) -> dict[str, Any]:
    """Return the custom fields with their text cleaned. An empty text becomes None.

    Raises:
        ValueError: a key or a value is not allowed.
    """
    if len(values) > MAX_FIELDS:
        raise ValueError(f"a lead has at most {MAX_FIELDS} fields")
    return {field_key(key): _field_value(key, value) for key, value in values.items()}


@lru_cache(maxsize=4096)
def field_key(key: str) -> str:
    """Return the key.

    Raises:
        ValueError: it is not lower-case letters, digits and underscores after a letter.
    """
    if not _FIELD_KEY.match(key):
        raise ValueError(f"“{shown(key)}” is not a field key: use lower-case letters, digits and underscores")
    return key


def field_slug(label: str) -> str:
    """Return a field key made of a label: `Data de nascimento` becomes `data_de_nascimento`."""
    return key_of(label, otherwise="field")


def field_label(key: str) -> str:
    """Return a label made of a key: `data_de_nascimento` becomes `Data de nascimento`."""
    return key.replace("_", " ").strip().capitalize() or key


def _field_value(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return text(value) or None
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [clean for each in value if (clean := text(each))] or None
    raise ValueError(f"the field {key} must be a text, a number, true or false, or a list of texts")


def shown(value: str) -> str:
    """Return a value short enough to repeat in a message."""
    flat = line(value, limit=120)
    return flat if len(flat) <= 60 else flat[:59] + "…"  # noqa: PLR2004  # what fits a table cell


def lead(given: LeadInput, *, filling: bool) -> tuple[LeadInput | None, list[tuple[str, str]]]:
    """Return the input in normal form, or None and the problems as (field, message).

    Args:
        given: what the caller said.
        filling: empty values say nothing (merge and keep) instead of clearing (overwrite).
    """
    problems: list[tuple[str, str]] = []
    values = _tried(problems, "fields", fields, given.fields) or {}
    if filling and None in values.values():
        values = {key: value for key, value in values.items() if value is not None}
    clean = LeadInput(
        email=_tried(problems, "email", email, given.email or None),
        phone=_tried(problems, "phone", phone, given.phone or None),
        external_id=line(given.external_id, limit=MAX_EXTERNAL_ID) or None if given.external_id else None,
        name=_said(given.name, filling=filling),
        status=given.status,
        tags=_tried(problems, "tags", tags, (given.tags or None) if filling else given.tags),
        fields=values,
        consent_at=_tried(problems, "consent_at", moment, given.consent_at),
        consent_source=_said(given.consent_source, filling=filling),
    )
    if not problems and clean.email is None and clean.phone is None and clean.external_id is None:
        problems.append(("email", "an e-mail, a phone or an external id is needed"))
    return (None if problems else clean), problems


def _tried(
    problems: list[tuple[str, str]], name: str, rule: Callable[[Given], Made], value: Given | None
) -> Made | None:
    """Bring a value that was said into normal form; what is wrong with it is added to the problems."""
    if value is None:
        return None
    try:
        return rule(value)
    except ValueError as error:
        problems.append((name, str(error)))
        return None


def _said(value: str | None, *, filling: bool) -> str | None:
    if value is None:
        return None
    return line(value) or (None if filling else "")

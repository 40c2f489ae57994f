"""Forms, what they ask, and what became of an answer. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mailgenius.product.leads.model import FieldType

CONFIRM_WITHIN = timedelta(days=7)
"""How long an answer waits for its confirmation, and how long its link works."""
MAIL_AGAIN_AFTER = timedelta(minutes=10)
MOST_MAILS = 5
"""Messages to one address that did not confirm: nobody is pestered through somebody else's form."""
TRIES, TRY_WINDOW = 20, timedelta(hours=1)
"""How often one network may send one form. Offices share an address."""
MAX_FIELDS = 20
FIELD = "field:"
"""Beginning of the keys that ask for a custom field."""
OWN_KEYS = ("name", "phone")


class Language(StrEnum):
    """Of the form's own words: its labels, errors and the message that asks to confirm."""

    ENGLISH = "en"
    PORTUGUESE = "pt_BR"


@dataclass(frozen=True, kw_only=True, slots=True)
class FormField:
    """Something that is asked beside the e-mail address."""

    key: str
    """`name`, `phone`, or `field:` and the key of a custom field."""
    label: str
    required: bool = False


YES_NO = {Language.ENGLISH: ("Yes", "No"), Language.PORTUGUESE: ("Sim", "Não")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A field as visitors are asked for it."""

    key: str
    label: str
    required: bool
    type: FieldType
    options: tuple[tuple[str, str], ...] = ()
    """What there is to choose from: each value with its words. Empty where people write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FormInput:
    """What somebody says of a form."""

    name: str
    title: str
    consent_text: str
    language: Language = Language.ENGLISH
    intro: str = ""
    fields: tuple[FormField, ...] = ()
    tags: tuple[str, ...] = ()
    success_text: str = ""
    redirect_url: str = ""
    double_opt_in: bool = True
    template_id: int | None = None
    connection_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A stored form."""

    workspace_id: int
    id: int
    public_id: str
    name: str
    language: Language
    title: str
    intro: str
    fields: tuple[FormField, ...]
    tags: tuple[str, ...]
    consent_text: str
    text_version: int
    success_text: str
    redirect_url: str
    double_opt_in: bool
    template_id: int | None
    connection_id: int | None
    created_at: datetime
    updated_at: datetime
    pending: int = 0
    confirmed: int = 0
    """Addresses that wait, and those that came by the form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """What is known of who sends a form."""

    ip: str
    accepted: bool
    """The box beside the consent text was ticked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """An answer, as it is kept."""

    email: str
    state: str
    answers: Mapping[str, Any]
    text_version: int
    nonce: bytes
    submitted_at: datetime
    mailed_at: datetime | None
    mails: int
    lead_id: int | None


class Outcome(StrEnum):
    """What became of an answer."""

    TAKEN = "taken"
    CONFIRM = "confirm"
    """A message is on its way whose link confirms it."""

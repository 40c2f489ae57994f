"""What people said: a statement, its row in the ledger, and the latest state of a channel. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Basis(StrEnum):
    """The legal ground for writing to somebody, as LGPD art. 7 and GDPR art. 6 name them."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"
    LEGAL_OBLIGATION = "legal_obligation"


class ConsentAct(StrEnum):
    """What happened to the basis. Objecting to a legitimate interest is withdrawing it."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Way(StrEnum):
    """How a statement came to us."""

    IMPORT = "import"
    API = "api"
    PAGE = "page"
    """Somebody of the workspace wrote it down."""
    FORM = "form"
    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"
    EARLIER = "earlier"
    """It was known before there was a ledger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """Something that a lead said of a channel, or that is said of it."""

    lead_id: int
    channel: str
    act: ConsentAct
    way: Way
    basis: Basis | None = None
    """None: the one that holds, else consent."""
    source: str = ""
    """Where it was said: a form's name, a fair, a contract."""
    text_version: str = ""
    """Which text the person had before them."""
    ip: str | None = None
    at: datetime | None = None
    """None: now, and the same said again is nothing new."""
    overrules: bool = True
    """May turn a withdrawal around: the person spoke, or somebody wrote it down by hand. A file may not,
    unless it says when."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentEntry:
    """One row of the ledger."""

    id: int
    channel: str
    act: ConsentAct
    basis: Basis
    way: Way
    source: str
    text_version: str
    ip: str | None
    at: datetime
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentState:
    """The latest word of a lead on a channel."""

    lead_id: int
    channel: str
    act: ConsentAct
    basis: Basis
    way: Way
    source: str
    text_version: str
    at: datetime

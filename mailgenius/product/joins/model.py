"""What a merge of two leads moves, and what came of it. No I/O."""

from dataclasses import dataclass

from mailgenius.product.leads.model import Lead


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """How much is known of a lead: it moves when the lead goes into another."""

    messages: int = 0
    events: int = 0
    """Opens, clicks and unsubscribes."""
    activities: int = 0
    consents: int = 0
    submissions: int = 0
    """Answers to forms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """Two leads became one."""

    lead: Lead
    removed_id: int
    moved: History
    called_off: int
    """Messages of campaigns that would have reached the person a second time."""

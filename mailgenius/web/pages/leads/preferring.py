"""What a lead prefers, in words, and the sentence that a change of it is in the timeline."""

from collections.abc import Mapping
from typing import Any, Final

from mailgenius.channels.contract import Channel
from mailgenius.product.preferences.model import Frequency, LeadLanguage
from mailgenius.web.i18n import N_, _
from mailgenius.web.pages.leads.consenting import CHANNEL_NAMES

FREQUENCY_NAMES: Final = {
    Frequency.ANY: N_("As messages come"),
    Frequency.WEEK: N_("At most once a week"),
    Frequency.MONTH: N_("At most once a month"),
}
LANGUAGE_NAMES: Final = {LeadLanguage.ENGLISH: "English", LeadLanguage.PORTUGUESE: "Português"}
"""Each in its own words, as language names stand everywhere."""


def change_in_words(detail: Mapping[str, Any]) -> str:
    """What was chosen, as the activity of a lead holds it. Topics are named by their keys, which stay."""
    if "left" in detail:
        return _("Left everything")
    parts = [_chosen(key, on) for key, on in (detail.get("topics") or {}).items()]
    for channel, on in (detail.get("channels") or {}).items():
        known = channel in set(Channel)
        parts.append(_chosen(_(CHANNEL_NAMES[Channel(channel)]) if known else str(channel), on))
    if (frequency := detail.get("frequency")) in set(Frequency):
        parts.append(_(FREQUENCY_NAMES[Frequency(frequency)]))
    if (language := detail.get("language")) in set(LeadLanguage):
        parts.append(LANGUAGE_NAMES[LeadLanguage(language)])
    return " · ".join(parts)


def _chosen(name: str, on: object) -> str:
    if on is None:
        return _("%(name)s: choice taken back", name=name)
    return _("%(name)s: yes", name=name) if on else _("%(name)s: no", name=name)

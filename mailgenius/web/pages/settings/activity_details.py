"""The details of entries of the audit log in words: what they are called, and values that are words of ours.

What has no name here is shown as it is written. The names of acts are in activity_texts.
"""

from collections.abc import Mapping
from typing import Any, Final

from mailgenius.web.i18n import N_, _
from mailgenius.web.lead_words import STATUS_NAMES
from mailgenius.web.pages.leads.consenting import ACT_NAMES, BASIS_NAMES, CHANNEL_NAMES, WAY_NAMES
from mailgenius.web.pages.leads.preferring import FREQUENCY_NAMES, LANGUAGE_NAMES
from mailgenius.web.pages.settings.fields import TYPE_NAMES
from mailgenius.web.texts import reason

LONGEST_LINE: Final = 160

NAMES: Final = {
    "about_en": N_("What it brings, in English"),
    "about_pt": N_("What it brings, in Portuguese"),
    "act": N_("Act"),
    "attempts": N_("Answers of servers"),
    "attempts_days": N_("Days that answers of servers are kept"),
    "audience": N_("Audience"),
    "basis": N_("Legal basis"),
    "bounce_after": N_("Bounces count after"),
    "bounce_percent": N_("Bounces, in %"),
    "by_default": N_("Everyone gets it"),
    "cap_count": N_("Messages for each lead"),
    "cap_days": N_("In so many days"),
    "changed": N_("Changed"),
    "channel": N_("Channel"),
    "channels": N_("Channels"),
    "choices": N_("Choices"),
    "columns": N_("Columns"),
    "complaint_after": N_("Complaints count after"),
    "complaint_percent": N_("Complaints, in %"),
    "connection_id": N_("Connection"),
    "consent_at": N_("Consent given on"),
    "consent_source": N_("Source of the consent"),
    "consent_text": N_("Consent text"),
    "count": N_("How many"),
    "created": N_("New"),
    "created_since": N_("Added from"),
    "created_until": N_("Added until"),
    "data_days": N_("Days that values of messages are kept"),
    "default_value": N_("Default"),
    "double_opt_in": N_("Confirmed by e-mail"),
    "dry_run": N_("Only tried"),
    "due": N_("Time"),
    "email": N_("E-mail"),
    "entries": N_("Entries"),
    "error": N_("What went wrong"),
    "events": N_("Opens and clicks"),
    "external_id": N_("External id"),
    "factor": N_("Growth each day"),
    "failures": N_("Failures in a row"),
    "fields": N_("Custom fields"),
    "files_days": N_("Days that files are kept"),
    "erased": N_("Forgotten, because a person was erased"),
    "filter": N_("Filter"),
    "filters": N_("Filters"),
    "form_answers": N_("Answers of forms"),
    "format": N_("Format"),
    "frequency": N_("How often"),
    "inactive_months": N_("Months until silent leads are removed"),
    "intro": N_("Introduction"),
    "label": N_("Label"),
    "language": N_("Language"),
    "leads": N_("Leads"),
    "left": N_("Left everything"),
    "limits": N_("Limits"),
    "lines": N_("Lines"),
    "locale": N_("Language"),
    "messages": N_("Messages"),
    "mode": N_("Leads that exist already"),
    "name": N_("Name"),
    "name_en": N_("Name in English"),
    "name_pt": N_("Name in Portuguese"),
    "new_account": N_("New here"),
    "of": N_("What it is about"),
    "owner_user_id": N_("Owner"),
    "per_day": N_("Per day"),
    "per_hour": N_("Per hour"),
    "per_minute": N_("Per minute"),
    "per_second": N_("Per second"),
    "phone": N_("Phone number"),
    "place": N_("Place"),
    "preheader": N_("Preview text"),
    "provider": N_("Provider"),
    "quiet_from": N_("Quiet from"),
    "quiet_to": N_("Quiet until"),
    "reason": N_("Reason"),
    "redirect_url": N_("Page afterwards"),
    "rejected": N_("Rejected"),
    "rejected_rows": N_("Rejected rows"),
    "removed_id": N_("The lead that went into it"),
    "reply_to": N_("Replies to"),
    "role": N_("Role"),
    "routing": N_("Routing"),
    "scheduled_at": N_("Time"),
    "scopes": N_("Rights"),
    "search": N_("Search"),
    "seconds": N_("For so many seconds"),
    "segment": N_("Segment"),
    "segment_id": N_("Segment"),
    "segments": N_("Segments that name the person still"),
    "sender_domains": N_("Sender domains"),
    "sender_email": N_("Sender address"),
    "sender_name": N_("Sender name"),
    "sent": N_("Sent"),
    "settings": N_("Settings"),
    "sign_in_retyped": N_("Sign-in typed again"),
    "signing": N_("Signs"),
    "size": N_("Size in bytes"),
    "skipped": N_("Skipped"),
    "source": N_("Content"),
    "start": N_("First day"),
    "status": N_("Status"),
    "subject": N_("Subject"),
    "success_text": N_("Thanks"),
    "syntax": N_("Kind of content"),
    "tag": N_("Tag"),
    "tags": N_("Tags"),
    "target": N_("Ends at"),
    "template_id": N_("Template"),
    "text": N_("Plain text"),
    "timezone": N_("Time zone"),
    "title": N_("Title"),
    "topics": N_("Topics"),
    "total": N_("Total"),
    "tracking_months": N_("Months that opens and clicks are kept"),
    "tree": N_("Conditions"),
    "type": N_("Type"),
    "unchanged": N_("Unchanged"),
    "undoes": N_("Takes back the act"),
    "updated": N_("Updated"),
    "updated_since": N_("Changed from"),
    "updated_until": N_("Changed until"),
    "urgent_too": N_("Urgent ones too"),
    "usual_limits": N_("Usual limits of mailbox providers"),
    "warm_up": N_("Warm-up"),
    "way": N_("Way"),
    "weight": N_("Share"),
}

_ACTS: Final = {
    "add_tags": N_("Add tags"),
    "remove_tags": N_("Take tags off"),
    "set_status": N_("Change the status"),
    "set_fields": N_("Set fields"),
    "delete": N_("Delete"),
    "replayed": N_("Sent again"),
    "discarded": N_("Discarded"),
}
_ROLES: Final = {
    "owner": N_("Owner"),
    "admin": N_("Admin"),
    "editor": N_("Editor"),
    "viewer": N_("Viewer"),
}
_MODES: Final = {
    "merge": N_("Fill in and replace"),
    "overwrite": N_("Replace everything"),
    "keep": N_("Leave as they are"),
}
_REASONS: Final = {"bounces": N_("Too many bounces"), "complaints": N_("Too many complaints")}
_VALUES: Final[Mapping[str, Mapping[Any, str]]] = {
    "act": {**ACT_NAMES, **_ACTS},
    "basis": BASIS_NAMES,
    "channel": CHANNEL_NAMES,
    "frequency": FREQUENCY_NAMES,
    "language": LANGUAGE_NAMES,
    "mode": _MODES,
    "reason": {**STATUS_NAMES, **_REASONS},
    "role": _ROLES,
    "status": STATUS_NAMES,
    "type": TYPE_NAMES,
    "way": WAY_NAMES,
}
"""Words of ours by the name of the detail."""
_NAMED_INSIDE: Final = frozenset({"changed", "channels"})
"""Details that are names themselves, of fields and of channels."""


def in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the details of an entry as a person reads them: what each is called, and what it says."""
    return [(name_of(name), _cut(_said(name, value))) for name, value in details.items()]


def name_of(name: str) -> str:
    return _(NAMES[name]) if name in NAMES else name


def _said(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return _mapping(name, value)
    if isinstance(value, list):
        return ", ".join(_said(name, each) for each in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else _word(name, str(value))


def _word(name: str, text: str) -> str:
    if name in _NAMED_INSIDE:
        return name_of(text)
    words = _VALUES.get(name, {})
    if text in words:
        return _(words[text])
    return reason(text) if name in {"reason", "error"} else text


def _mapping(name: str, value: Mapping[str, Any]) -> str:
    if value.keys() == {"from", "to"}:
        return f"{_said(name, value['from']) or '–'} → {_said(name, value['to']) or '–'}"
    # The keys of these are the workspace's own: topics, settings of a provider, values of fields.
    own = name in {"topics", "settings"}
    pairs = ((key if own else _key(name, key), _said(key, each)) for key, each in value.items())
    return ", ".join(f"{key}: {said}" for key, said in pairs)


def _key(name: str, key: str) -> str:
    return _word("channel", key) if name == "channels" else name_of(key)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…"

"""What happened to a lead, in words: each kind of event has a sentence, an icon and a colour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mailgenius.channels.contract import Channel
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.analytics import service as analytics
from mailgenius.product.analytics.model import TimelineItem
from mailgenius.product.consents.model import Basis, ConsentAct, Way
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadStatus
from mailgenius.web.i18n import N_, _
from mailgenius.web.lead_words import STATUS_NAMES
from mailgenius.web.pages.leads.consenting import BASIS_NAMES, CHANNEL_NAMES, WAY_NAMES
from mailgenius.web.pages.leads.preferring import change_in_words
from mailgenius.web.texts import reason

SHOWN: Final = 30
"""Each event may lie on a page of its own, which the disk must give: older ones are shown when asked for."""
SHOWN_IF_ASKED: Final = 100


@dataclass(frozen=True, kw_only=True)
class Event:
    """One entry of `ui.timeline`."""

    title: str
    at: datetime
    text: str = ""
    icon: str = "point"
    kind: str = "neutral"
    href: str = ""


_FIELD_NAMES: Final = {
    "email": N_("e-mail"),
    "phone": N_("phone"),
    "external_id": N_("external id"),
    "name": N_("name"),
    "tags": N_("tags"),
    "fields": N_("custom fields"),
    "consent_at": N_("consent"),
    "consent_source": N_("source of consent"),
}
_REASONS: Final = {
    "by hand": N_("by hand"),
    "by the recipient": N_("by the person"),
    "import": N_("by an import"),
    "page": N_("by hand"),
    "api": N_("by a program"),
    "merge": N_("by a merge of two leads"),
}


_MESSAGES: Final = {
    "queued": (N_("A message waits to be sent"), "clock", "neutral"),
    "sending": (N_("A message is being sent"), "send", "brand"),
    "accepted": (N_("A message was sent"), "send", "info"),
    "delivered": (N_("A message arrived"), "mail-check", "success"),
    "deferred": (N_("A message will be tried again"), "refresh", "warning"),
    "rejected": (N_("A message was refused"), "mail-x", "danger"),
    "bounced": (N_("A message came back"), "mail-x", "danger"),
    "complained": (N_("Marked a message as spam"), "flag", "danger"),
    "unknown": (N_("A message may have been sent"), "mail-question", "warning"),
    "suppressed": (N_("A message was held back"), "mail-off", "neutral"),
    "expired": (N_("A message came too late"), "hourglass", "neutral"),
    "cancelled": (N_("A message was cancelled"), "mail-cancel", "neutral"),
}
_REACTIONS: Final = {
    "open": (N_("Opened a message"), "mail-opened", "info"),
    "click": (N_("Clicked a link"), "click", "success"),
    "unsubscribe": (N_("Unsubscribed"), "user-minus", "warning"),
    "replied": (N_("Replied to a message"), "arrow-back-up", "success"),
}
_BY_MACHINES: Final = {
    "open": N_("A mail program loaded the images by itself"),
    "click": N_("A scanner followed a link"),
}


async def timeline_of(tx: Tx, *, workspace_id: int, lead_id: int, limit: int = SHOWN) -> list[Event]:
    """The newest events of a lead, down to the day it was added."""
    items = await analytics.lead_timeline(tx, workspace_id=workspace_id, lead_id=lead_id, limit=limit)
    events = [_event(item) for item in items]
    if len(items) < limit:
        own = await leads.activity(tx, workspace_id=workspace_id, lead_id=lead_id, limit=limit)
        events += [_created(each.at, each.detail) for each in own if each.kind == "created"]
    return events


def _event(item: TimelineItem) -> Event:
    source, _dot, what = item.kind.partition(".")
    match source:
        case "message":
            return _message(item.at, what, item.detail)
        case "event":
            return _reaction(item.at, what, item.detail)
        case "consent":
            return _consent(item.at, what, item.detail)
        case _:
            return _own(item.at, what, item.detail)


def _message(at: datetime, state: str, detail: Mapping[str, Any]) -> Event:
    """One message, as its last state says."""
    title, icon, kind = _MESSAGES.get(state, (N_("Message"), "mail", "neutral"))
    parts = [str(detail.get("campaign") or ""), reason(str(detail.get("error") or ""))]
    text = " · ".join(part for part in parts if part)
    return Event(title=_(title), at=at, text=text, icon=icon, kind=kind, href=_campaign(detail))


def _reaction(at: datetime, what: str, detail: Mapping[str, Any]) -> Event:
    """What somebody, or a machine on their behalf, did with a message."""
    title, icon, kind = _REACTIONS.get(what, (N_("Reaction"), "activity", "neutral"))
    if detail.get("machine"):
        title, kind = _BY_MACHINES.get(what, title), "neutral"
    text = str((detail.get("url") if what == "click" else detail.get("campaign")) or "")
    return Event(title=_(title), at=at, text=text, icon=icon, kind=kind, href=_campaign(detail))


def _campaign(detail: Mapping[str, Any]) -> str:
    known = detail.get("source") == "campaign" and detail.get("source_id")
    return f"/campaigns/{detail['source_id']}" if known else ""


def _consent(at: datetime, act: str, detail: Mapping[str, Any]) -> Event:
    """What the lead said of being written to."""
    given = act == ConsentAct.GIVEN
    channel, basis = CHANNEL_NAMES[Channel(detail["channel"])], BASIS_NAMES[Basis(detail["basis"])]
    parts = [_(channel), _(basis), str(detail["source"]) or _(WAY_NAMES[Way(detail["way"])])]
    return Event(
        title=_("Legal basis given") if given else _("Legal basis withdrawn"),
        at=at,
        text=" · ".join(parts),
        icon="shield-check" if given else "user-off",
        kind="success" if given else "warning",
    )


def _own(at: datetime, kind: str, detail: Mapping[str, Any]) -> Event:
    """What was done to the lead itself."""
    match kind:
        case "created":
            return _created(at, detail)
        case "updated" | "imported" | "merged":
            return _updated(at, detail)
        case "tags_added" | "tags_removed":
            title, icon = (_("Tagged"), "tag") if kind == "tags_added" else (_("Tag taken off"), "tag-off")
            return Event(title=title, at=at, text=_list(detail.get("tags")), icon=icon)
        case "status":
            return _status(at, detail)
        case "preferences":
            text = change_in_words(detail)
            return Event(title=_("Preferences changed"), at=at, text=text, icon="adjustments-horizontal")
        case other:
            return Event(title=other.replace("_", " ").capitalize(), at=at)


def _created(at: datetime, detail: Mapping[str, Any]) -> Event:
    if import_id := detail.get("import_id"):
        return Event(
            title=_("Added by an import"),
            at=at,
            icon="database-import",
            kind="brand",
            href=f"/imports/{import_id}",
        )
    return Event(title=_("Added to the workspace"), at=at, icon="user-plus", kind="brand")


def _updated(at: datetime, detail: Mapping[str, Any]) -> Event:
    if "left" in detail:
        left = ", ".join(_as_text(value) for value in detail["left"].values())
        text = _("Given up: %(values)s", values=left) if left else ""
        return Event(title=_("Merged with another lead"), at=at, text=text, icon="users", kind="brand")
    if import_id := detail.get("import_id"):
        return Event(
            title=_("Updated by an import"), at=at, icon="database-import", href=f"/imports/{import_id}"
        )
    if "source" in detail:
        return Event(title=_("Edited"), at=at, text=_why(str(detail["source"])), icon="pencil")
    names = [_(_FIELD_NAMES[name]) for name in detail.get("changed", ()) if name in _FIELD_NAMES]
    return Event(title=_("Edited"), at=at, text=", ".join(names), icon="pencil")


def _status(at: datetime, detail: Mapping[str, Any]) -> Event:
    status = str(detail.get("to", ""))
    known = status in set(LeadStatus)
    name = _(STATUS_NAMES[LeadStatus(status)]) if known else status
    return Event(
        title=_("Status: %(status)s", status=name),
        at=at,
        text=_why(str(detail.get("reason", ""))),
        icon="user-check" if status == LeadStatus.ACTIVE else "user-off",
        kind="success" if status == LeadStatus.ACTIVE else "warning",
    )


def _why(text: str) -> str:
    return _(_REASONS[text]) if text in _REASONS else reason(text)


def _as_text(value: object) -> str:
    return _list(value) if isinstance(value, list) else str(value)


def _list(values: object) -> str:
    return ", ".join(str(value) for value in values) if isinstance(values, list) else ""

"""What happened to a lead, in words: each kind of event has a sentence, an icon and a colour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Activity, LeadStatus
from mailgenius.web.i18n import N_, _
from mailgenius.web.pages.leads.listing import STATUS_NAMES

SHOWN: Final = 100


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
    "import": N_("by an import"),
    "page": N_("by hand"),
    "api": N_("by a program"),
}


async def timeline_of(tx: Tx, *, workspace_id: int, lead_id: int) -> list[Event]:
    """The newest events of a lead."""
    happened = await leads.activity(tx, workspace_id=workspace_id, lead_id=lead_id, limit=SHOWN)
    return [_event(each) for each in happened]


def _event(activity: Activity) -> Event:
    detail = activity.detail
    match activity.kind:
        case "created":
            return _created(activity.at, detail)
        case "updated" | "imported":
            return _updated(activity.at, detail)
        case "tags_added":
            return Event(title=_("Tagged"), at=activity.at, text=_list(detail.get("tags")), icon="tag")
        case "tags_removed":
            return Event(
                title=_("Tag taken off"), at=activity.at, text=_list(detail.get("tags")), icon="tag-off"
            )
        case "status":
            return _status(activity.at, detail)
        case other:
            return Event(title=other.replace("_", " ").capitalize(), at=activity.at)


def _created(at: datetime, detail: Mapping[str, Any]) -> Event:
    if import_id := detail.get("import_id"):
        return Event(
            title=_("Added by an import"),
            at=at,
            icon="database-import",
            kind="brand",
            href=f"/imports/{import_id}",
        )
    return Event(title=_("Added"), at=at, icon="user-plus", kind="brand")


def _updated(at: datetime, detail: Mapping[str, Any]) -> Event:
    if import_id := detail.get("import_id"):
        return Event(
            title=_("Updated by an import"), at=at, icon="database-import", href=f"/imports/{import_id}"
        )
    if "source" in detail:
        return Event(title=_("Edited"), at=at, text=_reason(str(detail["source"])), icon="pencil")
    names = [_(_FIELD_NAMES[name]) for name in detail.get("changed", ()) if name in _FIELD_NAMES]
    return Event(title=_("Edited"), at=at, text=", ".join(names), icon="pencil")


def _status(at: datetime, detail: Mapping[str, Any]) -> Event:
    status = str(detail.get("to", ""))
    known = status in set(LeadStatus)
    name = _(STATUS_NAMES[LeadStatus(status)]) if known else status
    reason = str(detail.get("reason", ""))
    return Event(
        title=_("Status: %(status)s", status=name),
        at=at,
        text=_reason(reason),
        icon="user-check" if status == LeadStatus.ACTIVE else "user-off",
        kind="success" if status == LeadStatus.ACTIVE else "warning",
    )


def _reason(reason: str) -> str:
    return _(_REASONS[reason]) if reason in _REASONS else reason


def _list(values: object) -> str:
    return ", ".join(str(value) for value in values) if isinstance(values, list) else ""

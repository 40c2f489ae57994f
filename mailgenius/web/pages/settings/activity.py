"""Who did what: the audit log of the workspace as a list and as a file, and that of the installation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from litestar import get
from litestar.response import Stream

from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import INSTALLATION, Entry, KnownDoer
from mailgenius.kit.doers import DoerKind
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.activity import ActivityFilters
from mailgenius.web.i18n import _
from mailgenius.web.pages.settings.activity_details import in_words
from mailgenius.web.pages.settings.activity_texts import ACTIONS, DOERS, KINDS, LINKS
from mailgenius.web.turning import CURSOR, turn
from mailgenius.web.visits import SIGNED_IN, CurrentVisit, OnlyInstallationOwner, Page, Visit, needs

PATH: Final = "/settings/activity"
PAGE_SIZE: Final = 50


@dataclass(frozen=True, kw_only=True)
class Row:
    """An entry in words."""

    entry: Entry
    who: str
    by: str
    """How they came: signed in, by a key, on the command line."""
    what: str
    link: str
    """The page of what was acted on; empty when it has none."""
    details: Sequence[tuple[str, str]]
    workspace: str


@get(PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def activity_page(visit: CurrentVisit) -> Page:
    filters = _filters(visit)
    async with visit.tenant() as tx:
        page = await audit.list_entries(
            tx,
            workspace_id=visit.workspace_id,
            wanted=filters.wanted(),
            limit=PAGE_SIZE,
            cursor=visit.asked(CURSOR) or None,
        )
        known = await audit.known_doers(tx, workspace_id=visit.workspace_id)
    rows = [_row(entry) for entry in page.items]
    file = f"{PATH}.csv?{urlencode(_asked(filters))}" if filters.narrow else f"{PATH}.csv"
    return _list(
        visit, filters, rows, next_cursor=page.next_cursor, doers=_doers(known), file=file, everywhere=False
    )


@get(f"{PATH}/everywhere", opt=SIGNED_IN)
async def everywhere_page(visit: CurrentVisit) -> Page:
    """The log of all workspaces and of what concerns none, for the owner of the installation."""
    if not visit.user.installation_owner:
        raise OnlyInstallationOwner
    filters = _filters(visit)
    async with visit.trusted() as tx:
        page = await audit.list_everywhere(
            tx, wanted=filters.wanted(), limit=PAGE_SIZE, cursor=visit.asked(CURSOR) or None
        )
        names = {each.id: each.name for each in await workspaces.list_workspaces(tx)}
    rows = [_row(entry, workspaces_by_id=names) for entry in page.items]
    return _list(
        visit, filters, rows, next_cursor=page.next_cursor, doers=_doers(()), file="", everywhere=True
    )


@get(f"{PATH}.csv", opt=needs(Permission.WORKSPACE_MANAGE))
async def activity_file(visit: CurrentVisit) -> Stream:
    """The whole list of the filter. That somebody took it is an entry too."""
    wanted = _filters(visit).wanted()
    async with visit.tenant() as tx:
        await audit.note(tx, workspace_id=visit.workspace_id, action="audit_log.exported")
    rows = audit.entries_csv(visit.services.db, workspace_id=visit.workspace_id, wanted=wanted)
    headers = {"Content-Disposition": 'attachment; filename="activity.csv"'}
    return Stream(rows, media_type="text/csv; charset=utf-8", headers=headers)


def _filters(visit: Visit) -> ActivityFilters:
    return ActivityFilters.read(visit.request.query_params, timezone=visit.page.timezone)


def _list(
    visit: Visit,
    filters: ActivityFilters,
    rows: Sequence[Row],
    *,
    next_cursor: str | None,
    doers: Sequence[tuple[str, str]],
    file: str,
    everywhere: bool,
) -> Page:
    values: dict[str, Any] = {
        "rows": rows,
        "turn": turn(visit.request, next_cursor),
        "filters": filters,
        "doers": doers,
        "kinds": sorted(((kind, _(text)) for kind, text in KINDS.items()), key=lambda each: each[1]),
        "actions": sorted(((name, _(text)) for name, text in ACTIONS.items()), key=lambda each: each[1]),
        "file": file,
        "everywhere": everywhere,
        "here": f"{PATH}/everywhere" if everywhere else PATH,
        "may_see_everywhere": visit.user.installation_owner,
    }
    if visit.page.is_htmx:
        return visit.block("settings/activity.html", "results", **values)
    return visit.html("settings/activity.html", **values)


def _asked(filters: ActivityFilters) -> dict[str, str]:
    """The filters as an address says them."""
    return {
        name: str(value)
        for name in ("who", "action", "kind", "object", "since", "until")
        if (value := getattr(filters, name))
    }


def _doers(known: Sequence[KnownDoer]) -> list[tuple[str, str]]:
    """Whom the list can be narrowed to: kinds, then people and keys by name."""
    one_by_one = [
        (f"{each.kind}:{each.id}", each.name or f"{_(DOERS[each.kind])} {each.id}") for each in known
    ]
    return [*((kind.value, _(text)) for kind, text in DOERS.items()), *one_by_one]


def _row(entry: Entry, *, workspaces_by_id: Mapping[int, str] | None = None) -> Row:
    names = workspaces_by_id or {}
    where = _("Installation") if entry.workspace_id == INSTALLATION else str(entry.workspace_id)
    by = _(DOERS[entry.doer_kind])
    # On the page of another workspace an object's address would lead to a page that is not there.
    linked = workspaces_by_id is None and entry.object_id and entry.object_kind in LINKS
    return Row(
        entry=entry,
        who=entry.doer_name or by,
        by=by if entry.doer_name and entry.doer_kind is not DoerKind.PERSON else "",
        what=_(ACTIONS[entry.action]) if entry.action in ACTIONS else entry.action,
        link=LINKS[entry.object_kind].format(entry.object_id) if linked else "",
        details=in_words(entry.details),
        workspace=names.get(entry.workspace_id, where),
    )


HANDLERS: Final = (activity_page, everywhere_page, activity_file)

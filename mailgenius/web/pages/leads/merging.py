"""Merging two leads: find the other one, compare both side by side, choose, and confirm."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid
from mailgenius.product.joins import service as joins
from mailgenius.product.joins.model import Joined
from mailgenius.product.leads import joining, service as leads
from mailgenius.product.leads.joining import FIELD, Pair, Side
from mailgenius.product.leads.model import Lead
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.custom_values import custom_fields
from mailgenius.web.forms.reading import FormReader
from mailgenius.web.i18n import N_, _, ngettext
from mailgenius.web.lead_words import title_of
from mailgenius.web.pages.leads.listing import LEADS_PATH
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

MERGE_PATH: Final = f"{LEADS_PATH}/{{lead_id:int}}/merge"
PAIR_PATH: Final = f"{MERGE_PATH}/{{other_id:int}}"
OFFERED: Final = 10
CHOICE: Final = "choice:"
"""Prefix of the inputs of choices."""

PROPERTY_NAMES: Final = {
    "email": N_("E-mail address"),
    "phone": N_("Phone number"),
    "external_id": N_("External id"),
    "name": N_("Name"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A property of two leads, side by side."""

    name: str
    label: str
    kept: str
    other: str
    differs: bool
    """Both have a value, and somebody has to choose."""


@get(MERGE_PATH, opt=needs(Permission.LEADS_WRITE))
async def find_other(visit: CurrentVisit, lead_id: FromPath[int]) -> Page:
    async with visit.trusted() as tx:
        lead = await leads.get(tx, workspace_id=visit.workspace_id, lead_id=lead_id)
        # People are entered twice under one name: before anything is looked for, these are shown.
        search = visit.asked("search") if "search" in visit.request.query_params else lead.name
        found: list[Lead] = []
        if search:
            page = await leads.search(tx, workspace_id=visit.workspace_id, text=search, limit=OFFERED + 1)
            found = [each for each in page.items if each.id != lead_id][:OFFERED]
    values: dict[str, Any] = {"lead": lead, "title": title_of(lead), "search": search, "found": found}
    if visit.page.is_htmx:
        return visit.block("leads/merge.html", "results", **values)
    return visit.html("leads/merge.html", **values)


@get(PAIR_PATH, opt=needs(Permission.LEADS_WRITE))
async def compare(visit: CurrentVisit, lead_id: FromPath[int], other_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        pair = await leads.look_at_pair(
            tx, workspace_id=visit.workspace_id, kept_id=lead_id, other_id=other_id
        )
        rows = await _rows(tx, visit, pair)
        history = await joins.history(tx, workspace_id=visit.workspace_id, lead_id=other_id)
    return visit.html(
        "leads/compare.html",
        kept=pair.kept,
        other=pair.other,
        kept_title=title_of(pair.kept),
        other_title=title_of(pair.other),
        rows=rows,
        history=history,
        status=joining.as_one(pair, {}).status,
        tags=joining.as_one(pair, {}).tags,
    )


@post(PAIR_PATH, opt=needs(Permission.LEADS_WRITE))
async def merge(visit: CurrentVisit, lead_id: FromPath[int], other_id: FromPath[int]) -> Page:
    form = FormReader(await visit.request.form())
    async with visit.tenant() as tx:
        pair = await leads.look_at_pair(
            tx, workspace_id=visit.workspace_id, kept_id=lead_id, other_id=other_id
        )
        choices = {
            each.name: form.choice(f"{CHOICE}{each.name}", Side, default=Side.KEPT)
            for each in joining.differences(pair)
        }
        if form.errors:
            raise Invalid
        done = await joins.join(
            tx, workspace_id=visit.workspace_id, kept_id=lead_id, other_id=other_id, choices=choices
        )
    return visit.redirect(f"{LEADS_PATH}/{lead_id}", *_said(done))


def _said(done: Joined) -> list[Flash]:
    said = [Flash("success", _("The two leads are one now."))]
    if done.called_off:
        text = ngettext(
            "%(num)s waiting message was called off: the other lead has it.",
            "%(num)s waiting messages were called off: the other lead has them.",
            done.called_off,
        )
        said.append(Flash("info", text))
    return said


async def _rows(tx: Tx, visit: Visit, pair: Pair) -> list[Row]:
    """Every property that one of the two has."""
    differing = {each.name for each in joining.differences(pair)}
    rows = [
        Row(
            name=name,
            label=_(label),
            kept=getattr(pair.kept, name) or "",
            other=getattr(pair.other, name) or "",
            differs=name in differing,
        )
        for name, label in PROPERTY_NAMES.items()
    ]
    fields = await leads.all_fields(tx, workspace_id=visit.workspace_id)
    sides = [
        custom_fields(each.fields, fields, timezone=visit.page.timezone) for each in (pair.kept, pair.other)
    ]
    rows += [
        Row(
            name=f"{FIELD}{kept.key}",
            label=kept.label,
            kept=kept.value,
            other=other.value,
            differs=f"{FIELD}{kept.key}" in differing,
        )
        for kept, other in zip(*sides, strict=True)
    ]
    return [row for row in rows if row.kept or row.other]


HANDLERS: Final = (find_other, compare, merge)

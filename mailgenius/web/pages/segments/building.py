"""The builder: conditions in nested groups, and at each change what they mean and whom they find."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Conflict, Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.model import LeadLanguage
from mailgenius.product.segments import service as segments
from mailgenius.product.segments.model import Segment
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.forms.segments import SegmentForm, acted, listed
from mailgenius.web.i18n import N_, _
from mailgenius.web.lead_words import STATUS_NAMES
from mailgenius.web.pages.leads.consenting import CHANNEL_NAMES
from mailgenius.web.pages.segments import words
from mailgenius.web.templating import Flash
from mailgenius.web.texts import problems_of
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/segments"
MOST: Final = 300
"""Tags, segments, campaigns and imports that are offered."""
UNFINISHED: Final = N_("Some conditions are not filled in yet.")


@get(f"{PATH}/new", opt=needs(Permission.LEADS_WRITE))
async def new_segment_page(visit: CurrentVisit) -> Page:
    return await _builder(visit, SegmentForm())


@get(f"{PATH}/{{segment_id:int}}/edit", opt=needs(Permission.LEADS_WRITE))
async def edit_segment_page(visit: CurrentVisit, segment_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        segment = await segments.get(tx, workspace_id=visit.workspace_id, segment_id=segment_id)
    return await _builder(visit, SegmentForm(name=segment.name, tree=segment.tree), segment=segment)


@post(f"{PATH}/builder", opt=needs(Permission.LEADS_WRITE) | unnoted("looks and changes nothing"))
async def change_builder(visit: CurrentVisit) -> Page:
    """Answer with the builder after an act: a condition more or less, another kind or operator."""
    posted = await visit.request.form()
    form = await _read(visit, posted)
    form = SegmentForm(name=form.name, tree=acted(form.tree, str(posted.get("do", ""))))
    segment = await _edited(visit, str(posted.get("segment", "")))
    return await _builder(visit, form, segment=segment, only="builder")


@post(f"{PATH}/look", opt=needs(Permission.LEADS_READ) | unnoted("looks and changes nothing"))
async def look(visit: CurrentVisit) -> Page:
    """Answer with what the tree in the form means, and about how many it finds."""
    form = await _read(visit, await visit.request.form())
    return visit.block("segments/build.html", "look", **await _look(visit, form))


@post(PATH, opt=needs(Permission.LEADS_WRITE))
async def create_segment(visit: CurrentVisit) -> Page:
    return await _save(visit, None)


@post(f"{PATH}/{{segment_id:int}}", opt=needs(Permission.LEADS_WRITE))
async def update_segment(visit: CurrentVisit, segment_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        segment = await segments.get(tx, workspace_id=visit.workspace_id, segment_id=segment_id)
    return await _save(visit, segment)


async def _save(visit: Visit, segment: Segment | None) -> Page:
    form = await _read(visit, await visit.request.form())
    if form.errors:
        return await _builder(visit, form, form.errors, segment=segment)
    try:
        async with visit.tenant() as tx:
            values: dict[str, Any] = {
                "workspace_id": visit.workspace_id, "name": form.name, "tree": form.tree,
            }  # fmt: skip
            if segment is None:
                saved = await segments.create(tx, **values, created_by=visit.user.id)
            else:
                saved = await segments.update(tx, **values, segment_id=segment.id)
            await segments.ask_count(tx, workspace_id=visit.workspace_id, segment_id=saved.id)
    except Invalid as error:
        found = problems_of(error)
        errors = {name: text for name, text in found.items() if name == "name"}
        troubles = {name: text for name, text in found.items() if name != "name"}
        if troubles:
            errors[""] = _("Correct the marked conditions.")
        return await _builder(visit, form, errors, troubles=troubles, segment=segment)
    except Conflict as error:
        return await _builder(visit, form, errors_of(error, fields=(), default="name"), segment=segment)
    return visit.redirect(f"{PATH}/{saved.id}", Flash("success", _("The segment was saved.")))


async def _read(visit: Visit, posted: Any) -> SegmentForm:
    async with visit.tenant() as tx:
        fields = await leads.all_fields(tx, workspace_id=visit.workspace_id)
    return SegmentForm.read(posted, _types(fields))


async def _edited(visit: Visit, segment_id: str) -> Segment | None:
    if not segment_id.isdecimal() or len(segment_id) > 18:  # noqa: PLR2004  # A bigint.
        return None
    async with visit.tenant() as tx:
        return await segments.get(tx, workspace_id=visit.workspace_id, segment_id=int(segment_id))


def _as_options(choices: Sequence[str]) -> list[tuple[str, str]]:
    """The choices of a field, which are shown as they are stored."""
    return [(choice, choice) for choice in choices]


def _types(fields: list[LeadField]) -> dict[str, FieldType]:
    return {field.key: field.type for field in fields}


async def _look(visit: Visit, form: SegmentForm) -> dict[str, Any]:
    async with visit.trusted() as tx:
        preview = await segments.preview(
            tx, workspace_id=visit.workspace_id, tree=form.tree, locale=visit.page.locale
        )
    return {"preview": preview, "unfinished": _(UNFINISHED)}


async def _builder(  # Each is a part of the page.
    visit: Visit,
    form: SegmentForm,
    errors: Mapping[str, str] | None = None,
    *,
    troubles: Mapping[str, str] | None = None,
    segment: Segment | None = None,
    only: str = "",
) -> Page:
    async with visit.tenant() as tx:
        offered = await _offered(tx, visit, segment)
    values: dict[str, Any] = {
        "form": form,
        "errors": errors or {},
        "troubles": troubles or {},
        "segment": segment,
        **offered,
        **await _look(visit, form),
    }
    if only and visit.page.is_htmx:
        return visit.block("segments/build.html", only, **values)
    return visit.html("segments/build.html", code=422 if errors else 200, **values)


async def _offered(tx: Tx, visit: Visit, segment: Segment | None) -> dict[str, Any]:
    """What the selects of the builder hold."""
    workspace_id = visit.workspace_id
    fields = await leads.all_fields(tx, workspace_id=workspace_id)
    counted = await leads.tags(tx, workspace_id=workspace_id)
    others = await segments.list_segments(tx, workspace_id=workspace_id, limit=MOST)
    return {
        "fields": [field for field in fields if field.archived_at is None],
        "known_fields": {field.key: field for field in fields},
        "as_options": _as_options,
        "listed": listed,
        "types": {key: kind.value for key, kind in _types(fields).items()} | words.attribute_types(),
        "operators": {kind.value: words.operators_of(kind) for kind in FieldType},
        "attributes": [(key, _(name)) for key, name in words.ATTRIBUTE_NAMES.items()],
        "kinds": [(kind.value, _(name)) for kind, name in words.KINDS.items()],
        "groups": [(kind.value, _(name)) for kind, name in words.GROUPS.items()],
        "acts": [(act.value, _(name)) for act, name in words.ACTS.items()],
        "bases": [(key, _(name)) for key, name in words.BASES.items()],
        "channels": [(channel.value, _(name)) for channel, name in CHANNEL_NAMES.items()],
        "months": words.months(visit.page.locale),
        "statuses": [(status.value, _(name)) for status, name in STATUS_NAMES.items()],
        "tags": [each.tag for each in sorted(counted, key=lambda each: -each.n)[:MOST]],
        "others": [
            (str(each.id), each.name) for each in others.items if segment is None or each.id != segment.id
        ],
        "topics": await _topics(tx, visit),
        "campaigns": await segments.recent_campaigns(tx, workspace_id=workspace_id, limit=MOST),
        "imports": await segments.recent_imports(tx, workspace_id=workspace_id, limit=MOST),
    }


async def _topics(tx: Tx, visit: Visit) -> list[tuple[str, str]]:
    """The topics, archived ones too: what was chosen of them stays."""
    known = await preferences.all_topics(tx, workspace_id=visit.workspace_id)
    language = LeadLanguage.of_locale(visit.page.locale)
    return [(str(topic.id), topic.name_in(language)) for topic in known]


HANDLERS: Final = (
    new_segment_page,
    edit_segment_page,
    change_builder,
    look,
    create_segment,
    update_segment,
)

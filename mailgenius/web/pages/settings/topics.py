"""Topics: listed, added, edited, archived and brought back. What each lead chose is on the lead's page."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.kit.errors import Conflict, Invalid
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.model import Topic
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.forms.topics import TOPIC_FIELDS, TopicForm
from mailgenius.web.i18n import _
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

TOPICS_PATH: Final = "/settings/topics"


@get(TOPICS_PATH, opt=needs(Permission.LEADS_READ))
async def topics_page(visit: CurrentVisit) -> Page:
    async with visit.tenant() as tx:
        found = await preferences.all_topics(tx, workspace_id=visit.workspace_id)
    return visit.html(
        "settings/topics.html", topics=sorted(found, key=lambda each: each.archived_at is not None)
    )


@get(f"{TOPICS_PATH}/new", opt=needs(Permission.LEADS_WRITE))
async def new_topic_page(visit: CurrentVisit) -> Page:
    return _form(visit, TopicForm(), {})


@post(TOPICS_PATH, opt=needs(Permission.LEADS_WRITE))
async def create_topic(visit: CurrentVisit) -> Page:
    form = TopicForm.read(await visit.request.form())
    if form.errors:
        return _form(visit, form, form.errors)
    try:
        async with visit.tenant() as tx:
            made = await preferences.create_topic(tx, workspace_id=visit.workspace_id, topic=form.topic)
    except Invalid as error:
        return _form(visit, form, errors_of(error, fields=TOPIC_FIELDS))
    except Conflict as error:
        return _form(visit, form, errors_of(error, fields=(), default="key"))
    return visit.redirect(
        TOPICS_PATH,
        Flash(
            "success",
            _(
                "The topic %(name)s was added.",
                name=made.name_pt if visit.page.locale == "pt_BR" else made.name_en,
            ),
        ),
    )


@get(f"{TOPICS_PATH}/{{topic_id:int}}", opt=needs(Permission.LEADS_WRITE))
async def topic_page(visit: CurrentVisit, topic_id: FromPath[int]) -> Page:
    stored = await _stored(visit, topic_id)
    return _form(visit, TopicForm.of(stored), {}, stored)


@post(f"{TOPICS_PATH}/{{topic_id:int}}", opt=needs(Permission.LEADS_WRITE))
async def save_topic(visit: CurrentVisit, topic_id: FromPath[int]) -> Page:
    form = TopicForm.read(await visit.request.form())
    stored = await _stored(visit, topic_id)
    if form.errors:
        return _form(visit, form, form.errors, stored)
    try:
        async with visit.tenant() as tx:
            await preferences.update_topic(
                tx, workspace_id=visit.workspace_id, topic_id=topic_id, topic=form.topic
            )
    except Invalid as error:
        return _form(visit, form, errors_of(error, fields=TOPIC_FIELDS), stored)
    return visit.redirect(TOPICS_PATH, Flash("success", _("The topic was saved.")))


@post(f"{TOPICS_PATH}/{{topic_id:int}}/archive", opt=needs(Permission.LEADS_WRITE))
async def archive_topic(visit: CurrentVisit, topic_id: FromPath[int]) -> Page:
    return await _archived(visit, topic_id, archived=True, said=_("The topic was archived."))


@post(f"{TOPICS_PATH}/{{topic_id:int}}/restore", opt=needs(Permission.LEADS_WRITE))
async def restore_topic(visit: CurrentVisit, topic_id: FromPath[int]) -> Page:
    return await _archived(visit, topic_id, archived=False, said=_("The topic is back."))


async def _stored(visit: Visit, topic_id: int) -> Topic:
    async with visit.tenant() as tx:
        return await preferences.get_topic(tx, workspace_id=visit.workspace_id, topic_id=topic_id)


async def _archived(visit: Visit, topic_id: int, *, archived: bool, said: str) -> Page:
    async with visit.tenant() as tx:
        await preferences.archive_topic(
            tx, workspace_id=visit.workspace_id, topic_id=topic_id, archived=archived
        )
    return visit.redirect(TOPICS_PATH, Flash("success", said))


def _form(visit: Visit, form: TopicForm, errors: dict[str, str], stored: Topic | None = None) -> Page:
    return visit.html(
        "settings/topic.html", code=422 if errors else 200, form=form, errors=errors, stored=stored
    )


HANDLERS: Final = (
    topics_page,
    new_topic_page,
    create_topic,
    topic_page,
    save_topic,
    archive_topic,
    restore_topic,
)

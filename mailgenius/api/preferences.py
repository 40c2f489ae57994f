"""Topics by JSON, and what leads prefer: read, and written down for them."""

from litestar import Response, Router, get, patch, post, put
from litestar.params import FromQuery, JSONBody
from msgspec import UNSET

from mailgenius.api.access import needs
from mailgenius.api.bodies import LeadId, TopicId
from mailgenius.api.call import Caller, Done
from mailgenius.api.preference_shapes import (
    PreferencesAnswer,
    PreferencesBody,
    TopicAnswer,
    TopicBody,
    TopicChanges,
    TopicList,
)
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import service as leads
from mailgenius.product.preferences import service as preferences
from mailgenius.product.workspaces.model import Permission


@get("/topics", opt=needs(Permission.LEADS_READ), summary="List the topics that the workspace writes about")
async def list_topics(call: Caller, *, archived: FromQuery[bool] = False) -> TopicList:
    async with call.tenant() as tx:
        found = await preferences.all_topics(tx, workspace_id=call.workspace_id)
    return TopicList(items=[TopicAnswer.of(each) for each in found if archived or each.archived_at is None])


@post("/topics", opt=needs(Permission.LEADS_WRITE), summary="Create a topic")
async def create_topic(call: Caller, data: JSONBody[TopicBody]) -> Response[TopicAnswer]:
    async def work(tx: Tx) -> Done:
        made = await preferences.create_topic(tx, workspace_id=call.workspace_id, topic=data.as_input())
        return Done(body=TopicAnswer.of(made))

    return await call.once(work)


@patch("/topics/{topic_id:int}", opt=needs(Permission.LEADS_WRITE), summary="Change or archive a topic")
async def change_topic(call: Caller, topic_id: TopicId, data: JSONBody[TopicChanges]) -> TopicAnswer:
    who = {"workspace_id": call.workspace_id, "topic_id": topic_id}
    async with call.tenant() as tx:
        changed = await preferences.get_topic(tx, **who)
        if data.changes_words():
            changed = await preferences.update_topic(tx, **who, topic=data.applied_to(changed))
        if data.archived is not UNSET:
            changed = await preferences.archive_topic(tx, **who, archived=data.archived)
    return TopicAnswer.of(changed)


@get(
    "/leads/{lead_id:int}/preferences",
    opt=needs(Permission.LEADS_READ),
    summary="Read what a lead prefers",
    description="What the lead chose on its preference page, and what holds where it never chose.",
)
async def read_preferences(call: Caller, lead_id: LeadId) -> PreferencesAnswer:
    async with call.tenant() as tx:
        found = await leads.preferences(tx, workspace_id=call.workspace_id, lead_id=lead_id)
    return PreferencesAnswer.of(found)


@put(
    "/leads/{lead_id:int}/preferences",
    opt=needs(Permission.LEADS_WRITE),
    summary="Write down what a lead prefers",
    description="What is not named stays. Channels are changed by recording consent.",
)
async def write_preferences(
    call: Caller, lead_id: LeadId, data: JSONBody[PreferencesBody]
) -> PreferencesAnswer:
    async with call.tenant() as tx:
        found = await leads.change_preferences(
            tx, workspace_id=call.workspace_id, lead_id=lead_id, changes=data.changes()
        )
    return PreferencesAnswer.of(found)


router = Router(
    "",
    route_handlers=[list_topics, create_topic, change_topic, read_preferences, write_preferences],
    tags=["Preferences"],
)

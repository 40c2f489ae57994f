"""Topics: added, edited, archived; chosen for a campaign; and what a lead chose stands on its page."""

from mailgenius.kit.services import Services
from mailgenius.product.consents.model import Way
from mailgenius.product.leads import service as leads
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.model import ChoiceChanges, Frequency
from mailgenius.product.workspaces.model import Role
from tests.factories.campaigns import make_campaign
from tests.factories.leads import make_lead
from tests.factories.preferences import make_topic
from tests.web.browser import location

PATH = "/settings/topics"


async def test_topics_are_written_edited_and_put_away(signed_in, services: Services, workspace_id: int):
    browser = await signed_in(Role.EDITOR)
    assert "No topics yet" in (await browser.get(PATH)).text
    await browser.get(f"{PATH}/new")
    empty = await browser.post(PATH, {"name_en": " ", "place": "no"})
    assert empty.status_code == 422
    assert "Enter a whole number." in empty.text
    typed = {"name_pt": "Novidades", "by_default": "out", "place": "2"}
    assert "A name is needed" in (await browser.post(PATH, {**typed, "name_pt": ""})).text
    assert location(await browser.post(PATH, typed)) == PATH
    assert "A topic with this key exists already" in (await browser.post(PATH, typed)).text
    async with services.db.tenant(workspace_id) as tx:
        (made,) = await preferences.topics(tx, workspace_id=workspace_id)
    assert (made.key, made.name_en, made.by_default, made.place) == ("novidades", "Novidades", False, 2)
    await browser.post(f"{PATH}/{made.id}", {**typed, "name_en": "News", "by_default": "in"})
    page = await browser.get(PATH)
    assert "Everyone who has not left it" in page.text
    assert page.text.index(">News<") < page.text.index(">Novidades<")
    await browser.post("/preferences", {"locale": "pt_BR", "next": PATH})
    page = await browser.get(PATH)
    assert page.text.index(">Novidades<") < page.text.index(">News<")
    assert "<h1" in (one := (await browser.get(f"{PATH}/{made.id}")).text)
    assert "Novidades" in one.partition("<h1")[2].partition("</h1>")[0]
    await browser.post(f"{PATH}/{made.id}/archive")
    async with services.db.tenant(workspace_id) as tx:
        assert await preferences.topics(tx, workspace_id=workspace_id) == []
    await browser.post(f"{PATH}/{made.id}/restore")
    async with services.db.tenant(workspace_id) as tx:
        (back,) = await preferences.topics(tx, workspace_id=workspace_id)
    assert (back.name_en, back.by_default) == ("News", True)


async def test_a_reader_and_another_workspace_change_nothing(signed_in, services, other_workspace_id):
    theirs = await make_topic(services.db, other_workspace_id, "Secret")
    reader = await signed_in(Role.VIEWER)
    assert "New topic" not in (await reader.get(PATH)).text
    assert (await reader.post(PATH, {"name_en": "News"})).status_code == 403
    editor = await signed_in(Role.EDITOR)
    assert "Secret" not in (await editor.get(PATH)).text
    for act in ("", "/archive", "/restore"):
        assert (await editor.post(f"{PATH}/{theirs.id}{act}", {"name_en": "Stolen"})).status_code == 404


async def test_a_campaign_is_given_a_topic_and_a_lead_s_choices_are_shown(
    signed_in, services: Services, workspace_id: int
):
    news = await make_topic(services.db, workspace_id, "News")
    lead = await make_lead(services.db, workspace_id)
    async with services.db.tenant(workspace_id) as tx:
        choices = ChoiceChanges(topics={"news": False}, frequency=Frequency.WEEK)
        changes = leads.PreferenceChanges(way=Way.API, choices=choices)
        await leads.change_preferences(tx, workspace_id=workspace_id, lead_id=lead.id, changes=changes)
    browser = await signed_in(Role.EDITOR)
    page = (await browser.get(f"/leads/{lead.id}")).text
    assert "Not wanted" in page
    assert "news: no · At most once a week" in page
    draft = await make_campaign(services.db, services.keys, workspace_id)
    form = {
        "name": "May",
        "template_id": str(draft.template_id),
        "sender_email": "news@example.com",
        "topic_id": str(news.id),
    }
    counted = await browser.post("/campaigns/audience", form)
    assert "Reaches 0 leads now" in counted.text
    assert location(await browser.post(f"/campaigns/{draft.id}/edit", form)) == f"/campaigns/{draft.id}"
    assert "Nobody is in this audience" in (await browser.get(f"/campaigns/{draft.id}")).text
    edit = (await browser.get(f"/campaigns/{draft.id}/edit")).text
    assert f'<option value="{news.id}" selected>' in edit

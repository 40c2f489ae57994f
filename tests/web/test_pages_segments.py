"""Segments and fields as pages: built without scripts, looked at, saved, chosen for a campaign."""

import re
from html.parser import HTMLParser

from mailgenius.kit.crypto import Keys
from mailgenius.kit.services import Services
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType
from mailgenius.product.segments import service as segments
from mailgenius.product.workspaces.model import Role
from mailgenius.web.forms.segments import acted
from tests.factories.campaigns import make_sandbox
from tests.factories.leads import make_lead, make_leads
from tests.factories.preferences import make_topic
from tests.factories.templates import make_template
from tests.web.browser import location
from tests.web.conftest import SignedIn

AGE = {"n.0:what": "field:age", "n.0:was": "field:age"}


async def test_a_segment_is_built_looked_at_and_saved(
    signed_in: SignedIn, services: Services, keys: Keys, workspace_id: int, other_workspace_id: int
):
    async with services.db.tenant(workspace_id) as tx:
        await leads.create_field(tx, workspace_id=workspace_id, label="Age", type=FieldType.NUMBER)
    await make_lead(services.db, workspace_id, email="old@example.com", fields={"age": 70})
    await make_lead(services.db, workspace_id, email="young@example.com", fields={"age": 7})
    browser = await signed_in(Role.EDITOR)
    assert "No segments yet" in (await browser.get("/segments")).text
    assert 'name="n.0:what"' in (await browser.get("/segments/new")).text
    # Another kind of condition brings its own operators; without scripts the whole page comes.
    other = await browser.post(
        "/segments/builder", {"n:group": "all", "n.0:what": "field:age", "n.0:was": "tag"}
    )
    assert "is at most" in other.text
    grown = await browser.post(
        "/segments/builder", {"n:group": "any", **AGE, "n.0:op": "is", "do": "group:n"}, htmx=True
    )
    assert 'name="n.1.0:what"' in grown.text
    built = {"name": "Grown up", "n:group": "all", **AGE, "n.0:op": "at_least"}
    half = await browser.post("/segments", {**built, "n.0:value": "many"})
    assert half.status_code == 422
    assert "Must be a number." in half.text
    look = (await browser.post("/segments/look", {**built, "n.0:value": "18"}, htmx=True)).text
    assert re.search(r"<strong>1</strong> lead\b", look)
    assert "Leads where Age is at least 18." in look
    assert "old@example.com" in look
    saved = location(await browser.post("/segments", {**built, "n.0:value": "18"}))
    page = (await browser.get(saved)).text
    assert "old@example.com" in page
    assert "young@example.com" not in page
    assert 'value="18"' in (await browser.get(f"{saved}/edit")).text
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    for path in (saved, f"{saved}/edit"):
        assert (await stranger.get(path)).status_code == 404
    for path in (saved, f"{saved}/archive", f"{saved}/count"):
        assert (await stranger.post(path, {**built, "n.0:value": "18"})).status_code == 404
    viewer = await signed_in(Role.VIEWER)
    assert (await viewer.get("/segments/new")).status_code == 403
    # The composer counts with it, and the campaign keeps it.
    segment_id = saved.rpartition("/")[2]
    counted = await browser.post(
        "/campaigns/audience", {"audience": "tags", "segments_any": segment_id}, htmx=True
    )
    assert "Reaches 1 lead now" in counted.text
    template = await make_template(services.db, workspace_id)
    connection = await make_sandbox(services.db, keys, workspace_id)
    written = {
        "name": "May", "template_id": template.id, "connection_id": connection.id,
        "sender_email": "n@example.com",
        "audience": "tags", "segments_any": segment_id, "when": "now",
    }  # fmt: skip
    campaign = location(await browser.post("/campaigns", written))
    edited = (await browser.get(f"{campaign}/edit")).text
    assert re.search(rf'name="segments_any" value="{segment_id}" checked', edited)
    assert location(await browser.post(f"{saved}/archive")) == "/segments"
    async with services.db.tenant(workspace_id) as tx:
        assert (await segments.list_segments(tx, workspace_id=workspace_id)).items == []


async def test_who_wants_a_topic_can_be_asked_for(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    await make_leads(services.db, workspace_id, 2)
    browser = await signed_in(Role.EDITOR)
    topic = await make_topic(services.db, workspace_id, "Offers", by_default=False)
    await make_topic(services.db, other_workspace_id, "Secret")
    about = {"n:group": "all", "n.0:what": "topic", "n.0:was": "topic", "n.0:value": topic.id}
    offered = (await browser.post("/segments/builder", {**about, "n.0:was": "tag"}, htmx=True)).text
    assert "does not want" in offered
    assert "Offers" in offered
    assert "Secret" not in offered
    look = (await browser.post("/segments/look", {**about, "n.0:op": "wants_not"}, htmx=True)).text
    assert "<strong>2</strong> leads" in look
    assert "they do not want the topic “Offers”" in look


async def test_a_field_is_added_renamed_and_put_away(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    browser = await signed_in(Role.EDITOR)
    assert "No fields yet" in (await browser.get("/settings/fields")).text
    await browser.get("/settings/fields/new")
    plan = {"label": "Plano", "type": "choice", "choices": "free\npro", "default_value": "gold"}
    wrong = await browser.post("/settings/fields", plan)
    assert wrong.status_code == 422
    assert "choose from “free, pro”" in wrong.text
    assert (
        location(await browser.post("/settings/fields", {**plan, "default_value": "FREE"}))
        == "/settings/fields"
    )
    assert (await browser.post("/settings/fields", {**plan, "default_value": ""})).status_code == 422
    await browser.post("/settings/fields/plano", {**plan, "label": "Plan", "default_value": ""})
    await browser.post("/settings/fields/plano/archive")
    async with services.db.tenant(workspace_id) as tx:
        [field] = await leads.all_fields(tx, workspace_id=workspace_id)
    assert (field.label, field.default_value, field.archived_at is None) == ("Plan", None, False)
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    assert (await stranger.get("/settings/fields/plano")).status_code == 404
    assert (await stranger.post("/settings/fields/plano/restore")).status_code == 404
    await browser.post("/settings/fields/plano/restore")
    assert "Archived" not in (await browser.get("/settings/fields")).text


def test_acts_on_the_tree_keep_what_they_do_not_name():
    tree = {"all": [{"on": "consent", "op": "given"}, {"any": [{"on": "tag", "op": "any", "value": ["x"]}]}]}
    assert acted(tree, "remove:n.0") == {"all": tree["all"][1:]}
    assert acted(tree, "remove:n.1.0") == {"all": [tree["all"][0], {"any": []}]}
    assert len(acted(tree, "add:n.1")["all"][1]["any"]) == 2
    for odd in (
        "",
        "add",
        "remove:n",
        "remove:n.9",
        "add:n.0",
        "add:n.1.5.5",
        "drop:n.0",
        "add:n.'",
        "add:n.9999",
    ):
        assert acted(tree, odd) == tree


class Filled(HTMLParser):
    """What a browser would post of a page's fields: `sent` has each name with its values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "select":
            self._chosen = self.sent.setdefault(said.get("name") or "", [])
            self._chosen.append("")
            self._first = True
        elif tag == "option" and (self._first or "selected" in said):
            self._chosen[-1], self._first = said.get("value") or "", False
        elif tag == "input" and (said.get("type") != "checkbox" or "checked" in said):
            self.sent.setdefault(said.get("name") or "", []).append(said.get("value") or "")


async def test_an_edit_that_changes_nothing_changes_nothing(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    """Also of what only the API can make: the second half of a test, several imports, an old campaign."""
    async with services.db.tenant(workspace_id) as tx:
        await leads.create_field(tx, workspace_id=workspace_id, label="City", type=FieldType.TEXT)
        await leads.create_field(
            tx,
            workspace_id=workspace_id,
            label="Plan",
            type=FieldType.CHOICE,
            choices=("free", "pro"),
        )
        tree = {
            "all": [
                {"on": "share", "percent": 50, "from": 50, "salt": "test-a"},
                {"on": "behaviour", "op": "did", "act": "opened", "campaign": "4711", "days": 30},
                {"on": "import", "op": "in", "value": ["11", "12"]},
                {"on": "field", "key": "city", "op": "in", "value": ["Recife", 'São "Sampa" Paulo, SP']},
                {"on": "field", "key": "plan", "op": "in", "value": ["pro", "gone"]},
                {"any": [{"on": "consent", "op": "given", "basis": "contract", "channel": "email"}]},
            ]
        }
        made = await segments.create(tx, workspace_id=workspace_id, name="B", tree=tree)
    browser = await signed_in(Role.EDITOR)
    page = await browser.get(f"/segments/{made.id}/edit")
    saved = await browser.post(f"/segments/{made.id}", Filled(page.text).sent)
    assert location(saved) == f"/segments/{made.id}"
    async with services.db.tenant(workspace_id) as tx:
        assert (await segments.get(tx, workspace_id=workspace_id, segment_id=made.id)).tree == tree

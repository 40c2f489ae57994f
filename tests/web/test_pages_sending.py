"""Connections, templates, campaigns, the outbox: what each page does, and that it serves its own only."""

from contextlib import aclosing

import pytest
from litestar import Request

from mailgenius.channels.contract import AdapterContext, OutgoingMessage
from mailgenius.channels.registry import provider
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.errors import ConnectionMissing
from mailgenius.kit.services import Services
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState
from mailgenius.product.templates import service as templates
from mailgenius.product.workspaces.model import Role
from mailgenius.web import streams
from mailgenius.web.arrivals import open_visit
from mailgenius.web.pages.campaigns import live
from tests.factories.campaigns import make_campaign, make_sandbox
from tests.factories.leads import make_lead, make_leads
from tests.factories.templates import make_template
from tests.web.browser import location
from tests.web.conftest import SignedIn

SMTP = {"provider": "smtp", "name": "Relay", "host": "127.0.0.1", "port": "25", "security": "none"}
WRITTEN = {"name": "Hi", "subject": "Hello", "syntax": "html", "source": "<p>Hello {{ lead.name }}</p>"}


async def deliver(services: Services, workspace_id: int, message_id: int) -> None:
    """Put one message into the sandbox's outbox."""
    context = AdapterContext(
        workspace_id=workspace_id, connection_id=1, home=services.settings.home, allow_private_hosts=True
    )
    adapter = provider("sandbox").open({}, context)
    message = OutgoingMessage(
        message_id=message_id,
        workspace_id=workspace_id,
        recipient="ana@example.com",
        sender="news@example.com",
        text="Plain words",
        html="<h1>Words</h1><script>alert(1)</script>",
        headers=(("From", "news@example.com"), ("To", "ana@example.com"), ("Subject", "Olá")),
    )
    await adapter.send([message])
    await adapter.close()


async def test_a_connection_is_made_changed_tried_and_archived(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    browser = await signed_in(Role.ADMIN)
    assert "No connections yet" in (await browser.get("/connections")).text
    assert "Sandbox" in (await browser.get("/connections/new")).text
    await browser.get("/connections/new?provider=smtp")
    made = await browser.post("/connections", {**SMTP, "password": "s3cret", "username": "me"})
    assert location(made) == "/connections"
    async with services.db.tenant(workspace_id) as tx:
        [connection] = await connections.list_connections(tx, workspace_id=workspace_id)
    page = await browser.get(f"/connections/{connection.id}")
    assert "s3cret" not in page.text
    assert "keep the stored one" in page.text
    await browser.post(f"/connections/{connection.id}", {**SMTP, "username": "me", "per_second": "14"})
    async with services.db.tenant(workspace_id) as tx:
        changed = await connections.get(tx, workspace_id=workspace_id, connection_id=connection.id)
    assert (changed.per_second, changed.has_secrets) == (14, True)
    tried = await browser.post(f"/connections/{connection.id}/check", follow=True)
    assert "does not work" in tried.text
    assert "Failing" in tried.text
    archived = await browser.post(f"/connections/{connection.id}/archive", follow=True)
    assert "No connections yet" in archived.text


async def test_a_wrong_connection_is_explained_at_its_field(signed_in: SignedIn):
    browser = await signed_in(Role.ADMIN)
    await browser.get("/connections/new?provider=smtp")
    answer = await browser.post("/connections", {**SMTP, "port": "99999", "per_day": "many"})
    assert answer.status_code == 422
    assert "f-per_day-error" in answer.text
    answer = await browser.post("/connections", {**SMTP, "port": "99999"})
    assert answer.status_code == 422
    assert "f-port-error" in answer.text


async def test_a_template_is_started_saved_previewed_and_checked(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    lead = await make_lead(services.db, workspace_id, email="ana@example.com", name="Ana <b>")
    browser = await signed_in(Role.EDITOR)
    assert "Newsletter" in (await browser.get("/templates/new")).text
    assert "mj-body" in (await browser.get("/templates/new?from=newsletter")).text
    assert (await browser.get("/templates/new?from=nothing")).status_code == 404
    saved = await browser.post("/templates", WRITTEN)
    path = location(saved)
    assert "Hello" in (await browser.get(path)).text
    preview = await browser.post("/templates/preview", {**WRITTEN, "lead_id": str(lead.id)})
    assert "Ana &lt;b&gt;" in preview.text
    assert "script-src" not in preview.headers["content-security-policy"]
    assert "sandbox" in preview.headers["content-security-policy"]
    checked = await browser.post("/templates/check", {**WRITTEN, "subject": "{{ lead.shoe }}"}, htmx=True)
    assert "lead.shoe" in checked.text
    broken = await browser.post("/templates/preview", {**WRITTEN, "source": "<p>{% if %}</p>"})
    assert "There is no preview yet" in broken.text
    copy = location(await browser.post(f"{path}/duplicate"))
    assert "Copy of Hi" in (await browser.get(copy)).text
    listed = await browser.post(f"{copy}/archive", follow=True)
    assert "Copy of Hi" not in listed.text


async def test_a_test_send_goes_to_one_address(signed_in: SignedIn, services: Services, workspace_id: int):
    template = await make_template(services.db, workspace_id)
    browser = await signed_in(Role.EDITOR)
    path = f"/templates/{template.id}/test"
    assert "No connection yet" in (await browser.get(path)).text
    connection = await make_sandbox(services.db, services.keys, workspace_id)
    await browser.get(path)
    form = {"recipient": "me@example.com", "connection_id": str(connection.id), "sender_email": "a@b.com"}
    assert (await browser.post(path, {**form, "recipient": "me"})).status_code == 422
    assert location(await browser.post(path, form)) == f"/templates/{template.id}"


async def test_a_campaign_is_composed_reviewed_launched_and_steered(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    await make_leads(services.db, workspace_id, 3, tags=("vip",))
    template = await make_template(services.db, workspace_id)
    connection = await make_sandbox(services.db, services.keys, workspace_id)
    browser = await signed_in(Role.EDITOR)
    await browser.get(f"/campaigns/new?template={template.id}")
    form = {
        "name": "May",
        "template_id": str(template.id),
        "connection_id": str(connection.id),
        "sender_email": "news@example.com",
        "audience": "tags",
        "tags_any": "vip, gone",
        "when": "now",
    }
    assert "Reaches 3 leads" in (await browser.post("/campaigns/audience", form, htmx=True)).text
    assert (await browser.post("/campaigns", {**form, "tags_any": ""})).status_code == 422
    path = location(await browser.post("/campaigns", form))
    review = await browser.get(path)
    assert "Everything is in place" in review.text
    assert (await browser.get(f"{path}/preview")).status_code == 200
    assert "vip" in (await browser.get(f"{path}/edit")).text
    report = await browser.post(f"{path}/launch", follow=True)
    assert "on its way" in report.text
    assert f'sse-connect="{path}/events?state=freezing"' in report.text
    assert "Paused" in (await browser.post(f"{path}/pause", follow=True)).text
    await browser.post(f"{path}/resume")
    cancelled = await browser.post(f"{path}/cancel", follow=True)
    assert "Cancelled" in cancelled.text
    assert (await browser.post(f"{path}/pause")).status_code == 409
    assert (await browser.get(f"{path}/edit")).status_code == 409
    assert (await browser.get(f"{path}/recipients")).status_code == 200
    assert "May" in (await browser.get("/campaigns?state=cancelled", htmx=True)).text
    assert "May" not in (await browser.get("/campaigns?state=draft", htmx=True)).text


async def test_a_campaign_that_is_not_ready_says_why_and_stays(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    campaign = await make_campaign(services.db, services.keys, workspace_id)
    browser = await signed_in(Role.EDITOR)
    page = await browser.get(f"/campaigns/{campaign.id}")
    assert "Nobody is in this audience" in page.text
    assert (
        "cannot be launched yet" in (await browser.post(f"/campaigns/{campaign.id}/launch", follow=True)).text
    )


async def test_the_live_report_sends_its_parts_and_the_change_of_state(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    await make_lead(services.db, workspace_id)
    campaign = await make_campaign(services.db, services.keys, workspace_id)
    async with services.db.trusted() as tx:
        await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    browser = await signed_in(Role.VIEWER)
    assert 'id="stat-sent"' in (await browser.get(f"/campaigns/{campaign.id}")).text
    cookie = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "state": {}}
    scope["headers"] = [(b"cookie", cookie.encode())]
    visit = await open_visit(services, Request(scope))
    stream = streams._events(lambda: live.look(visit, campaign.id), 0.01, "draft")
    async with aclosing(stream):
        told = [(await anext(stream)).decode() for _ in range(3)]
        assert told[1] == "event: state\ndata: freezing\n\n"
        assert told[2].startswith("event: progress\n")
        assert 'id="stat-sent"' in told[2]
        async with services.db.tenant(workspace_id) as tx:
            await campaigns.pause(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        assert "event: state\ndata: paused\n\n" in [(await anext(stream)).decode() for _ in range(3)]


async def test_the_outbox_shows_messages_as_their_recipient_would(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    browser = await signed_in(Role.EDITOR)
    assert "Nothing here yet" in (await browser.get("/outbox")).text
    await deliver(services, workspace_id, 7)
    await deliver(services, other_workspace_id, 8)
    page = await browser.get("/outbox")
    assert "/outbox/7" in page.text
    assert "/outbox/8" not in page.text
    assert (await browser.get("/outbox/8")).status_code == 404
    assert "Plain words" in (await browser.get("/outbox/7")).text
    body = await browser.get("/outbox/7/body")
    assert "<h1>Words</h1>" in body.text
    assert "default-src 'none'" in body.headers["content-security-policy"]
    raw = await browser.get("/outbox/7/raw")
    assert raw.headers["content-disposition"].startswith("attachment")
    assert "Nobody like that" in (await browser.get("/outbox?search=zoe", htmx=True)).text
    assert "Nothing here yet" in (await browser.post("/outbox/clear", follow=True)).text
    theirs = await signed_in(Role.OWNER, workspace=other_workspace_id)
    assert "/outbox/8" in (await theirs.get("/outbox")).text


@pytest.fixture
async def things(services: Services, workspace_id: int) -> dict[str, int]:
    await make_lead(services.db, workspace_id)
    campaign = await make_campaign(services.db, services.keys, workspace_id)
    return {
        "campaign": campaign.id,
        "template": campaign.template_id,
        "connection": campaign.connection_id,
    }


ADDRESSES = [
    ("GET", "/connections/{connection}"),
    ("POST", "/connections/{connection}"),
    ("POST", "/connections/{connection}/check"),
    ("POST", "/connections/{connection}/archive"),
    ("GET", "/templates/{template}"),
    ("POST", "/templates/{template}"),
    ("POST", "/templates/{template}/duplicate"),
    ("POST", "/templates/{template}/archive"),
    ("GET", "/templates/{template}/test"),
    ("POST", "/templates/{template}/test"),
    ("GET", "/campaigns/{campaign}"),
    ("GET", "/campaigns/{campaign}/preview"),
    ("GET", "/campaigns/{campaign}/recipients"),
    ("GET", "/campaigns/{campaign}/events"),
    ("GET", "/campaigns/{campaign}/edit"),
    ("POST", "/campaigns/{campaign}/edit"),
    ("POST", "/campaigns/{campaign}/duplicate"),
    ("POST", "/campaigns/{campaign}/delete"),
    ("POST", "/campaigns/{campaign}/launch"),
    ("POST", "/campaigns/{campaign}/unschedule"),
    ("POST", "/campaigns/{campaign}/pause"),
    ("POST", "/campaigns/{campaign}/resume"),
    ("POST", "/campaigns/{campaign}/cancel"),
]


async def ask(browser, method: str, path: str) -> int:
    if method == "GET":
        return (await browser.get(path)).status_code
    return (await browser.post(path, {**SMTP, **WRITTEN, "recipient": "a@b.com"})).status_code


async def test_another_workspace_finds_nothing_and_changes_nothing(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int, things
):
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    await stranger.get("/campaigns")
    answers = {
        (method, path): await ask(stranger, method, path.format(**things)) for method, path in ADDRESSES
    }
    assert {key: code for key, code in answers.items() if code != 404} == {}
    async with services.db.tenant(workspace_id) as tx:
        campaign = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=things["campaign"])
        template = await templates.get(tx, workspace_id=workspace_id, template_id=things["template"])
        connection = await connections.get(tx, workspace_id=workspace_id, connection_id=things["connection"])
    assert (campaign.state, template.version, connection.version) == (CampaignState.DRAFT, 1, 1)


async def test_a_viewer_reads_and_changes_nothing(
    signed_in: SignedIn, services: Services, workspace_id: int, things
):
    viewer = await signed_in(Role.VIEWER)
    page = await viewer.get("/campaigns")
    assert "/campaigns/new" not in page.text
    answers = {
        path: await ask(viewer, method, path.format(**things))
        for method, path in ADDRESSES
        if method == "POST"
    }
    assert {path: code for path, code in answers.items() if code != 403} == {}
    for path in ("/templates", "/connections", "/outbox", f"/campaigns/{things['campaign']}"):
        assert (await viewer.get(path)).status_code == 200
    with pytest.raises(ConnectionMissing):
        async with services.db.tenant(workspace_id) as tx:
            await connections.get(tx, workspace_id=workspace_id, connection_id=10**6)

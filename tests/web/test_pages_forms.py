"""The builder of sign-up forms, from an empty page to HTML for one's own."""

from html import unescape

import pytest

from mailgenius.kit.services import Services
from mailgenius.product.forms import service as forms
from mailgenius.product.workspaces.model import Role
from tests.factories.forms import make_form
from tests.web.conftest import SignedIn
from tests.web.test_pages_leads import location

FORM = {
    "name": "Footer <1>",
    "title": "News",
    "consent_text": "I want the news.",
    "language": "pt_BR",
    "ask:name": "1",
    "label:name": "Seu nome",
    "ask:field:city": "1",
    "required:field:city": "1",
    "tags": "site, 2026",
}


async def test_a_form_is_built_changed_and_taken_out_of_use(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    old = await make_form(services, workspace_id, name="Old one")
    browser = await signed_in(Role.EDITOR)
    assert "Old one" in (await browser.get("/forms")).text
    path = location(await browser.post("/forms", FORM))
    page = (await browser.get(path)).text
    assert "The form is online." in page
    async with services.db.tenant(workspace_id) as tx:
        form = (await forms.list_forms(tx, workspace_id=workspace_id))[0]
    assert [(each.key, each.label, each.required) for each in form.fields] == [
        ("name", "Seu nome", False), ("field:city", "City", True),
    ]  # fmt: skip
    assert (form.language, form.tags, form.double_opt_in) == ("pt_BR", ("site", "2026"), False)
    snippet = unescape(page)
    assert f'action="{services.settings.base_url}/f/{form.public_id}" method="post"' in snippet
    assert 'name="field:city" type="text" required' in snippet
    changed = {**FORM, "consent_text": "I want the news and the offers."}
    assert location(await browser.post(path, changed)) == path
    assert "Version 2" in (await browser.get(path)).text
    await browser.post(f"/forms/{old.id}/archive")
    assert "Old one" not in (await browser.get("/forms")).text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "Fill this in."),
        ({"redirect_url": "javascript:x"}, "Must be a web address"),
        ({"double_opt_in": "1"}, "Needs a sender: name one in the settings"),
    ],
)
async def test_what_is_wrong_with_a_form_is_said(signed_in: SignedIn, change: dict, words: str):
    browser = await signed_in(Role.EDITOR)
    form = {key: value for key, value in FORM.items() if "city" not in key}
    answer = await browser.post("/forms", {**form, **change})
    assert answer.status_code == 422
    assert words in unescape(answer.text)


async def test_only_who_may_write_leads_builds_forms(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    form = await make_form(services, workspace_id)
    viewer = await signed_in(Role.VIEWER)
    assert (await viewer.get("/forms")).status_code == 200
    assert (await viewer.post("/forms", FORM)).status_code == 403
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    assert (await stranger.get(f"/forms/{form.id}")).status_code == 404
    assert (await stranger.post(f"/forms/{form.id}", FORM)).status_code == 404
    assert (await stranger.post(f"/forms/{form.id}/archive")).status_code == 404

"""Settings: workspace, members, API keys, profile, workspaces."""

import re

import pytest

from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Role
from tests.factories.workspaces import PASSWORD, make_member, make_user
from tests.web.browser import Browser, location
from tests.web.conftest import SignedIn

WORKSPACE = {
    "name": "Acme",
    "timezone": "Europe/Lisbon",
    "locale": "pt_BR",
    "sender_name": "Ana",
    "sender_email": "Ana@Acme.test",
}


async def test_the_workspace_is_saved(signed_in: SignedIn, services: Services, workspace_id: int):
    browser = await signed_in(Role.ADMIN)
    assert location(await browser.post("/settings", WORKSPACE)) == "/settings"
    page = await browser.get("/settings")
    assert "Workspace saved." in page.text
    assert 'value="Acme"' in page.text
    assert "Workspace saved." not in (await browser.get("/settings")).text
    async with services.db.trusted() as tx:
        workspace = await workspaces.get_workspace(tx, workspace_id=workspace_id)
    assert (workspace.sender_email, workspace.timezone) == ("ana@acme.test", "Europe/Lisbon")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("name", " ", "Fill this in."),
        ("name", "x" * 101, "Use at most 100 characters."),
        ("name", "Theirs", "Another workspace has this name already."),
        ("timezone", "Mars/Base", "Is not a time zone"),
        ("locale", "xx", "Choose one of the list."),
        ("sender_email", "nobody", "Is not an e-mail address."),
    ],
)
async def test_what_is_wrong_is_said_at_the_field(
    signed_in: SignedIn, other_workspace_id: int, field: str, value: str, text: str
):
    browser = await signed_in(Role.OWNER)
    answer = await browser.post("/settings", {**WORKSPACE, field: value})
    assert answer.status_code == 422
    assert re.search(rf'id="f-{field}-error">.*?{re.escape(text)}', answer.text, re.DOTALL)
    assert 'value="Ana"' in answer.text


async def test_a_viewer_sees_only_the_profile(signed_in: SignedIn):
    browser = await signed_in(Role.VIEWER)
    assert location(await browser.get("/settings")) == "/settings/profile"
    page = await browser.get("/settings/profile")
    assert "/settings/members" not in page.text
    for path in ("/settings/members", "/settings/api-keys", "/settings/members/new"):
        assert (await browser.get(path)).status_code == 403
    for path in ("/settings", "/settings/members", "/settings/api-keys"):
        assert (await browser.post(path, WORKSPACE)).status_code == 403


async def test_a_new_member_gets_a_password_shown_once(signed_in: SignedIn, guest: Browser):
    browser = await signed_in(Role.ADMIN)
    form = {"email": "Bea@Acme.test", "name": "Bea", "role": "editor"}
    answer = await browser.post("/settings/members", form, htmx=True)
    assert answer.headers["hx-redirect"] == "/settings/members"
    page = await browser.get("/settings/members")
    password = re.search(r'data-copy="([^"]+)"', page.text)[1]
    assert "bea@acme.test" in page.text
    assert password not in (await browser.get("/settings/members")).text
    await guest.get("/sign-in")
    assert (
        location(await guest.post("/sign-in", {"email": "bea@acme.test", "password": password}))
        == "/password"
    )
    again = await browser.post("/settings/members", form, htmx=True)
    assert again.status_code == 422
    assert "is a member of the workspace already" in again.text
    assert "<html" not in again.text


async def test_roles_change_and_members_leave(signed_in: SignedIn, services: Services, workspace_id: int):
    browser = await signed_in(Role.OWNER)
    async with services.db.trusted() as tx:
        other = await make_member(tx, workspace_id=workspace_id, role=Role.VIEWER, email="v@acme.test")
    path = f"/settings/members/{other.id}"
    assert (await browser.post(f"{path}/role", {"role": "admin"}, htmx=True)).headers["hx-redirect"]
    assert location(await browser.post(f"{path}/role", {"role": "king"})) == "/settings/members"
    page = await browser.get("/settings/members")
    assert 'value="admin" selected' in page.text
    assert "Choose one of the list." in page.text
    assert location(await browser.post(f"{path}/remove")) == "/settings/members"
    assert "v@acme.test" not in (await browser.get("/settings/members")).text


async def test_the_last_owner_stays(signed_in: SignedIn, services: Services):
    browser = await signed_in(Role.OWNER)
    async with services.db.trusted() as tx:
        me = await workspaces.find_user(tx, email="owner1@example.test")
    answer = await browser.post(f"/settings/members/{me.id}/remove")
    assert answer.status_code == 409
    assert "at least one owner" in answer.text


async def test_an_admin_does_not_touch_owners(signed_in: SignedIn, services: Services, workspace_id: int):
    browser = await signed_in(Role.ADMIN)
    async with services.db.trusted() as tx:
        owner = await make_member(tx, workspace_id=workspace_id, role=Role.OWNER)
    assert (await browser.post(f"/settings/members/{owner.id}/role", {"role": "viewer"})).status_code == 403
    assert (await browser.post(f"/settings/members/{owner.id}/remove")).status_code == 403
    form = {"email": "x@acme.test", "name": "X", "role": "owner"}
    assert (await browser.post("/settings/members", form)).status_code == 422


async def test_members_of_another_workspace_are_out_of_reach(
    signed_in: SignedIn, services: Services, other_workspace_id: int
):
    browser = await signed_in(Role.OWNER)
    async with services.db.trusted() as tx:
        theirs = await make_member(tx, workspace_id=other_workspace_id, role=Role.VIEWER, email="t@t.test")
        key = await workspaces.create_api_key(
            tx, workspace_id=other_workspace_id, name="Theirs", scopes=["*"], created_by=None
        )
    for path in (
        f"/settings/members/{theirs.id}/role",
        f"/settings/members/{theirs.id}/remove",
        f"/settings/api-keys/{key.api_key.id}/revoke",
    ):
        assert (await browser.post(path, {"role": "admin"})).status_code == 404
    assert "t@t.test" not in (await browser.get("/settings/members")).text
    async with services.db.trusted() as tx:
        members = await workspaces.list_members(tx, workspace_id=other_workspace_id)
        assert [member.role for member in members] == [Role.VIEWER]
        await workspaces.actor_of_api_key(tx, key=key.key)


async def test_an_id_too_large_for_the_database_is_not_found(signed_in: SignedIn):
    browser = await signed_in(Role.OWNER)
    assert (await browser.post(f"/settings/api-keys/{2**70}/revoke")).status_code == 404


async def test_a_key_is_shown_once_and_revoked(signed_in: SignedIn, services: Services, workspace_id: int):
    browser = await signed_in(Role.OWNER)
    assert "No API keys yet" in (await browser.get("/settings/api-keys")).text
    empty = await browser.post("/settings/api-keys", {"name": "Shop", "access": "some"}, htmx=True)
    assert empty.status_code == 422
    assert "Choose at least one permission." in empty.text
    form = {"name": "Shop", "access": "some", "scopes": ["leads:read", "leads:write", "made:up"]}
    assert location(await browser.post("/settings/api-keys", form)) == "/settings/api-keys"
    page = await browser.get("/settings/api-keys")
    key = re.search(r'value="(mgk_[^"]+)"', page.text)[1]
    async with services.db.trusted() as tx:
        actor = await workspaces.actor_of_api_key(tx, key=key)
        keys = await workspaces.list_api_keys(tx, workspace_id=workspace_id)
    assert actor.permissions == {"leads:read", "leads:write"}
    page = await browser.get("/settings/api-keys")
    assert key not in page.text
    assert keys[0].prefix in page.text
    await browser.post(f"/settings/api-keys/{keys[0].id}/revoke")
    assert "Revoked" in (await browser.get("/settings/api-keys")).text


async def test_the_profile_and_its_password(signed_in: SignedIn, guest: Browser):
    browser = await signed_in(Role.VIEWER)
    answer = await browser.post("/settings/profile", {"name": "Vera", "locale": "pt_BR", "theme": "dark"})
    assert location(answer) == "/settings/profile"
    page = await browser.get("/settings/profile")
    assert 'value="Vera"' in page.text
    assert 'data-theme="dark"' in page.text
    new = "a quite different phrase"
    bad = await browser.post("/settings/profile/password", {"current": "no", "new": new, "again": new})
    assert bad.status_code == 422
    good = {"current": PASSWORD, "new": new, "again": new}
    assert location(await browser.post("/settings/profile/password", good)) == "/settings/profile"
    assert (await browser.get("/settings/profile")).status_code == 200
    await guest.get("/sign-in")
    answer = await guest.post("/sign-in", {"email": "viewer1@example.test", "password": new})
    assert location(answer) == "/"


async def test_only_the_installation_owner_creates_workspaces(
    signed_in: SignedIn, guest: Browser, services: Services
):
    browser = await signed_in(Role.OWNER)
    assert (await browser.post("/workspaces", {"name": "Mine"})).status_code == 403
    assert "New workspace" not in (await browser.get("/settings/workspaces")).text
    async with services.db.trusted() as tx:
        await workspaces.create_user(
            tx,
            email="boss@acme.test",
            name="Boss",
            password=PASSWORD,
            must_change_password=False,
            installation_owner=True,
        )
        await make_user(tx, email="x@acme.test")
    await guest.sign_in("boss@acme.test", PASSWORD)
    await guest.get("/no-workspace")
    assert location(await guest.post("/workspaces", {"name": "Ours"})) == "/no-workspace"
    await guest.get("/no-workspace")
    assert location(await guest.post("/workspaces", {"name": "Second"})) == "/welcome"
    await guest.get("/settings/profile")
    assert (await guest.post("/workspaces", {"name": ""})).status_code == 422
    await guest.post("/workspaces", {"name": "Third"})
    page = await guest.get("/settings/workspaces")
    assert "Second" in page.text
    assert "You are here" in page.text

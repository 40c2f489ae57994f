"""Who did what on its page: for those who manage the workspace, in words, narrowed, as a file."""

import httpx

from mailgenius.kit.audit import service as audit
from mailgenius.kit.doers import DoerKind
from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Role
from tests.factories.workspaces import PASSWORD
from tests.web.browser import Browser
from tests.web.conftest import SignedIn


async def test_what_people_do_is_shown_to_those_who_manage(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    admin = await signed_in(Role.ADMIN)
    await admin.post("/settings/api-keys", {"name": "Shop", "access": "all"})
    page = await admin.get("/settings/activity")
    assert "API key created" in page.text
    assert "Shop" in page.text
    assert "admin1@example.test" in page.text
    narrowed = await admin.get("/settings/activity?action=user.signed_in&who=person")
    assert "Signed in" in narrowed.text
    assert "Shop" not in narrowed.text
    assert "Nothing matches" in (await admin.get("/settings/activity?since=2099-01-01")).text
    # What the address says wrongly narrows nothing.
    assert (await admin.get("/settings/activity?who=x:y&since=no&cursor=")).status_code == 200
    file = await admin.get("/settings/activity.csv?kind=api_key")
    assert [line.split(",")[5] for line in file.text.splitlines()] == ["action", "api_key.created"]
    assert "Audit log downloaded" in (await admin.get("/settings/activity")).text
    editor = await signed_in(Role.EDITOR)
    assert (await editor.get("/settings/activity")).status_code == 403
    assert (await admin.get("/settings/activity/everywhere")).status_code == 403
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    assert "Shop" not in (await stranger.get("/settings/activity")).text


async def test_sign_ins_leave_entries_also_when_they_fail(
    guest: Browser, signed_in: SignedIn, services: Services, workspace_id: int
):
    await signed_in(Role.OWNER)
    await guest.get("/sign-in")
    for email in ("owner1@example.test", "hunter2@example.test"):
        for _ in range(2):
            answer: httpx.Response = await guest.post("/sign-in", {"email": email, "password": "wrong"})
            assert answer.status_code in {401, 422}
    async with services.db.trusted() as tx:
        failed = [
            entry
            for entry in (await audit.list_everywhere(tx)).items
            if entry.action == "user.sign_in_failed"
        ]
    # What a stranger typed is not kept: it may be a password in the wrong field.
    assert {(each.workspace_id, each.object_name) for each in failed} == {
        (workspace_id, "owner1@example.test"), (0, ""),
    }  # fmt: skip
    assert all(each.doer_kind is DoerKind.VISITOR for each in failed)


async def test_the_owner_of_the_installation_sees_all_workspaces(
    guest: Browser, services: Services, workspace_id: int, other_workspace_id: int
):
    async with services.db.trusted() as tx:
        await workspaces.create_user(
            tx, email="boss@example.test", password=PASSWORD, name="", must_change_password=False,
            installation_owner=True,
        )  # fmt: skip
        for each in (workspace_id, other_workspace_id):
            await audit.note(tx, workspace_id=each, action="workspace.changed", name=f"number {each}")
    await guest.sign_in("boss@example.test", PASSWORD)
    page = await guest.get("/settings/activity/everywhere")
    assert f"number {workspace_id}" in page.text
    assert f"number {other_workspace_id}" in page.text
    assert "Theirs" in page.text

"""Who did what on its page: for those who manage the workspace, in words, narrowed, as a file."""

import re

import httpx

from mailgenius.kit.audit import service as audit
from mailgenius.kit.doers import DoerKind
from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Role
from mailgenius.web.pages.settings.activity_details import in_words
from tests.factories.leads import make_lead
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


async def test_what_was_done_to_a_lead_is_told_in_words_of_both_languages(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    admin = await signed_in(Role.ADMIN)
    lead = await make_lead(services.db, workspace_id)
    await admin.post(f"/leads/{lead.id}/consents", {"channel": "email", "act": "given", "basis": "consent"})
    path = f"/settings/activity?kind=lead&object={lead.id}"
    said = details_of((await admin.get(path)).text)
    assert {"Channel: E-mail", "Act: Given", "Legal basis: Consent"} <= said
    await admin.post("/preferences", {"locale": "pt_BR", "next": path})
    said = details_of((await admin.get(path)).text)
    assert {"Canal: E-mail", "Base legal: Consentimento"} <= said


def test_values_inside_details_are_told_in_words_too():
    details = {
        "changed": ["email", "fields"],
        "status": {"from": "active", "to": None},
        "filter": {"status": "bounced", "tag": "vip"},
        "channels": {"sms": False},
        "act": "set_status",
        "unheard_of": 7,
    }
    assert in_words(details) == [
        ("Changed", "E-mail, Custom fields"),
        ("Status", "Active → –"),
        ("Filter", "Status: Bounced, Tag: vip"),
        ("Channels", "SMS: no"),
        ("Act", "Change the status"),
        ("unheard_of", "7"),
    ]


def details_of(page: str) -> set[str]:
    found = re.findall(r'<div><span class="text-muted">([^<]*)</span>([^<]*)</div>', page)
    return {f"{name}{text}" for name, text in found}


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

"""Workspaces and the first run."""

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import EmailTaken, WorkspaceNameTaken, WorkspaceNotFound
from mailgenius.product.workspaces.model import Role
from tests.factories.workspaces import make_session, make_user, make_workspace


async def test_the_first_run_makes_one_owner_with_a_password_to_change(db: Database):
    async with db.trusted() as tx:
        first = await workspaces.ensure_owner(tx)
        assert await workspaces.ensure_owner(tx) is None
    assert first is not None
    assert first.password not in repr(first)
    session = (await make_session(db, email="owner@localhost", password=first.password)).session
    assert session.user.must_change_password
    assert session.user.installation_owner
    assert (session.workspace_id, session.role) == (first.workspace.id, Role.OWNER)


async def test_workspace_names_are_unique_whatever_the_case(db: Database):
    async with db.trusted() as tx:
        made = await make_workspace(tx, name="Padaria São João")
        found = await workspaces.find_workspace(tx, name="padaria são joão")
    assert found == made
    with pytest.raises(WorkspaceNameTaken):
        async with db.trusted() as tx:
            await make_workspace(tx, name="PADARIA são joão")


async def test_a_workspace_changes_its_own_settings_and_no_other(
    db: Database, workspace_id: int, other_workspace_id: int
):
    settings = {
        "name": "Renamed",
        "timezone": "Europe/Lisbon",
        "locale": "pt_BR",
        "sender_name": "Loja",
        "sender_email": "Ola@Example.com",
    }
    async with db.tenant(workspace_id) as tx:
        changed = await workspaces.update_workspace(tx, workspace_id=workspace_id, **settings)
        with pytest.raises(WorkspaceNotFound):
            await workspaces.update_workspace(tx, workspace_id=other_workspace_id, **settings)
    assert (changed.name, changed.timezone, changed.sender_email) == (
        "Renamed",
        "Europe/Lisbon",
        "ola@example.com",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("timezone", "Mars/Base"),
        ("timezone", "../etc/passwd"),
        ("locale", "xx"),
        ("sender_name", "Loja\r\nBcc: x@example.com"),
        ("sender_email", "not an address"),
    ],
)
async def test_bad_settings_are_named(db: Database, workspace_id: int, field: str, value: str):
    settings = {
        "name": "A",
        "timezone": "UTC",
        "locale": "en",
        "sender_name": "",
        "sender_email": "",
        field: value,
    }
    with pytest.raises(Invalid) as caught:
        async with db.tenant(workspace_id) as tx:
            await workspaces.update_workspace(tx, workspace_id=workspace_id, **settings)
    assert [problem.field for problem in caught.value.problems] == [field]


async def test_an_email_address_is_one_person(db: Database):
    async with db.trusted() as tx:
        user = await make_user(tx, email="ana@example.com")
        assert await workspaces.find_user(tx, email="ANA@example.com") == user
    with pytest.raises(EmailTaken):
        async with db.trusted() as tx:
            await make_user(tx, email="Ana@Example.com")


async def test_a_profile_is_changed_and_checked(db: Database):
    async with db.trusted() as tx:
        user = await make_user(tx)
        changed = await workspaces.update_profile(
            tx, user_id=user.id, name="Ana Lima", locale="pt_BR", theme="dark"
        )
        assert (changed.name, changed.locale, changed.theme) == ("Ana Lima", "pt_BR", "dark")
        with pytest.raises(Invalid):
            await workspaces.update_profile(tx, user_id=user.id, name="", locale="xx", theme="pink")

"""Workspaces, people and keys from the command line."""

import asyncio

from mailgenius.kit.db.database import Database
from mailgenius.kit.jobs import Jobs
from mailgenius.processes.start import FIRST_OWNER_EMAIL
from mailgenius.product.workspaces import service as workspaces
from tests.cli.conftest import Cli


def test_a_workspace_is_created_and_listed(cli: Cli):
    made = cli("workspace", "create", "Café Aurora", "--json")
    assert (made.code, made.json["name"]) == (0, "Café Aurora")
    assert made.json["id"] == str(int(made.json["id"]))
    assert [each["name"] for each in cli("workspace", "list", "--json").json["items"]] == ["Café Aurora"]
    assert "Café Aurora" in cli("workspace", "list").out


def test_the_installations_owner_sees_a_new_workspace(cli: Cli, database_url: str, jobs: Jobs):
    async def first_run() -> None:
        async with Database(database_url, jobs) as db, db.trusted() as tx:
            await workspaces.ensure_owner(tx, email=FIRST_OWNER_EMAIL)

    asyncio.run(first_run())
    cli("workspace", "create", "Acme")
    members = cli("user", "list", "--workspace", "Acme", "--json").json["items"]
    assert [(each["email"], each["role"]) for each in members] == [(FIRST_OWNER_EMAIL, "owner")]


def test_an_unknown_owner_is_refused(cli: Cli):
    assert cli("workspace", "create", "Acme", "--owner", "nobody@example.com").code == 3
    assert cli("workspace", "list", "--json").json["items"] == []


def test_a_name_that_is_taken_is_a_conflict(cli: Cli):
    cli("workspace", "create", "Ours")
    again = cli("workspace", "create", "ours", "--json")
    assert again.code == 4
    assert again.json["error"]["kind"] == "conflict"
    assert "already" in again.err


def test_a_person_gets_a_password_once_and_a_new_one_on_demand(cli: Cli):
    cli("workspace", "create", "Ours")
    made = cli("user", "create", "Ana@Example.com", "--role", "admin", "--json").json
    assert (made["email"], made["role"], made["workspace"]) == ("ana@example.com", "admin", "Ours")
    assert len(made["password"]) >= 10
    members = cli("user", "list", "--json").json["items"]
    assert [(each["email"], each["role"]) for each in members] == [("ana@example.com", "admin")]
    changed = cli("user", "reset-password", "ana@example.com", "--json").json
    assert changed["password"] != made["password"]


def test_an_unknown_person_is_not_found(cli: Cli):
    assert cli("user", "reset-password", "nobody@example.com").code == 3


def test_a_key_is_shown_once_and_can_be_revoked(cli: Cli):
    cli("workspace", "create", "Ours")
    made = cli("apikey", "create", "--workspace", "Ours", "--scope", "leads:read", "--json").json
    assert made["key"].startswith("mgk_")
    listed = cli("apikey", "list", "--json").json["items"][0]
    assert "key" not in listed
    assert listed["scopes"] == ["leads:read"]
    assert cli("apikey", "revoke", made["id"]).code == 0
    assert cli("apikey", "list", "--json").json["items"][0]["revoked_at"]


def test_the_workspace_must_be_named_when_there_are_several(cli: Cli):
    cli("workspace", "create", "Ours")
    cli("workspace", "create", "Theirs")
    unnamed = cli("apikey", "create", "--json")
    assert unnamed.code == 2
    assert "Ours, Theirs" in unnamed.json["error"]["problems"][0]["message"]
    assert cli("apikey", "create", "--workspace", "nowhere").code == 3


def test_a_wrong_option_is_told_apart_from_a_wrong_state(cli: Cli):
    assert cli("workspace", "create").code == 2
    assert cli("--version").out.startswith("mailgenius ")

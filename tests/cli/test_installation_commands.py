"""Migrate and doctor."""

import socket
from pathlib import Path

import pytest

from mailgenius.kit.ports import free_port
from tests.cli.conftest import Cli
from tests.stores import no_store


def verdicts(found: dict) -> dict[str, str]:
    return {finding["check"]: finding["verdict"] for finding in found["findings"]}


def test_a_healthy_installation(cli: Cli):
    examined = cli("doctor", "--port", free_port(), "--json")
    assert examined.code == 0
    assert examined.json["healthy"]
    assert verdicts(examined.json)["Migrations"] == "good"


def test_every_problem_comes_with_its_mending(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MAILGENIUS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    monkeypatch.setenv("MAILGENIUS_STORAGE_URL", "s3://files/mailgenius")
    no_store(home, monkeypatch)
    examined = cli("doctor", "--port", free_port(), "--json")
    assert examined.code == 1
    broken = [each for each in examined.json["findings"] if each["verdict"] == "broken"]
    assert {each["check"] for each in broken} == {"Database", "Files"}
    assert all(each["mending"] for each in broken)


def test_a_taken_port_is_named(cli: Cli):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        examined = cli("doctor", "--port", other.getsockname()[1], "--json").json
    assert verdicts(examined)["Port"] == "warning"


def test_migrate_says_when_nothing_is_left_to_do(cli: Cli):
    assert cli("migrate", "--json").json == {"applied": []}
    assert "up to date" in cli("migrate").out


def test_a_machine_with_another_secret_key_is_refused_until_the_first_is_given_up(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
):
    assert cli("workspace", "list").code == 0, "the first key that comes is the installation's"
    monkeypatch.setenv("MAILGENIUS_SECRET_KEY", "of a machine that was given none" * 2)
    refused = cli("workspace", "list")
    assert refused.code == 7
    assert "another secret key" in refused.err
    examined = cli("doctor", "--port", free_port(), "--json")
    assert examined.code == 1
    assert verdicts(examined.json)["Secret key of the database"] == "broken"
    assert cli("migrate", "--new-key").code == 0
    assert cli("workspace", "list").code == 0
    monkeypatch.delenv("MAILGENIUS_SECRET_KEY")
    assert cli("workspace", "list").code == 7, "the first one is given up"


def test_nothing_runs_with_a_secret_key_that_is_cut_off(cli: Cli, home: Path):
    (home / "secret.key").write_text("short")
    refused = cli("doctor", "--json")
    assert refused.code == 2
    assert "put the copy of your backup there" in refused.json["error"]["problems"][0]["message"]


def test_a_wrong_setting_names_its_variable(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MAILGENIUS_BASE_URL", "mail.example.com")
    refused = cli("workspace", "list", "--json")
    assert refused.code == 2
    assert refused.json["error"]["problems"][0]["field"] == "MAILGENIUS_BASE_URL"


def test_wrong_roles_are_refused(cli: Cli):
    assert cli("run", "--roles", "web,mail").code == 2


def test_the_status_says_how_the_sending_goes(cli: Cli):
    told = cli("status", "--json").json
    assert told["sending"]["queues"] == []
    assert told["house"]["engines"] == []
    assert "Waiting to leave" in cli("status").out

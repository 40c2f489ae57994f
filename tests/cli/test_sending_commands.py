"""A campaign from the command line: nobody else runs, so the command sends it itself."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

SPEC = {
    "name": "News",
    "sender": {"email": "news@example.com", "name": "Ours"},
    "audience": {"all": True},
    "template": {"subject": "Hello {{ lead.name }}", "html": "<p>For {{ lead.email }}</p>"},
    "connection": {"name": "Box", "provider": "sandbox"},
}


@pytest.fixture
def workspace(cli: Cli) -> Cli:
    cli("workspace", "create", "Ours")
    return cli


def spec_file(folder: Path, **changes: object) -> Path:
    path = folder / "campaign.json"
    path.write_text(json.dumps(SPEC | changes))
    return path


def import_leads(cli: Cli, folder: Path, count: int, *options: str) -> dict:
    file = folder / "leads.csv"
    file.write_text(
        "E-mail,Name\n" + "".join(f"lead{n}@example.com,Ana {n}\n" for n in range(count)) + "broken,X\n"
    )
    return cli("leads", "import", file, "--tag", "new", "--json", *options).json


def test_import_launch_and_read(workspace: Cli, tmp_path: Path):
    done = import_leads(workspace, tmp_path, 120)
    assert (done["state"], done["rows_created"], done["rows_rejected"]) == ("done", 120, 1)
    sent = workspace("campaign", "launch", spec_file(tmp_path), "--wait", "--json")
    assert sent.code == 0, sent.err
    assert (sent.json["state"], sent.json["total"], sent.json["sent"]) == ("finished", 120, 120)
    shown = workspace("campaign", "show", sent.json["id"], "--json").json
    assert shown["counts"]["accepted"] == 120
    received = workspace("outbox", "list", "--recipient", "lead7@", "--json").json["items"]
    assert [each["subject"] for each in received] == ["Hello Ana 7"]
    message = workspace("outbox", "show", received[0]["message_id"], "--json").json
    assert "For lead7@example.com" in message["html"]
    assert [each["state"] for each in workspace("campaign", "list", "--json").json["items"]] == ["finished"]


def test_two_leads_are_merged(workspace: Cli, tmp_path: Path):
    import_leads(workspace, tmp_path, 2)
    other, kept = workspace("leads", "list", "--json").json["items"]
    done = workspace("leads", "merge", kept["id"], other["id"], "--take", "name", "--yes", "--json").json
    assert (done["email"], done["name"]) == (kept["email"], other["name"])
    assert [each["id"] for each in workspace("leads", "list", "--json").json["items"]] == [kept["id"]]
    assert workspace("leads", "merge", kept["id"], other["id"], "--yes").code != 0


def test_an_import_is_tried_and_makes_a_field_with_a_type(workspace: Cli, tmp_path: Path):
    mapping = ("--map", "E-mail=email", "--map", "Name=field:kind:choice:Ana 0|Ana 1")
    tried = import_leads(workspace, tmp_path, 3, "--dry-run", *mapping)
    assert (tried["state"], tried["dry_run"], tried["rows_created"], tried["rows_rejected"]) == (
        "done",
        True,
        2,
        2,
    )
    assert workspace("leads", "list", "--json").json["items"] == []
    assert import_leads(workspace, tmp_path, 3, *mapping)["rows_created"] == 2
    leads = workspace("leads", "list", "--json").json["items"]
    assert [lead["fields"] for lead in leads] == [{"kind": "Ana 1"}, {"kind": "Ana 0"}]
    changed = workspace("leads", "bulk", "set_fields", "--search", "lead1", "--set-field", "kind=", "--json")
    assert changed.json["changed"] == 1
    file = tmp_path / "out.csv"
    columns = ("--column", "email", "--column", "fields.kind")
    assert workspace("leads", "export", file, *columns, "--json").json["leads"] == 2
    assert file.read_text("utf-8-sig") == "email,kind\nlead0@example.com,Ana 0\nlead1@example.com,\n"


def test_a_connection_written_out_twice_is_one(workspace: Cli, tmp_path: Path):
    import_leads(workspace, tmp_path, 2)
    for _ in range(2):
        assert workspace("campaign", "launch", spec_file(tmp_path), "--wait", "--json").json["sent"] == 2
    assert [each["name"] for each in workspace("connection", "list", "--json").json["items"]] == ["Box"]


def test_a_campaign_is_paused_resumed_and_cancelled(workspace: Cli, tmp_path: Path):
    import_leads(workspace, tmp_path, 3)
    launched = workspace("campaign", "launch", spec_file(tmp_path), "--json").json
    steered = [
        workspace("campaign", act, launched["id"], "--json").json["state"]
        for act in ("pause", "resume", "cancel")
    ]
    assert steered == ["paused", "freezing", "cancelled"]
    assert workspace("campaign", "resume", launched["id"]).code == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"audience": {"tags": {"any": "x"}}}, "audience.tags.any"),
        ({"template": {"subject": "x"}}, "html and mjml"),
        ({"template_id": 1}, "one of template_id and template"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_file_is_explained(workspace: Cli, tmp_path: Path, changes: dict, words: str):
    refused = workspace("campaign", "launch", spec_file(tmp_path, **changes), "--json")
    assert refused.code == 2
    assert words in refused.json["error"]["problems"][0]["message"]


def test_what_stops_a_launch_is_named(workspace: Cli, tmp_path: Path):
    import_leads(workspace, tmp_path, 1)
    template = {"subject": "x", "html": "{{ lead.nmae }}"}
    refused = workspace("campaign", "launch", spec_file(tmp_path, template=template), "--json")
    assert refused.code in {2, 4}
    assert "lead.nmae" in refused.json["error"]["problems"][0]["message"]
    assert workspace("campaign", "list", "--json").json["items"] == []


def test_a_connection_from_the_command_line(workspace: Cli):
    made = workspace("connection", "create", "Relay", "--set", "host=127.0.0.1", "--set", "port=2525",
                     "--set", "security=none", "--per-second", "50", "--json").json  # fmt: skip
    assert (made["provider"], made["per_second"]) == ("smtp", 50)
    assert workspace("connection", "create", "Broken", "--set", "host").code == 2
    assert workspace("connection", "create", "Broken", "--provider", "pigeon").code == 2


def test_a_template_from_a_file(workspace: Cli, tmp_path: Path):
    file = tmp_path / "hello.mjml"
    file.write_text(
        "<mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    made = workspace("template", "create", file, "--subject", "Hi", "--json").json
    assert (made["name"], made["syntax"]) == ("hello", "mjml")
    assert len(workspace("template", "list", "--json").json["items"]) == 1

"""Sender domains and topics from the command line. The DNS is a name server of the test."""

import asyncio

import pytest

from tests.cli.conftest import Cli, Ran
from tests.dns_server import Zone, zone as zone


async def test_a_domain_is_added_checked_signed_rotated_and_deleted(
    cli: Cli, zone: Zone, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dns.asyncresolver.Resolver", lambda: zone.dns._resolver)

    async def run(*words: str) -> Ran:
        # The name server answers from this loop; a command has a loop of its own.
        return await asyncio.to_thread(cli, *words, "--json")

    await run("workspace", "create", "Ours")
    made = (await run("domain", "add", "Shop.Example", "--algorithm", "ed25519")).json
    key = made["records"][0]
    assert (made["domain"], key["state"], key["found"]) == ("shop.example", "waiting", "unchecked")
    assert key["text"].startswith("v=DKIM1; k=ed25519; p=")
    assert (await run("domain", "signing", "shop.example", "on")).code == 4
    zone.texts[key["name"]] = [f'"{key["text"]}"']
    zone.texts["shop.example"] = ['"v=spf1 +all"']
    checked = (await run("domain", "check", "shop.example")).json
    assert [each["found"] for each in checked["records"]] == ["good", "weak", "missing"]
    assert (await run("domain", "signing", "shop.example", "on")).json["signing"]
    states = [each["state"] for each in (await run("domain", "rotate", "shop.example")).json["records"]]
    assert states == ["waiting", "signing", "", ""]
    shown = await asyncio.to_thread(cli, "domain", "show", "shop.example")
    assert key["text"] in shown.out
    assert [each["domain"] for each in (await run("domain", "list")).json["items"]] == ["shop.example"]
    assert (await run("domain", "delete", "shop.example", "--yes")).json["deleted"]
    assert (await run("domain", "show", "shop.example")).code == 3


def test_a_topic_is_added_renamed_archived_and_restored(cli: Cli):
    cli("workspace", "create", "Ours")
    cli("workspace", "create", "Theirs")
    ours, theirs = ("--workspace", "Ours", "--json"), ("--workspace", "Theirs", "--json")
    made = cli("topic", "add", "News", "--pt", "Novidades", "--who-asks", *ours).json
    assert (made["key"], made["name_pt"], made["by_default"]) == ("news", "Novidades", False)
    changed = cli("topic", "change", "news", "--name", "Fresh news", *ours).json
    assert (changed["key"], changed["name_en"], changed["name_pt"], changed["by_default"]) == (
        "news",
        "Fresh news",
        "Novidades",
        False,
    )
    assert cli("topic", "archive", "news", *theirs).code == 3
    assert cli("topic", "archive", "news", *ours).json["archived_at"]
    assert cli("topic", "list", *ours).json["items"] == []
    assert [each["key"] for each in cli("topic", "list", "--archived", *ours).json["items"]] == ["news"]
    assert cli("topic", "restore", "news", *ours).json["archived_at"] is None

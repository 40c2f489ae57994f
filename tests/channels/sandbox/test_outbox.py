"""The local outbox: what the sandbox took, read back one workspace at a time."""

import asyncio
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from mailgenius.channels.contract import AdapterContext, Fault, Outcome
from mailgenius.channels.errors import BadConnectionSettings
from mailgenius.channels.sandbox.outbox import Outbox
from mailgenius.channels.sandbox.provider import SandboxProvider
from mailgenius.channels.sandbox.store import outbox_path
from mailgenius.kit import clock
from tests.channels.letters import headers, letter, letters

A = Outcome.ACCEPTED
NOON = datetime(2025, 1, 6, 12, tzinfo=UTC)


async def test_message_is_read_as_its_recipient_would(context: AdapterContext, tmp_path: Path):
    adapter = SandboxProvider().open({}, context)
    with clock.fixed(NOON):
        (result,) = await adapter.send([letter(1)])
    await adapter.close()
    assert result.provider_ref == "sandbox-1001"
    message = Outbox(tmp_path).get(7, 1001)
    assert message is not None
    assert message.entry.recipient == "lead1@example.com"
    assert message.entry.sender == "Ação Ltda <news@sender.example>"
    assert message.entry.subject == "Novidades de março, nº 1"
    assert message.entry.received_at == NOON
    assert message.entry.size == len(message.raw)
    assert ("To", "João 1 <lead1@example.com>") in message.headers
    assert message.text.replace("\r\n", "\n") == letter(1).text
    assert message.html.replace("\r\n", "\n") == letter(1).html
    assert message.raw.startswith(b"Date: ")


async def test_one_part_leaves_the_other_empty(context: AdapterContext, tmp_path: Path):
    adapter = SandboxProvider().open({}, context)
    await adapter.send([letter(1, html="")])
    await adapter.close()
    message = Outbox(tmp_path).get(7, 1001)
    assert message is not None
    assert message.html == ""
    assert message.text


def test_outbox_that_does_not_exist_is_empty(tmp_path: Path):
    outbox = Outbox(tmp_path)
    assert outbox.list(7) == []
    assert outbox.count(7) == 0
    assert outbox.get(7, 1) is None
    assert outbox.clear(7) == 0
    assert not outbox_path(tmp_path).exists()


def test_outbox_without_its_table_is_empty(tmp_path: Path):
    outbox_path(tmp_path).parent.mkdir()
    outbox_path(tmp_path).touch()
    assert Outbox(tmp_path).list(7) == []
    assert Outbox(tmp_path).count(7) == 0


async def test_pages_go_from_newest_to_oldest(context: AdapterContext, tmp_path: Path):
    adapter = SandboxProvider().open({}, context)
    await adapter.send(letters(25))
    await adapter.close()
    outbox = Outbox(tmp_path)
    first = outbox.list(7, limit=10)
    assert [each.message_id for each in first] == list(range(1025, 1015, -1))
    second = outbox.list(7, limit=10, before_id=first[-1].message_id)
    assert [each.message_id for each in second] == list(range(1015, 1005, -1))
    assert outbox.count(7) == 25


async def test_search_by_recipient_takes_letters_literally(context: AdapterContext, tmp_path: Path):
    adapter = SandboxProvider().open({}, context)
    await adapter.send(
        [letter(1), letter(2, recipient="Maria_X@Example.org"), letter(3, recipient="a%b@c.example")]
    )
    await adapter.close()
    outbox = Outbox(tmp_path)
    assert [each.message_id for each in outbox.list(7, recipient_contains="maria_x@")] == [1002]
    assert [each.message_id for each in outbox.list(7, recipient_contains="%")] == [1003]
    assert outbox.list(7, recipient_contains="nobody") == []


async def test_workspaces_see_nothing_of_each_other(context: AdapterContext, tmp_path: Path):
    adapter = SandboxProvider().open({}, context)
    await adapter.send([letter(1), letter(2, workspace_id=8)])
    await adapter.close()
    outbox = Outbox(tmp_path)
    assert [each.message_id for each in outbox.list(7)] == [1001]
    assert [each.message_id for each in outbox.list(8)] == [1002]
    assert outbox.get(7, 1002) is None
    assert outbox.get(8, 1001) is None
    assert outbox.clear(8) == 1
    assert outbox.count(7) == 1
    assert outbox.count(8) == 0


async def test_second_hand_over_changes_nothing(context: AdapterContext, tmp_path: Path):
    adapter = SandboxProvider().open({}, context)
    await adapter.send([letter(1)])
    again = replace(letter(1), headers=headers(1, Subject="another"))
    assert [each.outcome for each in await adapter.send([again, letter(2)])] == [A, A]
    await adapter.close()
    assert [each.subject for each in Outbox(tmp_path).list(7)] == [
        "Novidades de março, nº 2",
        "Novidades de março, nº 1",
    ]


async def test_share_of_recipients_is_refused_and_always_the_same(context: AdapterContext, tmp_path: Path):
    adapter = SandboxProvider().open({"fail_percent": "30"}, context)
    first = await adapter.send(letters(300))
    second = await adapter.send(letters(300))
    await adapter.close()
    refused = [each for each in first if each.outcome is Outcome.REJECTED]
    assert 50 < len(refused) < 130
    assert {each.fault for each in refused} == {Fault.RECIPIENT}
    assert [each.outcome for each in first] == [each.outcome for each in second]
    assert Outbox(tmp_path).count(7) == 300 - len(refused)


@pytest.mark.parametrize("percent", ["x", "-1", "101", "1.5"])
def test_bad_share_is_named(percent: str, context: AdapterContext):
    assert list(SandboxProvider().validate({"fail_percent": percent})) == ["fail_percent"]
    with pytest.raises(BadConnectionSettings):
        SandboxProvider().open({"fail_percent": percent}, context)


async def test_outbox_that_cannot_be_written_defers_everything(context: AdapterContext, tmp_path: Path):
    (tmp_path / "sandbox").write_text("a file where the folder should be")
    adapter = SandboxProvider().open({}, context)
    results = await adapter.send([letter(1), letter(2, recipient="nobody")])
    checked = await adapter.check()
    await adapter.close()
    assert [each.outcome for each in results] == [Outcome.DEFERRED, Outcome.REJECTED]
    for result in (results[0], checked):
        assert (result.outcome, result.fault) == (Outcome.DEFERRED, Fault.CONNECTION)
        assert "cannot be written" in result.reason


def deliver_many(home: Path, first: int, accepted: "multiprocessing.Queue[int]") -> None:
    async def run() -> int:
        adapter = SandboxProvider().open({}, AdapterContext(workspace_id=7, connection_id=1, home=home))
        count = 0
        for start in range(first, first + 400, 50):
            results = await adapter.send([letter(number) for number in range(start, start + 50)])
            count += sum(each.outcome is A for each in results)
        await adapter.close()
        return count

    accepted.put(asyncio.run(run()))


def test_processes_share_one_outbox_from_its_first_moment(tmp_path: Path):
    spawn = multiprocessing.get_context("spawn")
    accepted = spawn.Queue()
    workers = [
        spawn.Process(target=deliver_many, args=(tmp_path, start, accepted)) for start in (0, 200, 400)
    ]
    for each in workers:
        each.start()
    counts = [accepted.get(timeout=60) for _ in workers]
    for each in workers:
        each.join(30)
    assert counts == [400, 400, 400]
    assert Outbox(tmp_path).count(7) == 800, "two in three deliver the same 200 messages"

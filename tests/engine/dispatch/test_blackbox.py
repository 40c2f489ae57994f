"""What an engine that is gone left behind: only what it had handed over without an answer is in doubt."""

import asyncio
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from mailgenius.channels.contract import Capabilities, Channel, OutgoingMessage, SendResult, Witness
from mailgenius.engine.dispatch import blackbox
from mailgenius.engine.dispatch.blackbox import BlackBox, boxes, left_behind
from mailgenius.engine.dispatch.dispatcher import Dispatcher, Pump
from mailgenius.engine.dispatch.hearing import hear_the_dead
from mailgenius.engine.ledger.model import Claim, QueuedMessage
from mailgenius.engine.pacing.groups import Mailboxes
from mailgenius.kit.db.database import Database
from mailgenius.product.leads import service as leads
from tests.engine.dispatch.test_dispatcher import ended, until
from tests.factories.engine import ACCEPTED, Peer, Peers, PlainComposer, make_order

CLAIM = Claim(
    workspace_id=1,
    batch_id=2,
    order_id=3,
    connection_id=4,
    owner="e/1",
    first_id=1,
    last_id=9,
    size=9,
    faults=0,
)
WINDOW = [
    QueuedMessage(id=number, lead_id=None, address=f"{number}@example.com", attempts=0)
    for number in (1, 2, 3)
]


def box_of_the_dead(folder: Path) -> Path:
    box = BlackBox(folder, CLAIM)
    box.opens(WINDOW, deduplicates=False)
    box.begins([1])
    box.ends(1, ACCEPTED)
    box.begins([2])
    box.close()
    return boxes(folder)[0]


def test_a_box_tells_what_was_handed_over_and_what_was_answered(tmp_path: Path):
    with left_behind(box_of_the_dead(tmp_path)) as said:
        assert said is not None
        assert (said.claim, said.messages) == (CLAIM, WINDOW)
        assert said.begun == {1, 2}
        assert said.results == {1: ACCEPTED}
    assert not boxes(tmp_path)


def test_a_new_window_makes_the_one_before_forgotten(tmp_path: Path):
    box = BlackBox(tmp_path, CLAIM)
    box.opens(WINDOW[:2], deduplicates=False)
    box.begins([1, 2])
    box.opens(WINDOW[2:], deduplicates=True)
    box.close()
    with left_behind(boxes(tmp_path)[0]) as said:
        assert said is not None
        assert (said.messages, said.deduplicates, said.begun, said.results) == (WINDOW[2:], True, set(), {})


def test_the_box_of_an_engine_that_lives_is_left_alone(tmp_path: Path):
    box = BlackBox(tmp_path, CLAIM)
    with left_behind(boxes(tmp_path)[0]) as said:
        assert said is None
    assert len(boxes(tmp_path)) == 1
    box.discard()
    box.close()
    assert not boxes(tmp_path)


def test_a_box_that_could_not_be_made_use_of_stays(tmp_path: Path):
    path = box_of_the_dead(tmp_path)
    with pytest.raises(ConnectionError), left_behind(path):
        raise ConnectionError
    assert boxes(tmp_path) == [path]


def test_a_line_that_was_not_finished_does_not_count(tmp_path: Path):
    path = box_of_the_dead(tmp_path)
    path.write_bytes(path.read_bytes() + b'["begun",[3')
    with left_behind(path) as said:
        assert said is not None
        assert said.begun == {1, 2}


def test_a_box_of_before_the_machine_was_started_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = box_of_the_dead(tmp_path)
    monkeypatch.setattr(blackbox, "_BOOT_ID", tmp_path / "boot")
    (tmp_path / "boot").write_text("another-boot\n")
    blackbox.boot_id.cache_clear()
    try:
        with left_behind(path) as said:
            assert said is None
    finally:
        blackbox.boot_id.cache_clear()
    assert not boxes(tmp_path)


def test_where_nothing_can_be_noted_there_is_no_box(tmp_path: Path):
    box = BlackBox(tmp_path, CLAIM)
    box.opens(WINDOW, deduplicates=False)
    os.dup2(os.open("/dev/full", os.O_WRONLY), box._file)  # From now on the disk is full.
    box.begins([1])
    assert not boxes(tmp_path)
    box.begins([2])
    box.ends(2, ACCEPTED)
    box.close()


def test_a_line_that_a_full_disk_took_half_of_ends_the_box(tmp_path: Path):
    box = BlackBox(tmp_path, CLAIM)
    box.opens(WINDOW, deduplicates=False)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (boxes(tmp_path)[0].stat().st_size + 5, usual[1]))
    try:
        box.begins([1, 2, 3])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert not boxes(tmp_path)
    box.close()


async def test_a_box_that_cannot_be_read_stops_no_other(db: Database, tmp_path: Path):
    box_of_the_dead(tmp_path)
    unreadable = tmp_path / f"0{blackbox.ENDING}"
    unreadable.symlink_to(unreadable)
    assert boxes(tmp_path)[0] == unreadable
    await hear_the_dead(
        db, folder=tmp_path, owner="e/2", lease=timedelta(seconds=9), shard=0, mailboxes=Mailboxes(db)
    )
    assert boxes(tmp_path) == [unreadable]


@dataclass
class Silent(Peer):
    """Tells of each hand-over, answers all but the last of `most`, and is silent from then on."""

    most: int = 30

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(channel=Channel.EMAIL, tells=True)

    async def send(
        self, messages: Sequence[OutgoingMessage], witness: Witness | None = None
    ) -> list[SendResult]:
        assert witness
        for message in messages:
            witness.begins([message.message_id])
            self.taken.append((0.0, message.recipient))
            if len(self.taken) >= self.most:
                self.entered.set()
                await asyncio.Event().wait()
            witness.ends(message.message_id, ACCEPTED)
        return [ACCEPTED] * len(messages)


def engine(db: Database, peer: Peer, folder: Path) -> Dispatcher:
    return Dispatcher(
        db,
        recipients=leads,
        make_composer=PlainComposer,
        source=Peers(default=peer),
        # Nobody may get at a message because a lease ran out.
        pump=Pump(idle_s=0.05, lease=timedelta(hours=1), batches_of_connection=1),
        boxes=folder,
    )


async def test_only_what_was_handed_over_without_an_answer_is_unknown(
    db: Database, workspace_id: int, tmp_path: Path
):
    silent, willing = Silent(), Peer()
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=300)
    running = asyncio.create_task(engine(db, silent, tmp_path).run(asyncio.Event()))
    async with asyncio.timeout(60):
        await silent.entered.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    stop = asyncio.Event()
    after = asyncio.create_task(engine(db, willing, tmp_path).run(stop))
    try:
        found = await until(db, workspace_id, order_id, ended)
    finally:
        stop.set()
        await after
    assert found == {"accepted": 299, "unknown": 1}
    assert len(silent.addresses) == 30
    assert sorted(silent.addresses + willing.addresses) == sorted(set(silent.addresses + willing.addresses))
    assert not boxes(tmp_path)

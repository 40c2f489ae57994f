"""Single messages through the real engine into the sandbox: their data, who gets them, what they carry."""

import asyncio
from datetime import timedelta

from mailgenius.channels.sandbox.outbox import Outbox
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.suppression import service as suppression
from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.services import Services
from mailgenius.processes.engine import run_engine
from mailgenius.product.messages import service as messages
from mailgenius.product.messages.model import Make, MessageInput, Words
from tests.factories.campaigns import make_sandbox

WORDS = Words(
    subject="Code {{ data.code }}",
    html="<p>Dear {{ data.name }}, <a href='https://example.com/{{ data.code }}'>here</a></p>",
)
MAKE = Make(words=WORDS, sender_email="shop@example.com")
DATA = {"code": 17, "name": "<Ana>"}


async def send(db: Database, workspace_id: int, *wanted: MessageInput) -> list[int]:
    async with db.tenant(workspace_id) as tx:
        sent = await messages.send_batch(tx, workspace_id=workspace_id, messages=wanted)
    assert all(each.id is not None for each in sent), sent
    return [each.id for each in sent if each.id is not None]


async def ended(services: Services, workspace_id: int, ids: list[int]) -> dict[int, str]:
    """Run the engine until these messages have left or were held back; return their states."""
    stop = asyncio.Event()
    engine = asyncio.create_task(run_engine(services, stop))
    try:
        async with asyncio.timeout(90):
            while True:
                async with services.db.tenant(workspace_id) as tx:
                    found = [
                        await ledger.get_message(tx, workspace_id=workspace_id, message_id=each)
                        for each in ids
                    ]
                states = {each.id: each.state.value for each in found}
                if not {"queued", "sending", "deferred"} & set(states.values()):
                    return states
                await asyncio.sleep(0.1)
    finally:
        stop.set()
        await engine


async def test_each_has_its_own_data_and_reaches_whom_it_may(
    services: Services, db: Database, workspace_id: int
):
    await make_sandbox(db, services.keys, workspace_id)
    people = ("ana", "left", "asked", "dead", "later")
    async with db.trusted() as tx:
        for name, reason in (("left", "unsubscribed"), ("asked", "unsubscribed"), ("dead", "bounced")):
            await suppression.add(
                tx,
                workspace_id=workspace_id,
                channel="email",
                addresses=[f"{name}@example.com"],
                reason=reason,
            )
    receipt = Make(words=WORDS, sender_email="shop@example.com", transactional=True, unsubscribe=True)
    makes = {"asked": receipt, "dead": receipt}
    soon = clock.now() + timedelta(seconds=1)
    ids = await send(
        db,
        workspace_id,
        *(
            MessageInput(
                make=makes.get(name, MAKE),
                to=f"{name}@example.com",
                data=DATA | {"code": place},
                send_at=soon if name == "later" else None,
            )
            for place, name in enumerate(people)
        ),
    )
    states = await ended(services, workspace_id, ids)
    assert [states[each] for each in ids] == [
        "accepted", "suppressed", "accepted", "suppressed", "accepted"
    ]  # fmt: skip
    outbox = Outbox(services.settings.home)
    got = {entry.recipient: entry for entry in outbox.list(workspace_id)}
    assert set(got) == {"ana@example.com", "asked@example.com", "later@example.com"}
    plain = outbox.get(workspace_id, ids[0])
    assert plain is not None
    assert got["ana@example.com"].subject == "Code 0"
    assert "Dear &lt;Ana&gt;" in plain.html
    assert "/c/" in plain.html
    assert b"List-Unsubscribe" not in plain.raw
    leavable = outbox.get(workspace_id, ids[2])
    assert leavable is not None
    assert b"List-Unsubscribe" in leavable.raw
    async with db.trusted() as tx:
        assert (await ledger.conservation(tx, workspace_id=workspace_id)).holds
        waited = await messages.get(tx, workspace_id=workspace_id, message_id=ids[4])
    assert waited.updated_at >= soon

"""`bench messages`: how many transactional messages a second the JSON API takes in, each stored for good."""

import asyncio
import json
import time
from dataclasses import dataclass

import aiohttp

from mailgenius.cli.bench.rooms import bench_settings
from mailgenius.cli.output import say
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Limits
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.scratch import time_plain_copy
from mailgenius.kit.ports import free_port
from mailgenius.kit.services import Services
from mailgenius.ops.bench_sink import BenchFailed
from mailgenius.processes.roles import Role
from mailgenius.processes.services import open_services
from mailgenius.processes.start import Installation, Plan, installation
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import TemplateInput
from mailgenius.product.workspaces import service as workspaces

BATCH = 1000
CALLERS = 4
"""Calls under way at the same time."""
HTML = "<p>Hello {{ data.name }}, your code is <b>{{ data.code }}</b>. <a href='https://example.com'>Shop</a></p>"


@dataclass(frozen=True, kw_only=True)
class MessagesResult:
    """What `bench messages` saw. Limit is a plain COPY of as many rows into a table like that of messages."""

    rate: float
    limit: float
    ratio: float
    messages: int
    seconds: float
    batch: int


async def bench_messages(messages: int) -> MessagesResult:
    """Post batches to the API of an installation of its own; the client runs beside it on the same machine.

    Raises:
        BenchFailed: an answer was not what it should be, or the books do not balance.
    """
    with bench_settings() as settings:
        plan = Plan(roles=(Role.WEB,), port=free_port())
        async with (
            installation(settings, plan, asyncio.Event()) as running,
            open_services(settings) as services,
        ):
            key, template_id, workspace_id = await _prepare(services)
            say(f"Posting {messages} messages in batches of {BATCH}")
            await _post(running, key, template_id, numbers=range(CALLERS * BATCH))  # Warms it up.
            started = time.monotonic()
            await _post(running, key, template_id, numbers=range(messages))
            seconds = time.monotonic() - started
            async with services.db.trusted() as tx:
                books = await ledger.conservation(tx, workspace_id=workspace_id)
            expected = {MessageState.QUEUED: messages + CALLERS * BATCH}
            if not books.holds or books.found != expected:
                raise BenchFailed(detail=f"the ledger says {dict(books.found)}, {books.imbalances}")
            limit = messages / await _copy_seconds(settings.database_url, workspace_id, messages)
    return MessagesResult(
        rate=round(messages / seconds, 1),
        limit=round(limit, 1),
        ratio=round(messages / seconds / limit, 3),
        messages=messages,
        seconds=round(seconds, 2),
        batch=BATCH,
    )


async def _prepare(services: Services) -> tuple[str, int, int]:
    async with services.db.trusted() as tx:
        workspace_id = (await workspaces.create_workspace(tx, name="Bench")).id
        made = await workspaces.create_api_key(
            tx, workspace_id=workspace_id, name="Bench", scopes=("messages:send",), created_by=None
        )
        await connections.create(
            tx,
            workspace_id=workspace_id,
            name="Nowhere",
            channel="email",
            provider="sandbox",
            settings={},
            limits=Limits(),
            keys=services.keys,
        )
        template = await templates.create(
            tx,
            workspace_id=workspace_id,
            template=TemplateInput(name="Code", subject="{{ data.code }} is your code", source=HTML),
        )
    return made.key, template.id, workspace_id


async def _post(running: Installation, key: str, template_id: int, *, numbers: range) -> None:
    """Post all numbers, some batches at a time. Encoding them is part of it, as in a customer's program."""
    waiting = iter(range(numbers.start, numbers.stop, BATCH))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    async def caller(session: aiohttp.ClientSession) -> None:
        for start in waiting:
            body = {
                "template_id": str(template_id),
                "sender": {"email": "shop@example.com", "name": "Shop"},
                "messages": [
                    {"to": f"ana.{n}@example.com", "data": {"name": f"Ana {n}", "code": str(100_000 + n)}}
                    for n in range(start, min(start + BATCH, numbers.stop))
                ],
            }
            once = {"Idempotency-Key": f"bench-{numbers.stop}-{start}"}
            async with session.post("/api/v1/messages/batch", data=json.dumps(body), headers=once) as answer:
                found = await answer.json()
                if answer.status != 200 or found["rejected"]:  # noqa: PLR2004  # The one good answer.
                    raise BenchFailed(detail=f"the API answered {answer.status}: {str(found)[:300]}")

    async with aiohttp.ClientSession(base_url=str(running.address), headers=headers) as session:
        await asyncio.gather(*(caller(session) for _ in range(CALLERS)))


async def _copy_seconds(url: str, workspace_id: int, messages: int) -> float:
    columns = ("workspace_id", "id", "order_id", "batch_id", "address")
    rows = [f"{workspace_id}\t{n}\t1\t1\tana.{n}@example.com\n".encode() for n in range(messages)]
    return await time_plain_copy(url, table="messages", columns=columns, streams=[rows])

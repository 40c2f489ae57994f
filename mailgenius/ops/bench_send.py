"""How fast this machine sends: the real engine against a sink, beside the fastest plain sender there is.

Everything is real and of this run: an embedded PostgreSQL in a folder of its own, leads, an order with a
personalised message of about 4 KB with five followed links and a pixel, the engine as its own process, and
the packaged SMTP sink as another. The rate is taken at the sink, from the first message to the last.
The limit is what `smtp-source` of Postfix pushes into the same sink, or our own adapter without a database.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from mailgenius.channels.contract import Channel
from mailgenius.channels.email.dkim_keys import DkimAlgorithm
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import MessageState, OrderContent, OrderState
from mailgenius.engine.sender_domains import service as sender_domains
from mailgenius.engine.sender_domains.model import Finding, Findings, Found
from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.transaction import Tx
from mailgenius.ops.bench_cost import Meter
from mailgenius.ops.bench_place import (
    connect,
    database_of,
    open_order,
    scratch_installation,
    start_engine,
)
from mailgenius.ops.bench_sink import (
    BenchFailed,
    Measured,
    Sink,
    limit,
    plain_sender,
    running_sink,
    stop,
    watch,
)
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Audience, LeadInput
from mailgenius.product.workspaces import service as workspaces

CHUNK = 5000
PATIENCE_S = 30
MOST_OF_LIMIT = 50_000
"""Messages of the limit: more would not tell more."""

Progress = Callable[[str], None]


async def bench_send(
    *,
    messages: int,
    home: Path | None = None,
    engines: int = 1,
    dkim: DkimAlgorithm | None = None,
    progress: Progress | None = None,
) -> dict[str, float | int | str]:
    """Send `messages` for real, and return rate, limit, ratio and how they came about.

    Args:
        messages: how many; below some thousands the figure says little.
        engines: engine processes side by side.
        dkim: what signs each message; nothing does when None.
        home: where to make the scratch folder, which goes away at the end; the system's place when None.
        progress: told what goes on, in words for people.

    Raises:
        BenchFailed: a process died, a message was lost or repeated, or it took too long.
    """
    tell = progress or (lambda _: None)
    with scratch_installation(home) as settings:
        async with running_sink(settings.home) as sink:
            tell(f"Writing {messages} leads and their order")
            order = await _prepare(settings, sink, messages, dkim)
            tell("Sending through the engine")
            ours, cost = await _send(settings, sink, order, messages=messages, engines=engines)
            size = (await sink.counts())["bytes"] // messages
            tell(f"{ours.rate:.0f} messages a second; measuring the limit against the same sink")
            pushed = min(messages, MOST_OF_LIMIT)
            source, plain = await limit(
                sink, pushed, program=plain_sender(), folder=settings.home, message_bytes=size
            )
            pushed_bytes = (await sink.counts())["bytes"] - size * messages
    return {
        "rate": round(ours.rate, 1),
        "limit": round(plain.rate, 1),
        "ratio": round(ours.rate / plain.rate, 3) if plain.rate else 0.0,
        "messages": messages,
        "seconds": round(ours.seconds, 2),
        "engines": engines,
        "dkim": dkim or "none",
        "message_bytes": size,
        "limit_bytes": pushed_bytes // pushed,
        **cost,
        "limit_source": source,
    }


def sample_content() -> OrderContent:
    """Return a message of about 4 KB: personal, with five followed links, a pixel, and both parts."""
    rows = "".join(
        '<tr><td style="padding:16px 24px;font:16px/24px Arial,sans-serif;color:#1f2937">'
        f'<h2 style="margin:0 0 8px">Offer {n} for {{{{ lead.name }}}}</h2><p style="margin:0 0 12px">'
        "Chosen for our readers in {{ lead.fields.city }}, only this week and while stocks last. Come and "
        "see it in the shop around the corner, or have it brought to your door for free. Not happy "
        "with it? Bring it back within thirty days and we return the money, no questions asked.</p>"
        f'<a style="color:#2563eb" href="https://shop.example.com/offers/{n}?ref=autumn&amp;pos={n}">'
        "See the offer</a></td></tr>\n"
        for n in range(1, 6)
    )
    return OrderContent(
        sender_email="news@shop.example.com",
        sender_name="The Shop",
        reply_to="",
        subject="{{ lead.name }}, five offers for {{ lead.fields.city }}",
        preheader="Only this week",
        html=(
            '<!doctype html><html lang="en"><body style="margin:0;background:#f3f4f6"><table width="600">'
            f'{rows}<tr><td><a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a></td></tr>'
            "</table></body></html>"
        ),
        text=(
            "Hello {{ lead.name }},\n\nfive offers for {{ lead.fields.city }} wait for you in the shop.\n\n"
            "Unsubscribe: {{ unsubscribe_url }}\n"
        ),
        campaign_name="Autumn",
    )


async def _prepare(
    settings: Settings, sink: Sink, messages: int, dkim: DkimAlgorithm | None
) -> tuple[int, int]:
    """Write the leads and an order to all of them; return its workspace and id."""
    async with database_of(settings) as db:
        async with db.trusted() as tx:
            workspace_id = (await workspaces.create_workspace(tx, name="Bench")).id
            connection_id = await connect(
                tx,
                workspace_id=workspace_id,
                settings=sink.connection_settings(),
                keys=Keys(settings.secret_key),
            )
            if dkim is not None:
                await _sign(tx, workspace_id=workspace_id, algorithm=dkim, keys=Keys(settings.secret_key))
            order_id = await open_order(
                tx, workspace_id=workspace_id, connection_id=connection_id, content=sample_content()
            )
        for start in range(0, messages, CHUNK):
            numbers = range(start, min(start + CHUNK, messages))
            await _add(db, workspace_id=workspace_id, order_id=order_id, numbers=numbers)
        async with db.trusted() as tx:
            await intake.seal(tx, workspace_id=workspace_id, order_id=order_id)
    return workspace_id, order_id


async def _sign(tx: Tx, *, workspace_id: int, algorithm: DkimAlgorithm, keys: Keys) -> None:
    """Have the sender's domain sign, as if its record had been seen: nobody here checks signatures."""
    domain = await sender_domains.add(
        tx,
        workspace_id=workspace_id,
        domain=sample_content().sender_email,
        pairs=await sender_domains.make_keys([algorithm]),
        keys=keys,
    )
    seen = Found(finding=Finding.GOOD)
    findings = Findings(keys={key.selector: seen.finding for key in domain.keys}, spf=seen, dmarc=seen)
    place = {"workspace_id": workspace_id, "domain_id": domain.id}
    await sender_domains.note_findings(tx, **place, findings=findings)
    await sender_domains.set_signing(tx, **place, signing=True)


async def _add(db: Database, *, workspace_id: int, order_id: int, numbers: range) -> None:
    people = [
        LeadInput(
            email=f"ana.{number}@example.com",
            name=f"Ana Souza {number}",
            fields={"city": "São Paulo", "points": str(number)},
        )
        for number in numbers
    ]
    async with db.trusted() as tx:
        before = await leads.max_lead_id(tx, workspace_id=workspace_id)
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=people, source="bench")
        recipients = await leads.audience_chunk(
            tx,
            workspace_id=workspace_id,
            audience=Audience(all=True),
            channel=Channel.EMAIL,
            after_id=before,
            until_id=await leads.max_lead_id(tx, workspace_id=workspace_id),
            limit=len(people),
        )
        await intake.accept(tx, workspace_id=workspace_id, order_id=order_id, recipients=recipients)


async def _send(
    settings: Settings, sink: Sink, order: tuple[int, int], *, messages: int, engines: int
) -> tuple[Measured, dict[str, float]]:
    log = settings.home / "engine.log"
    with log.open("w") as output:
        running = [await start_engine(settings, output) for _ in range(engines)]
    meter = Meter(
        engines=[engine.pid for engine in running],
        postgres=_postgres(settings),
        sink=sink.pid,
        messages=messages,
    )
    try:
        measured = await watch(sink, messages, running[0], look=meter.look)
        await _verify(settings, order, messages)
    except BenchFailed as error:
        raise BenchFailed(detail=f"{error.values['detail']}. {log.read_text()[-800:]}") from error
    finally:
        for engine in running:
            await stop(engine)
    recorded = sink.recorded()
    if not len(recorded) == len(set(recorded)) == messages:
        raise BenchFailed(detail=f"{len(recorded)} messages came, {len(set(recorded))} of them different")
    return measured, meter.result()


def _postgres(settings: Settings) -> int:
    """Return the process id of the database server."""
    return int((EmbeddedPostgres(settings.home).data / "postmaster.pid").read_text().split(maxsplit=1)[0])


async def _verify(settings: Settings, order: tuple[int, int], messages: int) -> None:
    """Wait until the ledger says what the sink says."""
    workspace_id, order_id = order
    async with database_of(settings) as db:
        for _ in range(PATIENCE_S * 10):
            async with db.trusted() as tx:
                state = await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id)
            if state is OrderState.DRAINED:
                break
            await asyncio.sleep(0.1)
        async with db.trusted() as tx:
            books = await ledger.conservation(tx, workspace_id=workspace_id)
    if not books.holds or books.found != {MessageState.ACCEPTED: messages}:
        raise BenchFailed(detail=f"the ledger says {dict(books.found)}, {books.imbalances}")

"""The loop of an engine: look for work, run several batches side by side, stop cleanly."""

import asyncio
import os
import random
import secrets
import socket
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from mailgenius.engine.connections import service as connections
from mailgenius.engine.dispatch import metrics
from mailgenius.engine.dispatch.batch_run import BatchRun
from mailgenius.engine.dispatch.blackbox import black_box
from mailgenius.engine.dispatch.composers import Composers
from mailgenius.engine.dispatch.ending import Ending
from mailgenius.engine.dispatch.keeper import Keeper
from mailgenius.engine.dispatch.ports import ComposerFactory, ConnectionSource, RecipientSource, SignerSource
from mailgenius.engine.dispatch.senders import Senders, SenderUnusable
from mailgenius.engine.dispatch.work import Pump as Pump, Work
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import Claim, Order, QueuedMessage
from mailgenius.engine.ledger.service import Look
from mailgenius.engine.pacing import rotation
from mailgenius.engine.retries import service as retries
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger

COUNTER_SHARDS = 1024
NO_CONNECTION = timedelta(seconds=0.5)
"""How long a batch waits that finds no connection to be sent through."""
FAIL_OVER = timedelta(seconds=0.1)
"""How soon a batch of an order without a connection of its own is taken again when its connection cannot."""

log = logger(__name__)


class Dispatcher:
    """One engine. Several may run on one database, in one process or in many."""

    def __init__(
        self,
        db: Database,
        *,
        recipients: RecipientSource,
        make_composer: ComposerFactory,
        source: ConnectionSource,
        signers: SignerSource | None = None,
        pump: Pump | None = None,
        boxes: Path | None = None,
    ) -> None:
        self._db = db
        self._boxes = boxes
        self._recipients = recipients
        self._pump = pump = pump or Pump()
        self._senders = Senders(db, source, signers)
        self._composers = Composers(db, make_composer)
        self._engine = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._leases = 0
        # Batches that run side by side write different shards of the counters, or they would queue up there.
        first = random.randrange(COUNTER_SHARDS)  # noqa: S311  # Spreads load, hides nothing.
        shards = [(first + number) % COUNTER_SHARDS for number in range(1 + pump.batches + pump.urgent)]
        self._work = Work(shards=shards[1:])
        self._ended_one = asyncio.Event()
        self._keeper = Keeper(
            db,
            engine=self._engine,
            lease=self._pump.lease,
            shard=shards[0],
            senders=self._senders,
            work=self._work,
            boxes=boxes,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Move messages until `stop` is set; then finish the open windows, settle and give the rest back."""
        log.info("engine started", engine=self._engine)
        ended = asyncio.Event()
        keeper = asyncio.create_task(self._keeper.run(ended))
        try:
            await self._pump_until(stop)
            await self._drain()
        finally:
            for task in self._work.claims:
                task.cancel()
            await asyncio.gather(*self._work.claims, return_exceptions=True)
            ended.set()
            await keeper
            await self._senders.close()
            log.info("engine stopped", engine=self._engine)

    async def _pump_until(self, stop: asyncio.Event) -> None:
        pause = self._pump.idle_s
        while not stop.is_set():
            if len(self._work.claims) >= self._pump.batches + self._pump.urgent:
                await self._rest(stop, 1.0)
                continue
            try:
                look = await self._look()
            except Unavailable as error:
                log.warning("the database is away", detail=error.message)
                pause = min(pause * 2, 5.0)
                await self._rest(stop, pause)
                continue
            pause = self._pump.idle_s
            if look.claim:
                self._start(look.claim, look.messages, stop)
            elif look.lane is None or len(self._work.claims) >= self._pump.batches:
                await self._rest(stop, pause)

    async def _look(self) -> Look:
        """Look for a batch: of messages that somebody waits for, else of any others when there is room."""
        self._ended_one.clear()
        urgent = await self._look_among(
            most_priority=ledger.URGENT, of_connection=self._pump.batches_of_connection + self._pump.urgent
        )
        if urgent.claim or len(self._work.claims) >= self._pump.batches:
            return urgent
        return await self._look_among(
            most_priority=ledger.ANY_PRIORITY, of_connection=self._pump.batches_of_connection
        )

    async def _look_among(self, *, most_priority: int, of_connection: int) -> Look:
        self._leases += 1
        async with self._db.trusted() as tx:
            look = await ledger.claim(
                tx,
                owner=f"{self._engine}/{self._leases}",
                lease=self._pump.lease,
                blocked=self._senders.blocked() | self._work.busy(of_connection),
                skip=self._work.skipped(),
                most_priority=most_priority,
            )
            if look.claim:
                # Engines that begin together know of each other before the next heartbeat.
                self._work.others = await ledger.other_engines(tx, engine=self._engine)
        metrics.CLAIMS.labels("yes" if look.claim else "no").inc()
        if look.lane and not look.claim and not look.at_rest and most_priority == ledger.ANY_PRIORITY:
            # Others may be able to serve it; we look again when one of our batches ends, or soon.
            self._work.skip[look.lane.key] = time.monotonic() + self._pump.idle_s
        return look

    async def _rest(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait until a batch has ended, `stop` is set, or the time is over."""
        waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(self._ended_one.wait())]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def _start(self, claim: Claim, messages: tuple[QueuedMessage, ...], stop: asyncio.Event) -> None:
        shard = self._work.shards.pop()
        task = asyncio.create_task(self._run_batch(claim, messages, shard, stop))
        self._work.claims[task] = claim
        metrics.BATCHES.set(len(self._work.claims))

        def ended(_: asyncio.Task[None]) -> None:
            del self._work.claims[task]
            self._work.runs.pop(task, None)
            self._work.shards.append(shard)
            self._work.skip.clear()
            self._ended_one.set()
            metrics.BATCHES.set(len(self._work.claims))

        task.add_done_callback(ended)

    async def _run_batch(
        self, claim: Claim, messages: tuple[QueuedMessage, ...], shard: int, stop: asyncio.Event
    ) -> None:
        """Work on one claim. Whatever goes wrong here, the lease ends or runs out, so nothing is lost."""
        try:
            await self._work_through(claim, messages, shard, stop)
        except Unavailable as error:
            log.warning("batch left to recovery", batch=claim.batch_id, detail=error.message)
        except Exception:
            log.exception("batch left to recovery", workspace=claim.workspace_id, batch=claim.batch_id)

    async def _work_through(
        self, claim: Claim, messages: tuple[QueuedMessage, ...], shard: int, stop: asyncio.Event
    ) -> None:
        order, composer = await self._composers.of_order(claim.workspace_id, claim.order_id)
        chosen = await self._through(claim, order)
        if chosen is None:
            await self._give_back(claim, messages, shard, wait=NO_CONNECTION)
            return
        claim, automatic = chosen, not claim.connection_id
        key = (claim.workspace_id, claim.connection_id)
        try:
            async with self._senders.use(key) as sender, black_box(self._boxes, claim) as box:
                run = BatchRun(
                    self._db,
                    claim=claim,
                    messages=messages,
                    order=order,
                    composer=composer,
                    recipients=self._recipients,
                    sender=sender,
                    senders=self._senders,
                    shard=shard,
                    box=box,
                    longest_window=self._work.longest_window,
                )
                if task := asyncio.current_task():
                    self._work.runs[task] = run
                try:
                    ending = await run.run(stop)
                except Exception as error:
                    if run.on_wire:
                        raise
                    # A defect must not send the batch round and round: it waits longer each time.
                    log.exception("batch failed", workspace=claim.workspace_id, batch=claim.batch_id)
                    ending = Ending(fault="" if isinstance(error, Unavailable) else repr(error))
                if run.accepted_any:
                    self._senders.worked(key)
                wait, faults = self._judge(claim, ending, faults=0 if run.accepted_any else claim.faults)
                if automatic and (ending.fault or ending.connection_waits):
                    wait, faults = FAIL_OVER, 0
                await run.finish(wait=wait, faults=faults)
                if self._senders.on_trial(key) and not run.accepted_any and not ending.fault:
                    await self._end_trial(key)
        except SenderUnusable as error:
            wait, _ = self._judge(claim, Ending(fault=str(error)), faults=claim.faults)
            await self._give_back(claim, messages, shard, wait=FAIL_OVER if automatic else wait)
            async with self._db.trusted() as tx:
                await connections.trip(
                    tx,
                    workspace_id=claim.workspace_id,
                    connection_id=claim.connection_id,
                    reason=str(error),
                    waits=retries.AFTER_CONNECTION_FAULT,
                )

    async def _through(self, claim: Claim, order: Order) -> Claim | None:
        """Return the claim with the connection it is to be sent through; None when there is none now."""
        if not claim.connection_id:
            running = self._work.running()
            async with self._db.trusted() as tx:
                connection_id = await rotation.choose(
                    tx,
                    workspace_id=claim.workspace_id,
                    channel=order.channel,
                    sender_domain=order.content.sender_email.rpartition("@")[2].lower(),
                    blocked=[
                        number
                        for workspace, number in self._senders.blocked()
                        if workspace == claim.workspace_id
                    ],
                    running={
                        number: count
                        for (workspace, number), count in running.items()
                        if workspace == claim.workspace_id
                    },
                    most=self._pump.batches_of_connection,
                    sticks_to=claim.sticks_to,
                )
                if connection_id is not None:
                    await ledger.note_connection(tx, claim=claim, connection_id=connection_id)
            if connection_id is None:
                # Orders without a connection of their own rest here until one is free.
                self._senders.block((claim.workspace_id, 0), NO_CONNECTION)
                return None
            claim = replace(claim, connection_id=connection_id)
            if task := asyncio.current_task():
                self._work.claims[task] = claim
        return claim if await self._senders.may_use((claim.workspace_id, claim.connection_id)) else None

    async def _give_back(
        self, claim: Claim, messages: tuple[QueuedMessage, ...], shard: int, *, wait: timedelta
    ) -> None:
        async with self._db.trusted() as tx:
            await ledger.finish(tx, claim=claim, settlements=(), unsent=len(messages), shard=shard, wait=wait)

    async def _end_trial(self, key: tuple[int, int]) -> None:
        """Let the connection be tried again: this time it was neither seen to work nor to fail."""
        async with self._db.trusted() as tx:
            await connections.end_probe(tx, workspace_id=key[0], connection_id=key[1])

    def _judge(self, claim: Claim, ending: Ending, *, faults: int) -> tuple[timedelta, int]:
        """Return how long the batch should wait, and its faults in a row. Its connection rests as long."""
        key = (claim.workspace_id, claim.connection_id)
        if not ending.fault:
            if ending.connection_waits:
                self._senders.block(key, ending.wait)
                return ending.wait, 0
            return self._senders.crowd_wait(claim, ending.wait), 0
        wait = self._senders.failed(key, faults=faults, asked=ending.asked)
        log.warning(
            "connection left alone",
            workspace=claim.workspace_id,
            connection=claim.connection_id,
            seconds=wait.total_seconds(),
            reason=ending.fault,
        )
        return wait, min(self._senders.faults(key), 100)

    async def _drain(self) -> None:
        if self._work.claims:
            await asyncio.wait(self._work.claims, timeout=self._pump.drain_s)

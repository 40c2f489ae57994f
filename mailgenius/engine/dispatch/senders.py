"""Open connections of this engine: one adapter for each, kept while it is current and of use."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import timedelta

from mailgenius.channels.contract import Adapter, MailSigner
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Circuit, Connection
from mailgenius.engine.dispatch.drip import Answers
from mailgenius.engine.dispatch.health import Health
from mailgenius.engine.dispatch.ports import ConnectionSource, SignerSource
from mailgenius.engine.ledger.model import Claim
from mailgenius.engine.pacing import service as pacing, usual
from mailgenius.engine.pacing.groups import Mailboxes
from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.model import Rate, Rules
from mailgenius.engine.retries import service as retries
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import MailGeniusError, Unavailable
from mailgenius.kit.logs import logger

LOOK_AGAIN_S = 1.0
"""How old our knowledge of a connection's version, of limits and of holds may be."""
IDLE_S = 300.0
"""An adapter that nobody used for this long is closed."""
LONGEST_WINDOW = 100
SHORTEST_WINDOW = 2
FIRST_WINDOW = 5
"""A peer whose speed is not known may be slow; one that is fast has long windows at once."""
WINDOW_S = 0.5
"""A window is kept so short that it is sent in about this time: what a crash leaves unknown, and how long a
hold takes to be felt, are bounded by it."""

PROBED_AGAIN = timedelta(seconds=1)
"""How long the others are kept off a connection that is being tried, until we look at the circuits again."""
CROWD_S = 60.0
CROWDED_S = 1.0
FIRST_READY_S = 0.02
LONGEST_READY_S = 0.5

Key = tuple[int, int]

log = logger(__name__)


class SenderUnusable(Exception):  # It says what is wrong, as our other errors do.
    """A connection cannot be opened at all: archived, of an unknown provider, its secrets unreadable."""


class Sender:
    """One open connection."""

    def __init__(self, connection: Connection, adapter: Adapter, rules: Rules) -> None:
        self.connection = connection
        self.adapter = adapter
        self.rules = rules
        self.answers = Answers()
        self.health = Health()
        self.ready_s = FIRST_READY_S
        """How long it takes from being given leave to the first message on the wire, as learnt."""
        self.looked_at = self.ruled_at = self.used_at = time.monotonic()
        self.users = 0
        self.retired = False
        self.troubled = bool(connection.last_error)
        self.rests = False
        """Its warm-up pauses: no more windows open, of whichever batch."""
        self._window = float(FIRST_WINDOW)

    @property
    def window(self) -> int:
        """Return how many messages the next window may hold."""
        return int(self._window)

    def took(self, messages: int, seconds: float) -> None:
        """Learn from the time a window took."""
        fitting = messages * WINDOW_S / max(seconds, 0.001)
        # Shorter at once, longer step by step.
        fitting = min(fitting, (self._window + fitting) / 2)
        self._window = min(LONGEST_WINDOW, max(SHORTEST_WINDOW, fitting))

    def was_ready_in(self, seconds: float) -> None:
        """Learn from the time that the opening of a paced window took."""
        self.ready_s = min(LONGEST_READY_S, 0.8 * self.ready_s + 0.2 * (seconds * 1.5 + 0.002))

    def hold(self, group: MailboxGroup, wait: timedelta) -> None:
        """Know of a hold before the database tells us of it."""
        held = {**self.rules.held_s, group: max(self.rules.held_s.get(group, 0.0), wait.total_seconds())}
        self.rules = replace(self.rules, held_s=held)


class Senders:
    """Opens, shares and closes senders, and remembers which connections to leave alone for now."""

    def __init__(self, db: Database, source: ConnectionSource, signers: SignerSource | None = None) -> None:
        self._db = db
        self._source = source
        self._signers = signers
        self._open: dict[Key, Sender] = {}
        self.mailboxes = Mailboxes(db)
        self._retired: set[Sender] = set()
        self._faults: dict[Key, int] = {}
        self._blocked: dict[Key, float] = {}
        self._circuits: dict[Key, Circuit] = {}
        self._circuits_at = 0.0
        self._crowds: dict[Key, set[int]] = {}
        self._crowds_since = 0.0

    @asynccontextmanager
    async def use(self, key: Key) -> AsyncIterator[Sender]:
        """Lend the sender of a connection.

        Raises:
            SenderUnusable: it cannot be opened.
        """
        sender = await self._current(key)
        sender.users += 1
        try:
            yield sender
        finally:
            sender.users -= 1
            sender.used_at = time.monotonic()
            if sender.retired and not sender.users:
                await self._close(sender)

    async def freshen(self, key: Key, sender: Sender) -> None:
        """Read again what a connection has to keep to, when what we know is older than a second."""
        now = time.monotonic()
        if now - sender.ruled_at < LOOK_AGAIN_S:
            return
        sender.ruled_at = now
        async with self._db.trusted() as tx:
            sender.rules = await _rules(tx, key, sender.connection)

    async def signer(self, workspace_id: int, address: str) -> MailSigner | None:
        """Return what signs the mail of a sender; None when nothing does."""
        return await self._signers.of_sender(workspace_id, address) if self._signers else None

    def blocked(self) -> set[Key]:
        """Return the connections to leave alone at the moment."""
        now = time.monotonic()
        self._blocked = {key: until for key, until in self._blocked.items() if until > now}
        age = now - self._circuits_at
        resting = {key for key, circuit in self._circuits.items() if circuit.rests_s > age or circuit.probed}
        return set(self._blocked) | resting

    async def look_at_circuits(self) -> None:
        """Learn which connections other engines found not to work, and which of them work again."""
        async with self._db.trusted() as tx:
            found = await connections.circuits(tx)
        self._circuits = {(each.workspace_id, each.connection_id): each for each in found}
        self._circuits_at = time.monotonic()
        resting = {key for key, circuit in self._circuits.items() if circuit.pauses_warm_up}
        for key, sender in self._open.items():
            sender.rests = key in resting and self._circuits[key].rests_s > 0

    async def may_use(self, key: Key) -> bool:
        """Say whether a connection may be used: one that did not work is tried by one engine alone."""
        if key not in self._circuits:
            return True
        workspace_id, connection_id = key
        async with self._db.trusted() as tx:
            mine = await connections.begin_probe(tx, workspace_id=workspace_id, connection_id=connection_id)
        self.block(key, PROBED_AGAIN)
        return mine

    def on_trial(self, key: Key) -> bool:
        """Say whether a connection is being tried after it did not work."""
        return key in self._circuits

    def block(self, key: Key, wait: timedelta) -> None:
        """Leave a connection alone for a while, because its pace is booked."""
        self._blocked[key] = max(self._blocked.get(key, 0.0), time.monotonic() + wait.total_seconds())

    def crowd_wait(self, claim: Claim, wait: timedelta) -> timedelta:
        """Return how long a batch should wait that found no leave, so that the many like it do not crowd in.

        The more of an order's batches found none lately, the longer each waits.
        """
        if not wait:
            return wait
        now = time.monotonic()
        if now - self._crowds_since > CROWD_S:
            self._crowds, self._crowds_since = {}, now
        crowd = self._crowds.setdefault((claim.workspace_id, claim.order_id), set())
        crowd.add(claim.batch_id)
        return max(wait, timedelta(seconds=min(CROWD_S, CROWDED_S * (len(crowd) - 1))))

    def failed(self, key: Key, *, faults: int, asked: timedelta | None = None) -> timedelta:
        """Note that a connection failed as a whole, and return how long to leave it alone.

        Windows that fail together, while it is already left alone, count once. A wait that the peer asked for
        is honoured as it is.
        """
        if key not in self.blocked():
            self._faults[key] = max(self._faults.get(key, 0), faults) + 1
        wait = asked or retries.connection_wait(max(self._faults.get(key, 1), 1))
        self.block(key, wait)
        return wait

    def faults(self, key: Key) -> int:
        """Return how often in a row a connection has failed."""
        return self._faults.get(key, 0)

    def worked(self, key: Key) -> None:
        """Note that messages went through."""
        self._faults.pop(key, None)
        if self._circuits.pop(key, None):
            self._blocked.pop(key, None)

    async def close_idle(self) -> None:
        """Close what nobody used for a while."""
        limit = time.monotonic() - IDLE_S
        for key, sender in list(self._open.items()):
            if not sender.users and sender.used_at < limit:
                del self._open[key]
                await self._close(sender)

    async def close(self) -> None:
        """Close all. Nobody may be using any."""
        for sender in [*self._open.values(), *self._retired]:
            await self._close(sender)
        self._open.clear()

    async def _current(self, key: Key) -> Sender:
        workspace_id, connection_id = key
        sender = self._open.get(key)
        if sender:
            sender.used_at = time.monotonic()  # Now, so that nobody closes it as idle while we look again.
            if sender.used_at - sender.looked_at < LOOK_AGAIN_S:
                return sender
        try:
            async with self._db.trusted() as tx:
                if sender:
                    found = await self._source.get(tx, workspace_id=workspace_id, connection_id=connection_id)
                    if found.version == sender.connection.version and not sender.retired:
                        sender.connection, sender.looked_at = found, time.monotonic()
                        return sender
                opened = await self._source.open(tx, workspace_id=workspace_id, connection_id=connection_id)
                rules = await _rules(tx, key, opened.connection)
        except Unavailable:
            raise  # The database is away: that says nothing about the connection.
        except MailGeniusError as error:
            raise SenderUnusable(error.message) from error
        # Another batch may have opened it while we waited; then theirs stays and ours was never used.
        other = self._open.get(key)
        if other is not None and other is not sender and not other.retired:
            await opened.adapter.close()
            return other
        fresh = Sender(opened.connection, opened.adapter, rules)
        self._open[key] = fresh
        if sender:
            await self._retire(sender)
        return fresh

    async def _retire(self, sender: Sender) -> None:
        """Close an outdated sender when its last user is done with it."""
        sender.retired = True
        self._retired.add(sender)
        if not sender.users:
            await self._close(sender)

    async def _close(self, sender: Sender) -> None:
        self._retired.discard(sender)
        try:
            await sender.adapter.close()
        except Exception:
            # A provider that fails to say goodbye must not stop the engine; the sockets die with the object.
            log.exception("closing a connection failed", connection=sender.connection.id)


async def _rules(tx: Tx, key: Key, connection: Connection) -> Rules:
    workspace_id, connection_id = key
    own = replace(Rate(**asdict(connection.limits)), per_day=connection.ceiling or connection.per_day)
    return await pacing.rules(
        tx,
        workspace_id=workspace_id,
        connection_id=connection_id,
        connection=own,
        usual=usual.limits_for(connection.provider, connection.settings),
    )

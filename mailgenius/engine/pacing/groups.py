"""Sorting recipients into groups of mailboxes: known domains from memory, others looked up meanwhile.

A domain that is not known yet counts as `other`; nobody waits for the DNS to send.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import timedelta

from mailgenius.engine.pacing import queries
from mailgenius.engine.pacing.mailboxes import WELL_KNOWN, MailboxGroup, by_mx, domain_of
from mailgenius.kit.db.database import Database
from mailgenius.kit.mail_servers import MailServers

MOST_KNOWN = 100_000
"""Domains kept in memory; when there are more, those that were met first are forgotten."""
AT_ONCE = 200
LOOKUPS_AT_ONCE = 20
KEPT_FOR = timedelta(days=7)
ASK_AGAIN = timedelta(minutes=10)
"""After so long a domain that nobody answered for is asked about again; memory asks the database again."""


class Mailboxes:
    """What one engine knows of domains. Shared by all its batches."""

    def __init__(self, db: Database, servers: MailServers | None = None) -> None:
        self._db = db
        self._servers = servers or MailServers()
        self._known: dict[str, tuple[MailboxGroup, float]] = {}
        """The group of each domain, and until when (monotonic clock) nobody need ask again."""
        self._unknown: set[str] = set()

    def group_of(self, address: str) -> MailboxGroup:
        """Return the group an address belongs to, as far as is known now. Never waits."""
        domain = domain_of(address)
        if (well_known := WELL_KNOWN.get(domain)) is not None:
            return well_known
        group, until = self._known.get(domain, (MailboxGroup.OTHER, -math.inf))
        if time.monotonic() >= until and len(self._unknown) < MOST_KNOWN:
            self._unknown.add(domain)
        return group

    async def learn(self) -> int:
        """Find out about some domains that were asked for, and return how many. Call outside transactions."""
        domains = [self._unknown.pop() for _ in range(min(AT_ONCE, len(self._unknown)))]
        if not domains:
            return 0
        async with self._db.trusted() as tx:
            stored = await queries.domain_groups(tx, domains=domains)
        answers = await self._look_up([domain for domain in domains if domain not in stored])
        # Of whom nobody answered for, what is known already holds.
        fresh = {
            domain: group or self._known.get(domain, (MailboxGroup.OTHER, 0.0))[0]
            for domain, group in answers.items()
        }
        if fresh:
            async with self._db.trusted() as tx:
                await queries.store_domains(
                    tx,
                    groups=fresh,
                    kept_for={domain: KEPT_FOR if group else ASK_AGAIN for domain, group in answers.items()},
                )
        until = time.monotonic() + ASK_AGAIN.total_seconds()
        self._known |= {domain: (group, until) for domain, group in (stored | fresh).items()}
        for domain in list(self._known)[: max(0, len(self._known) - MOST_KNOWN)]:
            del self._known[domain]
        return len(domains)

    async def _look_up(self, domains: Sequence[str]) -> dict[str, MailboxGroup | None]:
        gate = asyncio.Semaphore(LOOKUPS_AT_ONCE)

        async def one(domain: str) -> tuple[str, MailboxGroup | None]:
            async with gate:
                hosts = await self._servers.of_domain(domain)
            return domain, None if hosts is None else by_mx(hosts)

        return dict(await asyncio.gather(*(one(domain) for domain in domains)))

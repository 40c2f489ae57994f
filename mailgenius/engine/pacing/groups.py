"""Sorting recipients into groups of mailboxes: known domains from memory, others looked up meanwhile.

A domain that is not known yet counts as `other`; nobody waits for the DNS to send.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from mailgenius.engine.pacing import queries
from mailgenius.engine.pacing.mailboxes import WELL_KNOWN, MailboxGroup, by_mx, domain_of
from mailgenius.kit.db.database import Database
from mailgenius.kit.mail_servers import MailServers

MOST_KNOWN = 100_000
"""Domains kept in memory; when there are more, all are forgotten and read again as they come."""
AT_ONCE = 200
LOOKUPS_AT_ONCE = 20
KEPT_FOR = timedelta(days=7)
ASK_AGAIN = timedelta(minutes=10)
"""After this long a domain that nobody answered for is asked about again."""


class Mailboxes:
    """What one engine knows of domains. Shared by all its batches."""

    def __init__(self, db: Database, servers: MailServers | None = None) -> None:
        self._db = db
        self._servers = servers or MailServers()
        self._known: dict[str, MailboxGroup] = {}
        self._unknown: set[str] = set()

    def group_of(self, address: str) -> MailboxGroup:
        """Return the group an address belongs to, as far as is known now. Never waits."""
        domain = domain_of(address)
        found = WELL_KNOWN.get(domain) or self._known.get(domain)
        if found is None:
            if len(self._unknown) < MOST_KNOWN:
                self._unknown.add(domain)
            return MailboxGroup.OTHER
        return found

    async def learn(self) -> int:
        """Find out about some domains that were asked for, and return how many. Call outside transactions."""
        domains = [self._unknown.pop() for _ in range(min(AT_ONCE, len(self._unknown)))]
        if not domains:
            return 0
        async with self._db.trusted() as tx:
            stored = await queries.domain_groups(tx, domains=domains)
        fresh = await self._look_up([domain for domain in domains if domain not in stored])
        if fresh:
            async with self._db.trusted() as tx:
                await queries.store_domains(
                    tx,
                    groups={domain: group or MailboxGroup.OTHER for domain, group in fresh.items()},
                    kept_for={domain: KEPT_FOR if group else ASK_AGAIN for domain, group in fresh.items()},
                )
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._known.update(stored)
        self._known.update({domain: group or MailboxGroup.OTHER for domain, group in fresh.items()})
        return len(domains)

    async def _look_up(self, domains: Sequence[str]) -> dict[str, MailboxGroup | None]:
        gate = asyncio.Semaphore(LOOKUPS_AT_ONCE)

        async def one(domain: str) -> tuple[str, MailboxGroup | None]:
            async with gate:
                hosts = await self._servers.of_domain(domain)
            return domain, None if hosts is None else by_mx(hosts)

        return dict(await asyncio.gather(*(one(domain) for domain in domains)))

"""The signers that an engine has at hand, one for each domain that it sends from and that signs.

What is known is looked at again every few seconds, so that a new key or a switch is felt soon; in between a
message costs a look into memory, and a domain that does not sign nothing more.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from mailgenius.channels.contract import MailSigner
from mailgenius.engine.sender_domains import service
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid

LOOK_AGAIN_S = 2.0
MOST_KNOWN = 1000
"""Domains kept in memory; when there are more, all are forgotten and read again as they come."""


@dataclass(frozen=True, slots=True)
class _Known:
    version: tuple[int, int] | None
    """Id and version of what signs; None: nothing does."""
    signer: MailSigner | None
    looked_at: float


class Signers:
    """What signs for whom. Shared by all batches of an engine."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._keys = keys
        self._known: dict[tuple[int, str], _Known] = {}
        self._looking = asyncio.Lock()

    async def of_sender(self, workspace_id: int, address: str) -> MailSigner | None:
        """Return what signs the messages of a sender; None when nothing does.

        Raises:
            SealBroken: its keys cannot be opened, and what should be signed does not leave without.
        """
        key = (workspace_id, address.rpartition("@")[2].lower())
        known = self._known.get(key)
        if known is None or _is_old(known):
            # One batch looks and the others wait: none may send unsigned because it came too early.
            async with self._looking:
                known = self._known.get(key)
                if known is None or _is_old(known):
                    known = await self._look(key, known)
        return known.signer

    async def _look(self, key: tuple[int, str], before: _Known | None) -> _Known:
        workspace_id, domain = key
        looked_at = time.monotonic()
        sealed = []
        with contextlib.suppress(Invalid):  # What is no domain of the DNS, such as "localhost", never signs.
            domain = service.domain_name(domain)
            async with self._db.trusted() as tx:
                sealed = await service.sealed_keys(tx, workspace_id=workspace_id, domain=domain)
        version = (sealed[0].domain_id, sealed[0].version) if sealed else None
        if version is None:
            signer = None
        elif before is not None and before.version == version:
            signer = before.signer
        else:
            signer = service.signer(sealed, workspace_id=workspace_id, domain=domain, keys=self._keys)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = _Known(version, signer, looked_at)
        return self._known[key]


def _is_old(known: _Known) -> bool:
    return time.monotonic() - known.looked_at >= LOOK_AGAIN_S

"""The rules of sender domains: a key signs only after its record was seen in the DNS, and is never shown.

Making keys takes processor time and asking the DNS takes patience: `make_keys` and `look_up` are for callers
to do before a transaction. Who may do what is the doors' business.
"""

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace

from mailgenius.channels.email.addresses import BadAddress, ascii_domain
from mailgenius.channels.email.dkim import DkimSigner, SigningKey
from mailgenius.channels.email.dkim_keys import DkimAlgorithm, KeyPair, load_private, new_key
from mailgenius.engine.sender_domains import queries
from mailgenius.engine.sender_domains.errors import DomainMissing, DomainTaken, KeyWaiting, NothingPublished
from mailgenius.engine.sender_domains.looking import look_up as look_up
from mailgenius.engine.sender_domains.model import RECORD_STAYS, Findings, KeyState, SenderDomain
from mailgenius.engine.sender_domains.queries import SealedKey
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changes
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.errors import UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid

_PURPOSE = "sender_domains"
_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(xn--[a-z0-9-]+|[a-z]{2,63})")
_note: audit.Noting[SenderDomain] = audit.noting(lambda domain: (domain.id, domain.domain))


def domain_name(typed: str) -> str:
    """Return a domain as the DNS writes it.

    Raises:
        Invalid: it is none; the problem names `domain`.
    """
    name = typed.strip().lower().rpartition("@")[2].rstrip(".")
    try:
        name = ascii_domain(name).lower()
    except BadAddress:
        name = ""
    if _NAME.fullmatch(name) is None:
        raise invalid("domain", "Enter a domain, such as example.com.")
    return name


async def make_keys(algorithms: Sequence[DkimAlgorithm]) -> list[KeyPair]:
    """Make a key of each kind, in a thread."""
    return [await asyncio.to_thread(new_key, algorithm) for algorithm in dict.fromkeys(algorithms)]


async def add(
    tx: Tx, *, workspace_id: int, domain: str, pairs: Sequence[KeyPair], keys: Keys
) -> SenderDomain:
    """Add a domain with its first keys. Nothing is signed yet.

    Raises:
        Invalid: this is no domain.
        DomainTaken: the workspace has it.
    """
    try:
        domain_id = await queries.insert(tx, workspace_id=workspace_id, domain=domain_name(domain))
    except UniqueConflict as error:
        raise DomainTaken from error
    await _store(tx, workspace_id=workspace_id, domain_id=domain_id, pairs=pairs, keys=keys)
    added = await get(tx, workspace_id=workspace_id, domain_id=domain_id)
    await _note(tx, "sender_domain.added", added, workspace_id=workspace_id)
    return added


async def rotate(
    tx: Tx, *, workspace_id: int, domain_id: int, pairs: Sequence[KeyPair], keys: Keys
) -> SenderDomain:
    """Add keys that will take the place of those that sign, once their records are seen.

    Raises:
        DomainMissing: there is none.
        KeyWaiting: one waits already.
    """
    await queries.lock(tx, workspace_id=workspace_id, domain_id=domain_id)
    before = await get(tx, workspace_id=workspace_id, domain_id=domain_id)
    if before.keys_in(KeyState.WAITING):
        raise KeyWaiting
    await queries.delete_old_keys(tx, workspace_id=workspace_id, domain_id=domain_id, kept_for=RECORD_STAYS)
    await _store(tx, workspace_id=workspace_id, domain_id=domain_id, pairs=pairs, keys=keys)
    await _note(tx, "sender_domain.keys_rotated", before, workspace_id=workspace_id)
    return await get(tx, workspace_id=workspace_id, domain_id=domain_id)


async def note_findings(tx: Tx, *, workspace_id: int, domain_id: int, findings: Findings) -> SenderDomain:
    """Write down what the DNS said. A key that is published signs from now on, in place of the one before.

    Raises:
        DomainMissing: the domain was deleted meanwhile.
    """
    await queries.lock(tx, workspace_id=workspace_id, domain_id=domain_id)
    await queries.note_domain(tx, workspace_id=workspace_id, domain_id=domain_id, findings=findings)
    await queries.note_keys(tx, workspace_id=workspace_id, domain_id=domain_id, findings=findings)
    await queries.promote(tx, workspace_id=workspace_id, domain_id=domain_id)
    after = await get(tx, workspace_id=workspace_id, domain_id=domain_id)
    await _note(tx, "sender_domain.checked", after, workspace_id=workspace_id)
    return after


async def set_signing(tx: Tx, *, workspace_id: int, domain_id: int, signing: bool) -> SenderDomain:
    """Switch signing on or off; engines know within seconds.

    Raises:
        DomainMissing: there is none.
        NothingPublished: no key of it was seen in the DNS: what it signs would be refused.
    """
    await queries.lock(tx, workspace_id=workspace_id, domain_id=domain_id)
    before = await get(tx, workspace_id=workspace_id, domain_id=domain_id)
    if signing and not before.ready:
        raise NothingPublished
    await queries.set_signing(tx, workspace_id=workspace_id, domain_id=domain_id, signing=signing)
    after = await get(tx, workspace_id=workspace_id, domain_id=domain_id)
    await _note(
        tx, "sender_domain.changed", after, workspace_id=workspace_id, **changes(before, after, "signing")
    )
    return after


async def remove(tx: Tx, *, workspace_id: int, domain_id: int) -> None:
    """Forget a domain and its keys; its messages leave unsigned.

    Raises:
        DomainMissing: there is none.
    """
    domain = await get(tx, workspace_id=workspace_id, domain_id=domain_id)
    if not await queries.delete(tx, workspace_id=workspace_id, domain_id=domain_id):
        raise DomainMissing
    await _note(tx, "sender_domain.deleted", domain, workspace_id=workspace_id)


async def get(tx: Tx, *, workspace_id: int, domain_id: int) -> SenderDomain:
    """Return a domain with its keys.

    Raises:
        DomainMissing: there is none.
    """
    found = await _with_keys(tx, workspace_id=workspace_id, domain_id=domain_id)
    if not found:
        raise DomainMissing
    return found[0]


async def list_domains(tx: Tx, *, workspace_id: int) -> list[SenderDomain]:
    """Return the domains of a workspace with their keys, by name."""
    return await _with_keys(tx, workspace_id=workspace_id, domain_id=None)


async def sealed_keys(tx: Tx, *, workspace_id: int, domain: str) -> list[SealedKey]:
    """Return what signs for a domain at the moment, sealed; nothing when it does not sign."""
    return await queries.signing_keys(tx, workspace_id=workspace_id, domain=domain)


def signer(sealed: Sequence[SealedKey], *, workspace_id: int, domain: str, keys: Keys) -> DkimSigner:
    """Open keys and make a signer of them.

    Raises:
        SealBroken: they were sealed with another secret key.
    """
    box = keys.box(_PURPOSE)
    return DkimSigner(
        domain,
        [
            SigningKey(
                key.selector,
                load_private(
                    box.unseal(key.sealed, context=_context(workspace_id, key.domain_id, key.selector))
                ),
            )
            for key in sealed
        ],
    )


async def _with_keys(tx: Tx, *, workspace_id: int, domain_id: int | None) -> list[SenderDomain]:
    domains = await queries.list_domains(tx, workspace_id=workspace_id, domain_id=domain_id)
    keys = await queries.keys(tx, workspace_id=workspace_id, domain_id=domain_id)
    return [replace(each, keys=[key for key in keys if key.domain_id == each.id]) for each in domains]


async def _store(tx: Tx, *, workspace_id: int, domain_id: int, pairs: Sequence[KeyPair], keys: Keys) -> None:
    for pair in pairs:
        # Drawn, so that two workspaces that send from one domain do not claim the same name in its DNS.
        selector = f"mg{secrets.token_hex(4)}"
        sealed = keys.box(_PURPOSE).seal(pair.private, context=_context(workspace_id, domain_id, selector))
        await queries.insert_key(
            tx,
            workspace_id=workspace_id,
            domain_id=domain_id,
            selector=selector,
            algorithm=pair.algorithm,
            public_key=pair.public,
            private_key=sealed,
        )


def _context(workspace_id: int, domain_id: int, selector: str) -> str:
    return f"{workspace_id}/{domain_id}/{selector}"

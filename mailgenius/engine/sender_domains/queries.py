"""One typed function for each statement of queries.sql. No decisions here."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from mailgenius.engine.sender_domains.errors import DomainMissing
from mailgenius.engine.sender_domains.model import DkimKey, Findings, SenderDomain
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedKey:
    """A key that signs, with its private half as it is stored."""

    domain_id: int
    version: int
    selector: str
    sealed: bytes = field(repr=False)


async def insert(tx: Tx, *, workspace_id: int, domain: str) -> int:
    return cast("int", await tx.value(_SQL["insert"], workspace_id=workspace_id, domain=domain))


async def list_domains(tx: Tx, *, workspace_id: int, domain_id: int | None = None) -> list[SenderDomain]:
    return await tx.all(SenderDomain, _SQL["list"], workspace_id=workspace_id, domain_id=domain_id)


async def keys(tx: Tx, *, workspace_id: int, domain_id: int | None = None) -> list[DkimKey]:
    return await tx.all(DkimKey, _SQL["keys"], workspace_id=workspace_id, domain_id=domain_id)


async def lock(tx: Tx, *, workspace_id: int, domain_id: int) -> None:
    """Hold a domain until the end of the transaction.

    Raises:
        DomainMissing: there is none.
    """
    if await tx.value(_SQL["lock"], workspace_id=workspace_id, domain_id=domain_id) is None:
        raise DomainMissing


async def insert_key(
    tx: Tx,
    *,
    workspace_id: int,
    domain_id: int,
    selector: str,
    algorithm: str,
    public_key: str,
    private_key: bytes,
) -> None:
    await tx.execute(
        _SQL["insert-key"],
        workspace_id=workspace_id,
        domain_id=domain_id,
        selector=selector,
        algorithm=algorithm,
        public_key=public_key,
        private_key=private_key,
    )


async def delete_old_keys(tx: Tx, *, workspace_id: int, domain_id: int, kept_for: timedelta) -> None:
    await tx.execute(
        _SQL["delete-old-keys"], workspace_id=workspace_id, domain_id=domain_id, kept_for=kept_for
    )


async def note_domain(tx: Tx, *, workspace_id: int, domain_id: int, findings: Findings) -> None:
    await tx.execute(
        _SQL["note-domain"],
        workspace_id=workspace_id,
        domain_id=domain_id,
        spf=findings.spf.finding,
        spf_record=findings.spf.record,
        dmarc=findings.dmarc.finding,
        dmarc_record=findings.dmarc.record,
    )


async def note_keys(tx: Tx, *, workspace_id: int, domain_id: int, findings: Findings) -> None:
    await tx.execute(
        _SQL["note-keys"],
        workspace_id=workspace_id,
        domain_id=domain_id,
        selectors=list(findings.keys),
        findings=[finding.value for finding in findings.keys.values()],
    )


async def promote(tx: Tx, *, workspace_id: int, domain_id: int) -> None:
    await tx.execute(_SQL["promote"], workspace_id=workspace_id, domain_id=domain_id)


async def set_signing(tx: Tx, *, workspace_id: int, domain_id: int, signing: bool) -> None:
    await tx.execute(_SQL["set-signing"], workspace_id=workspace_id, domain_id=domain_id, signing=signing)


async def delete(tx: Tx, *, workspace_id: int, domain_id: int) -> int:
    """Return how many there were."""
    return await tx.execute(_SQL["delete"], workspace_id=workspace_id, domain_id=domain_id)


async def signing_keys(tx: Tx, *, workspace_id: int, domain: str) -> list[SealedKey]:
    return await tx.all(SealedKey, _SQL["signing-keys"], workspace_id=workspace_id, domain=domain)

"""API keys: shown once, stored as a hash, held to their scopes, revoked for good."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.crypto import fingerprint, random_token
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.workspaces import key_queries, queries
from mailgenius.product.workspaces.errors import ApiKeyRefused
from mailgenius.product.workspaces.model import (
    ALL_SCOPES,
    Actor,
    ApiKey,
    NewApiKey,
    Permission,
    permissions_of_scopes,
)

KEY_MARK = "mgk_"
"""Every key starts so, for people and for scanners that look for leaked secrets."""
PREFIX_LENGTH = 12
NAME_LENGTH = 100
TOUCH_EVERY = timedelta(minutes=1)


async def create_api_key(
    tx: Tx, *, workspace_id: int, name: str, scopes: Sequence[str] = (ALL_SCOPES,), created_by: int | None
) -> NewApiKey:
    """Create a key. It belongs to the workspace and outlives its creator's membership."""
    name = name.strip()
    _check(name, scopes)
    key = KEY_MARK + random_token(32)
    api_key = await queries.insert_api_key(
        tx,
        workspace_id=workspace_id,
        name=name,
        prefix=key[:PREFIX_LENGTH],
        key_hash=fingerprint(key),
        scopes=sorted(set(scopes)),
        created_by=created_by,
    )
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action="api_key.created",
        object_id=api_key.id,
        name=name,
        details={"scopes": api_key.scopes},
    )
    return NewApiKey(key=key, api_key=api_key)


async def list_api_keys(tx: Tx, *, workspace_id: int) -> list[ApiKey]:
    """Return the keys, newest first, revoked ones last."""
    return await queries.list_api_keys(tx, workspace_id=workspace_id)


async def get_api_key(tx: Tx, *, workspace_id: int, api_key_id: int) -> ApiKey:
    return await queries.get_api_key(tx, workspace_id=workspace_id, api_key_id=api_key_id)


async def revoke_api_key(tx: Tx, *, workspace_id: int, api_key_id: int) -> ApiKey:
    """Refuse a key from now on. Revoking it again changes nothing."""
    now = clock.now()
    revoked = await queries.revoke_api_key(tx, workspace_id=workspace_id, api_key_id=api_key_id, now=now)
    await audit.note(
        tx, workspace_id=workspace_id, action="api_key.revoked", object_id=api_key_id, name=revoked.name
    )
    return revoked


async def actor_of_api_key(tx: Tx, *, key: str) -> Actor:
    """Return who calls with a key. Wants a trusted transaction: the key says which workspace it is.

    Raises:
        ApiKeyRefused: the key is empty, unknown or revoked.
    """
    # The lookup by hash takes the same time for every wrong key: nothing about stored keys leaks.
    stored = await queries.actor_by_key(tx, key_hash=fingerprint(key)) if key else None
    if stored is None:
        raise ApiKeyRefused
    now = clock.now()
    if stored.last_used_at is None or stored.last_used_at < now - TOUCH_EVERY:
        await queries.mark_key_used(
            tx, workspace_id=stored.workspace_id, api_key_id=stored.id, now=now, stale=now - TOUCH_EVERY
        )
    return Actor(
        workspace_id=stored.workspace_id,
        permissions=permissions_of_scopes(stored.scopes),
        api_key_id=stored.id,
        name=stored.name,
    )


async def live_api_keys(tx: Tx, *, workspace_id: int, api_key_ids: Collection[int]) -> frozenset[int]:
    """Return those of some keys that hold still: for calls that were let in a moment before."""
    return await key_queries.live_api_keys(tx, workspace_id=workspace_id, api_key_ids=api_key_ids)


def _check(name: str, scopes: Sequence[str]) -> None:
    problems = []
    if not 1 <= len(name) <= NAME_LENGTH:
        problems.append(Problem("name", f"must have 1 to {NAME_LENGTH} characters"))
    known = {ALL_SCOPES, *(permission.value for permission in Permission)}
    unknown = sorted(set(scopes) - known)
    if unknown:
        problems.append(Problem("scopes", f"unknown: {', '.join(unknown)}"))
    if not scopes:
        problems.append(Problem("scopes", "at least one is needed"))
    if problems:
        raise Invalid(problems=problems)

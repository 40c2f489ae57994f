"""API keys and the answers kept by Idempotency-Key."""

from datetime import timedelta

import pytest

from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import (
    ApiKeyNotFound,
    ApiKeyRefused,
    IdempotencyKeyReused,
    RequestInFlight,
)
from mailgenius.product.workspaces.model import Answer, Permission
from tests.factories.workspaces import make_api_key

STORED_KEYS = Query("keys", "What is stored.", "SELECT prefix || encode(key_hash, 'escape') FROM api_keys")
ANSWER = Answer(status=201, content_type="application/json", body=b'{"id":"1"}')


async def test_a_key_is_shown_once_and_stored_as_a_hash(db: Database, workspace_id: int):
    async with db.tenant(workspace_id) as tx:
        made = await make_api_key(tx, workspace_id=workspace_id)
        listed = await workspaces.list_api_keys(tx, workspace_id=workspace_id)
        stored = await tx.rows(STORED_KEYS)
    assert made.key.startswith("mgk_")
    assert len(made.key) == len("mgk_") + 43
    assert listed == [made.api_key]
    assert made.api_key.prefix == made.key[:12]
    assert made.key not in str(stored) + repr(made) + repr(listed)


async def test_a_key_acts_in_its_workspace_within_its_scopes(db: Database, workspace_id: int):
    async with db.tenant(workspace_id) as tx:
        every = await make_api_key(tx, workspace_id=workspace_id)
        some = await make_api_key(tx, workspace_id=workspace_id, scopes=["leads:read", "leads:write"])
    async with db.trusted() as tx:
        assert (await workspaces.actor_of_api_key(tx, key=every.key)).permissions == frozenset(Permission)
        actor = await workspaces.actor_of_api_key(tx, key=some.key)
    assert (actor.workspace_id, actor.api_key_id, actor.user_id) == (workspace_id, some.api_key.id, None)
    assert actor.permissions == {Permission.LEADS_READ, Permission.LEADS_WRITE}


@pytest.mark.parametrize("scopes", [[], ["leads:steal"], ["*", "leads:burn"]])
async def test_unknown_scopes_are_refused(db: Database, workspace_id: int, scopes: list[str]):
    async with db.tenant(workspace_id) as tx:
        with pytest.raises(Invalid):
            await make_api_key(tx, workspace_id=workspace_id, scopes=scopes)


async def test_a_revoked_or_unknown_key_is_refused(db: Database, workspace_id: int):
    async with db.tenant(workspace_id) as tx:
        made = await make_api_key(tx, workspace_id=workspace_id)
        revoked = await workspaces.revoke_api_key(tx, workspace_id=workspace_id, api_key_id=made.api_key.id)
        again = await workspaces.revoke_api_key(tx, workspace_id=workspace_id, api_key_id=made.api_key.id)
    assert revoked.revoked_at is not None
    assert again == revoked
    async with db.trusted() as tx:
        for key in (made.key, "", "mgk_unknown", made.key[:-1]):
            with pytest.raises(ApiKeyRefused):
                await workspaces.actor_of_api_key(tx, key=key)


async def test_the_last_use_is_written_at_most_once_a_minute(db: Database, workspace_id: int):
    start = clock.now()
    async with db.trusted() as tx:
        made = await make_api_key(tx, workspace_id=workspace_id)

    async def use(at: timedelta) -> None:
        with clock.fixed(start + at):
            async with db.trusted() as tx:
                await workspaces.actor_of_api_key(tx, key=made.key)

    async def last_used() -> timedelta:
        async with db.trusted() as tx:
            key = await workspaces.get_api_key(tx, workspace_id=workspace_id, api_key_id=made.api_key.id)
        assert key.last_used_at is not None
        return key.last_used_at - start

    for at, seen in ((0, 0), (30, 0), (90, 90)):
        await use(timedelta(seconds=at))
        assert await last_used() == timedelta(seconds=seen)


async def test_another_workspace_neither_sees_nor_revokes_a_key(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.tenant(workspace_id) as tx:
        made = await make_api_key(tx, workspace_id=workspace_id)
    async with db.tenant(other_workspace_id) as tx:
        assert await workspaces.list_api_keys(tx, workspace_id=other_workspace_id) == []
        for asked in (workspace_id, other_workspace_id):
            with pytest.raises(ApiKeyNotFound):
                await workspaces.revoke_api_key(tx, workspace_id=asked, api_key_id=made.api_key.id)
    async with db.trusted() as tx:
        assert await workspaces.actor_of_api_key(tx, key=made.key)


async def answered(db: Database, workspace_id: int, request_hash: bytes = b"request") -> Answer | None:
    async with db.tenant(workspace_id) as tx:
        return await workspaces.answered(tx, workspace_id=workspace_id, key="k1", request_hash=request_hash)


async def keep(db: Database, workspace_id: int, request_hash: bytes = b"request") -> None:
    async with db.tenant(workspace_id) as tx:
        await workspaces.keep_answer(
            tx, workspace_id=workspace_id, key="k1", request_hash=request_hash, answer=ANSWER
        )


async def test_the_same_request_is_answered_the_same_for_a_day(db: Database, workspace_id: int):
    assert await answered(db, workspace_id) is None
    await keep(db, workspace_id)
    assert await answered(db, workspace_id) == ANSWER
    with clock.fixed(clock.now() + timedelta(hours=25)):
        assert await answered(db, workspace_id, b"another") is None
        await keep(db, workspace_id, b"another")
        assert await answered(db, workspace_id, b"another") == ANSWER


async def test_another_request_with_the_same_key_is_refused(db: Database, workspace_id: int):
    await keep(db, workspace_id)
    with pytest.raises(IdempotencyKeyReused):
        await answered(db, workspace_id, b"another")


async def test_a_request_that_is_still_running_is_told_so(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.tenant(workspace_id) as tx:
        await workspaces.answered(tx, workspace_id=workspace_id, key="k1", request_hash=b"request")
        with pytest.raises(RequestInFlight):
            await answered(db, workspace_id)
        assert await answered(db, other_workspace_id) is None


async def test_keys_of_another_workspace_are_separate(
    db: Database, workspace_id: int, other_workspace_id: int
):
    await keep(db, workspace_id)
    assert await answered(db, other_workspace_id, b"another") is None


async def test_the_sweep_forgets_answers_after_a_day(db: Database, workspace_id: int):
    await keep(db, workspace_id)
    async with db.trusted() as tx:
        await workspaces.sweep(tx, now=clock.now())
    assert await answered(db, workspace_id) == ANSWER
    async with db.trusted() as tx:
        await workspaces.sweep(tx, now=clock.now() + timedelta(hours=25))
    assert await answered(db, workspace_id) is None

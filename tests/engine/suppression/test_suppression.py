"""Suppression: who is not written to, and why."""

import asyncio

import pytest

from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.errors import NotAReason
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.kit.db.database import Database

R = SuppressionReason


async def add(db: Database, workspace_id: int, *addresses: str, reason: str = "unsubscribed") -> int:
    async with db.tenant(workspace_id) as tx:
        return await suppression.add(
            tx, workspace_id=workspace_id, channel="email", addresses=addresses, reason=reason
        )


async def found(db: Database, workspace_id: int, *addresses: str) -> dict[str, SuppressionReason]:
    async with db.trusted() as tx:
        return await suppression.suppressed(
            tx, workspace_id=workspace_id, channel="email", addresses=addresses
        )


async def test_an_address_is_suppressed_in_its_workspace_and_channel_only(
    db: Database, workspace_id: int, other_workspace_id: int
):
    assert await add(db, workspace_id, "Ana@Example.com ", "bo@example.com", "bo@example.com") == 2
    assert await found(db, workspace_id, "ANA@example.com", "x@example.com") == {
        "ANA@example.com": R.UNSUBSCRIBED
    }
    assert await found(db, other_workspace_id, "ana@example.com") == {}
    async with db.trusted() as tx:
        assert not await suppression.suppressed(
            tx, workspace_id=workspace_id, channel="sms", addresses=["ana@example.com"]
        )


async def test_a_stronger_reason_replaces_a_weaker_and_not_the_other_way_round(
    db: Database, workspace_id: int
):
    assert await add(db, workspace_id, "a@example.com", reason="bounced") == 1
    assert await add(db, workspace_id, "a@example.com", reason="complained") == 1
    assert await add(db, workspace_id, "a@example.com", reason="unsubscribed") == 0
    assert await found(db, workspace_id, "a@example.com") == {"a@example.com": R.COMPLAINED}


async def test_lifting_only_certain_reasons(db: Database, workspace_id: int):
    await add(db, workspace_id, "a@example.com", reason="unsubscribed")
    await add(db, workspace_id, "b@example.com", reason="blocked")
    async with db.tenant(workspace_id) as tx:
        both = {
            "workspace_id": workspace_id,
            "channel": "email",
            "addresses": ["a@example.com", "B@example.com"],
        }
        assert await suppression.remove(tx, reasons=["unsubscribed", "bounced"], **both) == 1
        assert await suppression.remove(tx, **both) == 1


async def test_a_word_that_is_no_reason_is_refused(db: Database, workspace_id: int):
    with pytest.raises(NotAReason):
        await add(db, workspace_id, "a@example.com", reason="tired")


async def test_the_list_goes_by_pages(db: Database, workspace_id: int):
    await add(db, workspace_id, *(f"a{n}@example.com" for n in range(5)))
    seen, cursor = [], None
    async with db.tenant(workspace_id) as tx:
        while True:
            page = await suppression.list_suppressions(
                tx, workspace_id=workspace_id, channel="email", limit=2, cursor=cursor
            )
            seen += [row.address for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert seen == [f"a{n}@example.com" for n in range(5)]


async def test_many_at_once_are_judged_one_by_one_when_somebody_adds_one_of_them_meanwhile(
    db: Database, workspace_id: int, other_workspace_id: int
):
    many = [f"{n}@example.com" for n in range(suppression.WORTH_A_LOOK)]
    assert await add(db, other_workspace_id, *many, many[0]) == len(many)
    async with db.tenant(workspace_id) as tx:
        await suppression.add(
            tx, workspace_id=workspace_id, channel="email", addresses=many[50:51], reason="bounced"
        )
        adding = asyncio.create_task(add(db, workspace_id, *many))
        await asyncio.sleep(0.1)
    assert await adding == len(many)
    assert set((await found(db, workspace_id, *many)).values()) == {R.UNSUBSCRIBED}
    assert await add(db, workspace_id, *many) == 0

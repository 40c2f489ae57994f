"""The log of who did what: it goes with the change, it is only added to, and a door cannot do without it."""

from datetime import timedelta

import psycopg
import pytest

from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import Wanted
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.errors import ChangeNotNoted
from mailgenius.kit.db.queries import Query
from mailgenius.kit.doers import SYSTEM, Doer, DoerKind

ANA = Doer(kind=DoerKind.PERSON, id=7, name="ana@example.com", address="192.0.2.7")
RENAME = Query("rename", "A change.", "UPDATE workspaces SET name = %(name)s WHERE id = %(workspace_id)s")
NAME = Query("name", "What it is called.", "SELECT name FROM workspaces WHERE id = %(workspace_id)s")
AGE = "UPDATE audit_entries SET id = message_id_at(now() - interval '40 days') WHERE action = 'test.old'"


async def rename(db: Database, workspace_id: int, *, noted: bool) -> None:
    async with db.tenant(workspace_id) as tx:
        await tx.execute(RENAME, name="Another", workspace_id=workspace_id)
        if noted:
            await audit.note(tx, workspace_id=workspace_id, action="workspace.changed", details={"n": 1})


async def test_a_door_cannot_change_anything_without_an_entry(db: Database, workspace_id: int):
    door = db.acting(ANA, answerable=True)
    with pytest.raises(ChangeNotNoted):
        await rename(door, workspace_id, noted=False)
    async with door.tenant(workspace_id) as tx:
        assert await tx.value(NAME, workspace_id=workspace_id) == "Ours"
    await rename(door, workspace_id, noted=True)
    async with door.tenant(workspace_id) as tx:
        assert await tx.value(NAME, workspace_id=workspace_id) == "Another"
        page = await audit.list_entries(tx, workspace_id=workspace_id)
    [entry] = page.items
    assert (entry.doer_kind, entry.doer_id, entry.doer_name, entry.address) == (
        ANA.kind, ANA.id, ANA.name, ANA.address,
    )  # fmt: skip
    assert (entry.action, entry.object_kind, entry.details) == ("workspace.changed", "workspace", {"n": 1})
    # The installation itself is believed: its jobs note what they decide.
    await rename(db, workspace_id, noted=False)


async def test_what_follows_the_check_is_book_keeping(db: Database, workspace_id: int):
    async with db.acting(ANA, answerable=True).tenant(workspace_id) as tx:
        await tx.check_noted()
        await tx.execute(RENAME, name="Kept answer", workspace_id=workspace_id)


async def test_an_entry_goes_with_its_change(db: Database, workspace_id: int):
    with pytest.raises(LookupError):
        async with db.acting(ANA).tenant(workspace_id) as tx:
            await audit.note(tx, workspace_id=workspace_id, action="workspace.changed")
            raise LookupError
    async with db.tenant(workspace_id) as tx:
        assert not (await audit.list_entries(tx, workspace_id=workspace_id)).items


async def test_entries_are_never_changed_and_doors_remove_none(database_url: str):
    with psycopg.connect(database_url, autocommit=True) as connection:
        for role, statement in (
            ("mailgenius_door", "UPDATE audit_entries SET doer_name = 'nobody'"),
            ("mailgenius_door", "DELETE FROM audit_entries"),
            ("mailgenius_engine", "UPDATE audit_entries SET doer_name = 'nobody'"),
        ):
            connection.execute(f"SET ROLE {role}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.execute("RESET ROLE")


async def test_the_list_is_narrowed_and_paged(db: Database, workspace_id: int, other_workspace_id: int):
    key = Doer(kind=DoerKind.API_KEY, id=3, name="Shop")
    async with db.trusted() as tx:
        for by, action, object_id in (
            (ANA, "campaign.created", 1),
            (key, "campaign.launched", 1),
            (SYSTEM, "campaign.finished", 1),
            (ANA, "campaign.created", 2),
        ):
            await audit.note(tx, workspace_id=workspace_id, action=action, object_id=object_id, by=by)
        await audit.note(tx, workspace_id=other_workspace_id, action="campaign.deleted")

    async def found(wanted: Wanted) -> list[tuple[str, str]]:
        async with db.tenant(workspace_id) as tx:
            page = await audit.list_entries(tx, workspace_id=workspace_id, wanted=wanted)
        return [(entry.action, entry.object_id) for entry in page.items]

    assert await found(Wanted(doer_kind=DoerKind.PERSON, doer_id=7)) == [
        ("campaign.created", "2"), ("campaign.created", "1"),
    ]  # fmt: skip
    assert await found(Wanted(object_kind="campaign", object_id="2")) == [("campaign.created", "2")]
    assert await found(Wanted(action="campaign.finished")) == [("campaign.finished", "1")]
    now = clock.now()
    hour = timedelta(hours=1)
    assert len(await found(Wanted(since=now - hour, until=now + hour))) == 4
    assert not await found(Wanted(until=now - hour)) + await found(Wanted(since=now + hour))
    async with db.tenant(workspace_id) as tx:
        first = await audit.list_entries(tx, workspace_id=workspace_id, limit=3)
        rest = await audit.list_entries(tx, workspace_id=workspace_id, limit=3, cursor=first.next_cursor)
        known = await audit.known_doers(tx, workspace_id=workspace_id)
    assert ([len(first.items), len(rest.items)], rest.next_cursor) == ([3, 1], None)
    assert [(each.kind, each.id, each.name) for each in known] == [
        (DoerKind.API_KEY, 3, "Shop"), (DoerKind.PERSON, 7, "ana@example.com"),
    ]  # fmt: skip
    async with db.trusted() as tx:
        assert len((await audit.list_everywhere(tx)).items) == 5


async def test_the_oldest_are_forgotten_and_never_the_last_month(
    db: Database, database_url: str, workspace_id: int
):
    async with db.trusted() as tx:
        await audit.note(tx, workspace_id=workspace_id, action="test.old")
        await audit.note(tx, workspace_id=workspace_id, action="test.young")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(AGE)
    now = clock.now()
    async with db.trusted() as tx:
        with pytest.raises(ValueError, match="30 days"):
            await audit.sweep(tx, older_than=now - timedelta(days=29))
        assert await audit.sweep(tx, older_than=now - timedelta(days=31), workspace_id=workspace_id) == 1
        assert await audit.sweep(tx, older_than=now - timedelta(days=31)) == 0
        assert [each.action for each in (await audit.list_everywhere(tx)).items] == ["test.young"]


async def test_details_hold_no_secrets_and_stay_short(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        for secret in ({"password": "x"}, {"settings": {"api_token": "x"}}):
            with pytest.raises(ValueError, match="must not hold"):
                await audit.note(tx, workspace_id=workspace_id, action="test.secret", details=secret)
        long = {"text": "x" * 1000, "ids": list(range(1000))}
        await audit.note(tx, workspace_id=workspace_id, action="test.long", details=long)
        [entry] = (await audit.list_everywhere(tx)).items
    assert (len(entry.details["text"]), len(entry.details["ids"])) == (200, 50)

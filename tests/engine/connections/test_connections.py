"""Connections: secrets that never come back, names, limits, and what another workspace can do: nothing."""

from pathlib import Path

import pytest

from mailgenius.channels.contract import Outcome
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.errors import (
    ConnectionArchived,
    ConnectionInUse,
    ConnectionMissing,
    ConnectionNameTaken,
)
from mailgenius.engine.connections.model import Connection, Limits
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid

SMTP = {"host": "mail.example.com", "port": 587, "security": "starttls", "username": "u", "password": "pa55"}
STORED = Query(
    "stored", "What the table holds.", "SELECT row_to_json(c)::text FROM connections c WHERE id = %(id)s"
)
ADD_ORDER = Query(
    "order",
    "An order.",
    """INSERT INTO orders (workspace_id, source, channel, priority, connection_id, content, state)
       VALUES (%(workspace_id)s, 'test', 'email', 0, %(connection_id)s, '{}', %(state)s) RETURNING id""",
)


async def make(db: Database, keys: Keys, workspace_id: int, **changes) -> Connection:
    values = {
        "name": "Main",
        "channel": "email",
        "provider": "smtp",
        "settings": SMTP,
        "limits": Limits(per_second=10, per_day=1000),
    } | changes
    async with db.tenant(workspace_id) as tx:
        return await connections.create(tx, workspace_id=workspace_id, keys=keys, **values)


async def change(
    db: Database, keys: Keys, workspace_id: int, connection: Connection, **changes
) -> Connection:
    values = {"name": connection.name, "settings": connection.settings, "limits": connection.limits} | changes
    async with db.tenant(workspace_id) as tx:
        return await connections.update(
            tx, workspace_id=workspace_id, connection_id=connection.id, keys=keys, **values
        )


async def password(db: Database, keys: Keys, workspace_id: int, connection_id: int, home: Path) -> str:
    async with db.trusted() as tx:
        opened = await connections.adapter_for(
            tx,
            workspace_id=workspace_id,
            connection_id=connection_id,
            keys=keys,
            home=home,
            allow_private_hosts=True,
        )
    await opened.adapter.close()
    return opened.adapter._settings.password


async def test_a_secret_is_sealed_and_never_shown(db, keys, workspace_id, tmp_path):
    made = await make(db, keys, workspace_id)
    assert made.has_secrets
    assert "password" not in made.settings
    assert made.settings["host"] == "mail.example.com"
    async with db.trusted() as tx:
        assert "pa55" not in await tx.value(STORED, id=made.id)
    assert await password(db, keys, workspace_id, made.id, tmp_path) == "pa55"


async def test_an_empty_secret_is_kept_and_none_takes_it_away(db, keys, workspace_id, tmp_path):
    made = await make(db, keys, workspace_id)
    kept = await change(db, keys, workspace_id, made, name="Other", settings=made.settings | {"password": ""})
    assert (kept.name, kept.version, kept.has_secrets) == ("Other", 2, True)
    assert await password(db, keys, workspace_id, made.id, tmp_path) == "pa55"
    changed = await change(db, keys, workspace_id, made, settings=made.settings | {"password": "new"})
    assert await password(db, keys, workspace_id, changed.id, tmp_path) == "new"
    bare = await change(db, keys, workspace_id, made, settings=made.settings | {"password": None})
    assert not bare.has_secrets


async def test_a_secret_does_not_travel_to_another_server(db, keys, workspace_id, tmp_path):
    made = await make(db, keys, workspace_id)
    elsewhere = made.settings | {"host": "evil.example.net"}
    with pytest.raises(Invalid) as caught:
        await change(db, keys, workspace_id, made, settings=elsewhere)
    assert [each.field for each in caught.value.problems] == ["settings.password"]
    moved = await change(db, keys, workspace_id, made, settings=elsewhere | {"password": "typed"})
    assert await password(db, keys, workspace_id, moved.id, tmp_path) == "typed"


async def test_every_wrong_value_is_named(db, keys, workspace_id):
    with pytest.raises(Invalid) as caught:
        await make(
            db,
            keys,
            workspace_id,
            name=" ",
            settings={"host": "", "port": 99999, "colour": "red"},
            limits=Limits(per_second=0, per_day=-1),
        )
    assert {each.field for each in caught.value.problems} >= {
        "name",
        "limits.per_second",
        "limits.per_day",
        "settings.host",
        "settings.port",
    }
    with pytest.raises(Invalid, match="valid") as caught:
        await make(db, keys, workspace_id, provider="pigeon")
    assert caught.value.problems[0].field == "provider"
    with pytest.raises(Invalid) as caught:
        await make(db, keys, workspace_id, channel="sms")
    assert caught.value.problems[0].field == "channel"


async def test_names_are_unique_in_a_workspace(db, keys, workspace_id, other_workspace_id):
    first = await make(db, keys, workspace_id)
    await make(db, keys, other_workspace_id)
    with pytest.raises(ConnectionNameTaken):
        await make(db, keys, workspace_id, name="MAIN")
    second = await make(db, keys, workspace_id, name="Second")
    with pytest.raises(ConnectionNameTaken):
        await change(db, keys, workspace_id, second, name="main", settings=second.settings)
    async with db.tenant(workspace_id) as tx:
        await connections.archive(tx, workspace_id=workspace_id, connection_id=first.id)
    await make(db, keys, workspace_id, name="Main")


async def test_an_archived_connection_is_out_of_use(db, keys, workspace_id):
    made = await make(db, keys, workspace_id)
    async with db.tenant(workspace_id) as tx:
        for _ in range(2):
            await connections.archive(tx, workspace_id=workspace_id, connection_id=made.id)
        assert await connections.list_connections(tx, workspace_id=workspace_id) == []
        after = await connections.get(tx, workspace_id=workspace_id, connection_id=made.id)
    assert after.archived_at is not None
    assert not after.has_secrets
    with pytest.raises(ConnectionArchived):
        await change(db, keys, workspace_id, made)


async def test_a_connection_with_waiting_messages_stays(db, keys, workspace_id):
    made = await make(db, keys, workspace_id)
    for state, stays in (("running", True), ("held", True), ("drained", False)):
        async with db.trusted() as tx:
            await tx.execute(
                Query("clear", "None.", "DELETE FROM orders WHERE workspace_id = %(workspace_id)s"),
                workspace_id=workspace_id,
            )
            await tx.execute(ADD_ORDER, workspace_id=workspace_id, connection_id=made.id, state=state)
        if stays:
            with pytest.raises(ConnectionInUse):
                async with db.tenant(workspace_id) as tx:
                    await connections.archive(tx, workspace_id=workspace_id, connection_id=made.id)
        else:
            async with db.tenant(workspace_id) as tx:
                await connections.archive(tx, workspace_id=workspace_id, connection_id=made.id)


async def test_trouble_is_noted_and_forgotten(db, keys, workspace_id):
    made = await make(db, keys, workspace_id)
    async with db.trusted() as tx:
        await connections.note_error(
            tx, workspace_id=workspace_id, connection_id=made.id, error="refused" * 100
        )
        noted = await connections.get(tx, workspace_id=workspace_id, connection_id=made.id)
        await connections.works_again(tx, workspace_id=workspace_id, connection_id=made.id)
        forgotten = await connections.get(tx, workspace_id=workspace_id, connection_id=made.id)
    assert (len(noted.last_error), noted.last_error_at is None) == (500, False)
    assert (forgotten.last_error, forgotten.last_error_at) == ("", None)


async def test_a_check_says_what_is_wrong(db, keys, workspace_id, tmp_path):
    made = await make(db, keys, workspace_id, settings={"host": "127.0.0.1", "port": 1, "security": "none"})
    async with db.tenant(workspace_id) as tx:
        opened = await connections.adapter_for(
            tx,
            workspace_id=workspace_id,
            connection_id=made.id,
            keys=keys,
            home=tmp_path,
            allow_private_hosts=True,
        )
    result = await connections.check(opened.adapter)
    assert result.outcome is not Outcome.ACCEPTED
    assert result.reason


async def test_another_workspace_sees_and_changes_nothing(
    db, keys, workspace_id, other_workspace_id, tmp_path
):
    made = await make(db, keys, workspace_id)
    with pytest.raises(ConnectionMissing):
        await change(db, keys, other_workspace_id, made, name="Stolen")
    for call in (connections.get, connections.archive):
        with pytest.raises(ConnectionMissing):
            async with db.tenant(other_workspace_id) as tx:
                await call(tx, workspace_id=other_workspace_id, connection_id=made.id)
    with pytest.raises(ConnectionMissing):
        await password(db, keys, other_workspace_id, made.id, tmp_path)
    async with db.tenant(other_workspace_id) as tx:
        assert await connections.list_connections(tx, workspace_id=other_workspace_id) == []
        await connections.note_error(tx, workspace_id=other_workspace_id, connection_id=made.id, error="x")
        # Even with the right workspace named, row-level security lets nothing through.
        await connections.note_error(tx, workspace_id=workspace_id, connection_id=made.id, error="x")
    async with db.tenant(workspace_id) as tx:
        assert await connections.get(tx, workspace_id=workspace_id, connection_id=made.id) == made

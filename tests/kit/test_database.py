"""Tenancy and transactions of kit.db, against the real server."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Any

import psycopg
import pytest

from mailgenius.kit.db import database as database_module
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.errors import TransactionFailed, UniqueConflict
from mailgenius.kit.db.queries import Query, parse_queries
from mailgenius.kit.jobs import Jobs
from tests.engine.tracking.test_recorder import outage

ADD_LEAD = Query(
    "add", "A lead.", "INSERT INTO leads (workspace_id, email) VALUES (%(workspace_id)s, %(email)s)"
)
ALL_LEADS = Query(
    "all", "Leads without a filter, as a forgetful author would write.", "SELECT email FROM leads"
)
ALL_WORKSPACES = Query("workspaces", "All workspaces.", "SELECT id FROM workspaces")
OUR_BACKEND = Query("pid", "The server process of this connection.", "SELECT pg_backend_pid()")
ALL_USERS = Query("users", "All users.", "SELECT id FROM users")


async def test_a_tenant_sees_only_its_own_rows(db: Database, workspace_id: int, other_workspace_id: int):
    async with db.tenant(workspace_id) as tx:
        await tx.execute(ADD_LEAD, workspace_id=workspace_id, email="a@example.com")
    async with db.tenant(other_workspace_id) as tx:
        assert await tx.rows(ALL_LEADS) == []
        assert await tx.rows(ALL_WORKSPACES) == [(other_workspace_id,)]
    async with db.trusted() as tx:
        assert await tx.rows(ALL_LEADS) == [("a@example.com",)]


async def test_a_tenant_cannot_write_into_another(db: Database, workspace_id: int, other_workspace_id: int):
    with pytest.raises(Exception, match="row-level security"):
        async with db.tenant(workspace_id) as tx:
            await tx.execute(ADD_LEAD, workspace_id=other_workspace_id, email="a@example.com")


async def test_a_door_cannot_read_people(db: Database, workspace_id: int):
    with pytest.raises(Exception, match="permission denied"):
        async with db.tenant(workspace_id) as tx:
            await tx.rows(ALL_USERS)


async def test_an_error_rolls_the_transaction_back(db: Database, workspace_id: int):
    with pytest.raises(UniqueConflict):
        async with db.tenant(workspace_id) as tx:
            for _ in range(2):
                await tx.execute(ADD_LEAD, workspace_id=workspace_id, email="a@example.com")
    async with db.trusted() as tx:
        assert await tx.rows(ALL_LEADS) == []


async def test_a_failure_that_was_passed_over_is_not_taken_for_a_commit(db: Database, workspace_id: int):
    with pytest.raises(TransactionFailed):
        async with db.tenant(workspace_id) as tx:
            with suppress(UniqueConflict):
                for _ in range(2):
                    await tx.execute(ADD_LEAD, workspace_id=workspace_id, email="a@example.com")


def test_a_query_needs_a_sentence():
    with pytest.raises(ValueError, match="sentence"):
        parse_queries("-- name: bare\nSELECT 1")


def test_a_part_stands_in_every_statement_that_names_it():
    part = "-- part: ours\n-- What is ours.\n FROM leads WHERE workspace_id = %(workspace_id)s::bigint\n\n"
    ids = "-- name: ids\n-- All.\nSELECT id /* part: ours */\n\n"
    names = "-- name: names\n-- All.\nSELECT name /* part: ours */\n"
    found = parse_queries(part + ids + names)
    assert {name: query.parameters for name, query in found.items()} == {
        "ids": ("workspace_id",),
        "names": ("workspace_id",),
    }
    with pytest.raises(ValueError, match="theirs"):
        parse_queries(part + "-- name: lost\n-- Nowhere.\nSELECT 1 /* part: theirs */")


async def test_connections_that_a_restart_killed_are_replaced_unnoticed(db: Database, database_url: str):
    async with db.trusted() as tx:
        before = await tx.value(OUR_BACKEND)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (before,))
    async with db.trusted() as tx:
        assert await tx.value(OUR_BACKEND) != before


class _Word(StrEnum):
    SAID = "said"


@pytest.mark.parametrize(
    ("cast", "values"),
    [
        (
            "text[]",
            ["", "NULL", "null", " a ", 'say "hi"', "back\\slash\\", "{a,b}", "São, Paulo", "\u2003", "\n"],
        ),
        ("text[]", ["a", None, "b"]),
        ("text[]", [["a", "b"], ["c", "d"]]),
        ("bigint[]", [0, -5, 2**62]),
        ("smallint[]", [7]),
        ("bigint[]", [1, None]),
        ("boolean[]", [True, False]),
        ("text[]", list(_Word)),
        ("bigint[]", []),
    ],
)
async def test_lists_come_to_the_database_as_they_are(db: Database, cast: str, values: list[Any]):
    back = Query("back", "What was given.", f"SELECT %(values)s::{cast}")
    async with db.trusted() as tx:
        assert await tx.value(back, values=values) == values


async def test_a_list_with_what_no_text_holds_is_refused(db: Database):
    async with db.trusted() as tx:
        with pytest.raises(psycopg.DataError):
            await tx.value(Query("back", "What was given.", "SELECT %(values)s::text[]"), values=["a\0b"])


async def test_who_waits_is_served_soon_after_an_outage_that_the_pool_gave_up_on(
    server: str,
    database_url: str,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(database_module, "TURN", timedelta(seconds=1))
    monkeypatch.setattr(database_module, "TURNS", 90)
    monkeypatch.setattr(database_module, "GIVE_UP", timedelta(seconds=0.5))
    async with asyncio.timeout(60), Database(database_url, jobs) as ours:
        async with outage(server, database_url):
            asking = asyncio.create_task(_our_backend(ours))
            while "reconnection attempt" not in caplog.text:
                await asyncio.sleep(0.05)
        assert await asking > 0


async def _our_backend(database: Database) -> int:
    async with database.trusted() as tx:
        found: int = await tx.value(OUR_BACKEND)
    return found


async def test_who_is_cancelled_twice_gives_the_connection_back(
    database_url: str, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database_module, "TURN", timedelta(seconds=10))
    monkeypatch.setattr(database_module, "TURNS", 1)
    async with asyncio.timeout(60), Database(database_url, jobs, max_size=1) as ours:
        for ticks in range(12):
            begun = asyncio.Event()
            asking = asyncio.create_task(_until_cancelled(ours, begun))
            await begun.wait()
            asking.cancel()
            for _ in range(ticks):
                await asyncio.sleep(0)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
        assert await _our_backend(ours) > 0


async def _until_cancelled(database: Database, begun: asyncio.Event) -> None:
    async with database.trusted() as tx:
        await tx.value(OUR_BACKEND)
        begun.set()
        await asyncio.Event().wait()

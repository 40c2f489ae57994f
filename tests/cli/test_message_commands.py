"""Single messages and dead letters from the command line."""

import psycopg
import pytest

from tests.cli.conftest import Cli

DIE = """
WITH refused AS (UPDATE messages SET state = 'rejected', attempts = 1 RETURNING workspace_id, id, order_id),
     counted AS (INSERT INTO message_counts (workspace_id, order_id, hour, state, shard, n)
                 SELECT workspace_id, order_id, date_trunc('hour', now()), s, 9, n
                   FROM refused, (VALUES ('queued'::message_state, -1), ('rejected', 1)) v (s, n))
INSERT INTO attempts (workspace_id, message_id, number, order_id, outcome, code, reason)
SELECT workspace_id, id, 1, order_id, 'rejected', '550 5.1.1', 'No such user' FROM refused
"""


@pytest.fixture
def workspace(cli: Cli) -> Cli:
    cli("workspace", "create", "Ours")
    cli("connection", "create", "Box", "--provider", "sandbox")
    return cli


def send(cli: Cli, *more: str):
    return cli(
        "message", "send", "ana@example.com", "--subject", "Code", "--text", "{{ data.code }}",
        "--sender", "shop@example.com", "--data", '{"code": 17}', *more, "--json",
    )  # fmt: skip


def test_send_show_list_and_cancel(workspace: Cli):
    sent = send(workspace)
    assert sent.code == 0, sent.err
    message_id = sent.json["id"]
    assert workspace("message", "show", message_id, "--json").json["message"]["state"] == "queued"
    assert [each["id"] for each in workspace("message", "list", "--json").json["items"]] == [message_id]
    assert workspace("message", "cancel", message_id, "--json").code == 0
    assert workspace("message", "show", message_id, "--json").json["message"]["state"] == "cancelled"
    assert workspace("message", "show", 1, "--json").code == 3
    assert send(workspace, "--data", "[]").code == 2


def test_dead_letters_are_listed_explained_replayed_and_discarded(workspace: Cli, database_url: str):
    message_id = send(workspace).json["id"]
    with psycopg.connect(database_url) as connection:
        connection.execute(DIE)
    listed = workspace("dead-letters", "list", "--state", "rejected", "--json").json["items"]
    assert [each["id"] for each in listed] == [message_id]
    (row,) = [line for line in workspace("dead-letters", "list").out.splitlines() if "No such user" in line]
    assert row.split()[0] == message_id
    told = workspace("dead-letters", "explain", message_id)
    assert "does not exist" in told.out
    assert "No such user" in told.out
    assert workspace("dead-letters", "replay", "--json").code == 2
    replayed = workspace("dead-letters", "replay", "--all", "--code", "550 5.1.1", "--yes", "--json")
    assert replayed.json == {"done": 1, "skipped": 0}
    assert workspace("message", "show", message_id, "--json").json["message"]["state"] == "queued"
    discarded = workspace("dead-letters", "discard", message_id, "--json")
    assert discarded.json == {"done": 0, "skipped": 1}

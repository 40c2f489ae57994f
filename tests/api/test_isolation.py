"""Every route, tried with another workspace's ids: nothing leaks and nothing changes.

The walk follows the OpenAPI document, so a new route without a case fails here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from mailgenius.api.access import Callers
from mailgenius.api.app import api_router
from mailgenius.api.arriving import ArrivingLeads
from mailgenius.api.reference import METHODS, Reference
from mailgenius.kit.db.queries import Query
from mailgenius.kit.services import Services
from mailgenius.product.exports import running

SECRET = "belongs-to-us"
HIDDEN = {404}
TENANT_TABLES = """
SELECT relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
 ORDER BY relname
"""
FILL = Query(
    "fill",
    "Messages of a launched campaign, as the freeze writes them.",
    "INSERT INTO messages (workspace_id, order_id, batch_id, address)"
    " SELECT workspace_id, order_id, 1, 'belongs-to-us@example.com' FROM campaigns"
    "  WHERE workspace_id = %(workspace_id)s AND order_id IS NOT NULL",
)
DIE = Query(
    "die",
    "A message was refused.",
    "WITH refused AS (UPDATE messages SET state = 'rejected', attempts = 1"
    "  WHERE workspace_id = %(workspace_id)s AND id = %(message_id)s RETURNING order_id)"
    " INSERT INTO attempts (workspace_id, message_id, number, order_id, outcome, code, reason)"
    " SELECT %(workspace_id)s, %(message_id)s, 1, order_id, 'rejected', '550', 'belongs-to-us' FROM refused",
)


@dataclass(frozen=True, kw_only=True)
class World:
    """What our workspace has, by the names of the path parameters."""

    ids: dict[str, str]
    lead: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """How the stranger calls a route, and which answers are right."""

    json: Callable[[World], Any] = lambda world: None
    files: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    answers: set[int] = field(default_factory=lambda: HIDDEN)


def campaign(world: World) -> dict[str, Any]:
    return {
        "name": "Theirs",
        "template_id": world.ids["template_id"],
        "connection_id": world.ids["connection_id"],
        "sender": {"email": "x@example.com"},
        "audience": {"all": True},
    }


def make(world: World) -> dict[str, Any]:
    return {
        "template_id": world.ids["template_id"],
        "connection_id": world.ids["connection_id"],
        "sender": {"email": "x@example.com"},
    }


LIST = Case(answers={200})
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
CASES: dict[str, Case] = {
    "post /api/v1/uploads": Case(headers=TUS | {"Upload-Length": "9"}, answers={201}),
    "patch /api/v1/uploads/{upload_id}": Case(json=lambda _: "theirs", headers=CHUNK),
    "delete /api/v1/uploads/{upload_id}": Case(headers=TUS),
    "post /api/v1/imports": Case(files={"file": ("a.csv", b"email\nnew@example.com\n")}, answers={202}),
    "get /api/v1/imports": LIST,
    "get /api/v1/imports/{import_id}": Case(),
    "get /api/v1/imports/{import_id}/rejects": Case(),
    "post /api/v1/imports/{import_id}/cancel": Case(),
    "post /api/v1/imports/{import_id}/make": Case(),
    "get /api/v1/leads": LIST,
    # The same identity in another workspace is another lead.
    "post /api/v1/leads": Case(json=lambda world: {"email": world.lead["email"]}, answers={201}),
    "post /api/v1/leads/batch": Case(
        json=lambda world: {"leads": [{"external_id": world.lead["external_id"]}], "mode": "overwrite"},
        answers={200},
    ),
    "get /api/v1/leads/{lead_id}": Case(),
    "patch /api/v1/leads/{lead_id}": Case(json=lambda _: {"name": "Stolen"}),
    "delete /api/v1/leads/{lead_id}": Case(),
    "post /api/v1/leads/{lead_id}/merge": Case(json=lambda _: {"other_id": "987654321"}),
    "get /api/v1/leads/{lead_id}/consents": Case(),
    "post /api/v1/leads/{lead_id}/consents": Case(json=lambda _: {"act": "withdrawn"}),
    "get /api/v1/leads/{lead_id}/preferences": Case(),
    "put /api/v1/leads/{lead_id}/preferences": Case(json=lambda _: {"frequency": "month"}),
    "get /api/v1/topics": LIST,
    # The same key in another workspace is another topic.
    "post /api/v1/topics": Case(json=lambda _: {"name_en": "T", "key": "secret_topic"}, answers={201}),
    "patch /api/v1/topics/{topic_id}": Case(json=lambda _: {"name_en": "Stolen"}),
    "get /api/v1/forms": LIST,
    "post /api/v1/forms": Case(
        json=lambda world: {
            "name": "F",
            "title": "T",
            "consent_text": "C",
            "template_id": world.ids["template_id"],
        },
        answers={422},
    ),
    "get /api/v1/forms/{form_id}": Case(),
    "patch /api/v1/forms/{form_id}": Case(json=lambda _: {"title": "Stolen"}),
    "delete /api/v1/forms/{form_id}": Case(),
    "post /api/v1/leads/bulk": Case(json=lambda _: {"act": "add_tags", "tags": ["theirs"]}, answers={202}),
    "post /api/v1/leads/count": Case(json=lambda world: {"segment_id": world.ids["segment_id"]}),
    "get /api/v1/leads/bulk/{act_id}": Case(),
    "post /api/v1/leads/bulk/{act_id}/cancel": Case(),
    "post /api/v1/leads/bulk/{act_id}/undo": Case(),
    # Our segment does not exist for a stranger's export.
    "post /api/v1/exports": Case(json=lambda world: {"segment_id": world.ids["segment_id"]}),
    "get /api/v1/exports": LIST,
    "get /api/v1/exports/{export_id}": Case(),
    "get /api/v1/exports/{export_id}/file": Case(),
    "post /api/v1/exports/{export_id}/cancel": Case(),
    "get /api/v1/tags": LIST,
    "get /api/v1/fields": LIST,
    # The same key in another workspace is another field.
    "post /api/v1/fields": Case(json=lambda world: {"label": "F", "key": "secret"}, answers={201}),
    "patch /api/v1/fields/{field_key}": Case(json=lambda _: {"label": "Stolen"}),
    "post /api/v1/segments": Case(
        json=lambda world: {
            "name": SECRET,
            "tree": {"all": [{"on": "segment", "op": "in", "value": world.ids["segment_id"]}]},
        },
        answers={422},
    ),
    "get /api/v1/segments": LIST,
    "post /api/v1/segments/preview": Case(
        json=lambda _: {"tree": {"all": [{"on": "tag", "op": "any", "value": [SECRET]}]}}, answers={200}
    ),
    "get /api/v1/segments/{segment_id}": Case(),
    "patch /api/v1/segments/{segment_id}": Case(json=lambda _: {"name": "Stolen"}),
    "delete /api/v1/segments/{segment_id}": Case(),
    "post /api/v1/segments/{segment_id}/count": Case(),
    "get /api/v1/segments/{segment_id}/members": Case(),
    "post /api/v1/templates": Case(
        json=lambda _: {"name": "T", "subject": "S", "html": "<p></p>"}, answers={201}
    ),
    "get /api/v1/templates": LIST,
    "get /api/v1/templates/{template_id}": Case(),
    "patch /api/v1/templates/{template_id}": Case(json=lambda _: {"subject": "Stolen"}),
    "delete /api/v1/templates/{template_id}": Case(),
    "post /api/v1/connections": Case(json=lambda _: {"name": SECRET, "provider": "sandbox"}, answers={201}),
    "get /api/v1/connections": LIST,
    "get /api/v1/connections/{connection_id}": Case(),
    "patch /api/v1/connections/{connection_id}": Case(json=lambda _: {"name": "Stolen"}),
    "delete /api/v1/connections/{connection_id}": Case(),
    # The same domain in another workspace is another one, with other keys.
    "post /api/v1/sender-domains": Case(
        json=lambda _: {"domain": f"{SECRET}.example", "algorithms": ["ed25519"]}, answers={201}
    ),
    "get /api/v1/sender-domains": LIST,
    "get /api/v1/sender-domains/{domain_id}": Case(),
    "patch /api/v1/sender-domains/{domain_id}": Case(json=lambda _: {"signing": False}),
    "post /api/v1/sender-domains/{domain_id}/check": Case(),
    "post /api/v1/sender-domains/{domain_id}/rotate": Case(),
    "delete /api/v1/sender-domains/{domain_id}": Case(),
    # Our template and connection do not exist for a stranger's campaign.
    "post /api/v1/campaigns": Case(json=campaign, answers={422}),
    "get /api/v1/campaigns": LIST,
    "get /api/v1/campaigns/{campaign_id}": Case(),
    "patch /api/v1/campaigns/{campaign_id}": Case(json=lambda _: {"name": "Stolen"}),
    "delete /api/v1/campaigns/{campaign_id}": Case(),
    "get /api/v1/campaigns/{campaign_id}/checks": Case(),
    "post /api/v1/campaigns/{campaign_id}/exclusions": Case(json=lambda _: {}),
    "post /api/v1/campaigns/{campaign_id}/launch": Case(),
    "post /api/v1/campaigns/{campaign_id}/pause": Case(),
    "post /api/v1/campaigns/{campaign_id}/resume": Case(),
    "post /api/v1/campaigns/{campaign_id}/cancel": Case(),
    "get /api/v1/campaigns/{campaign_id}/messages": Case(),
    # Our template, connection and lead do not exist for a stranger's message.
    "post /api/v1/messages": Case(json=lambda world: {"to": "x@example.com", **make(world)}, answers={422}),
    "post /api/v1/messages/batch": Case(
        json=lambda world: {"messages": [{"lead_id": world.ids["lead_id"]}], **make(world)}, answers={200}
    ),
    "get /api/v1/messages": LIST,
    "get /api/v1/messages/{message_id}": Case(),
    "delete /api/v1/messages/{message_id}": Case(),
    "post /api/v1/messages/{message_id}/events": Case(json=lambda _: {"event": "complaint"}),
    "post /api/v1/messages/events": Case(
        json=lambda world: {"events": [{"message_id": world.ids["message_id"], "event": "hard_bounce"}]},
        answers={200},
    ),
    "get /api/v1/dead-letters": LIST,
    "get /api/v1/dead-letters/{message_id}": Case(),
    "post /api/v1/dead-letters/replay": Case(
        json=lambda world: {"ids": [world.ids["message_id"]]}, answers={200}
    ),
    "post /api/v1/dead-letters/discard": Case(
        json=lambda world: {"ids": [world.ids["message_id"]]}, answers={200}
    ),
    "get /api/v1/dead-letters/runs/{run_id}": Case(),
    "get /api/v1/suppressions": LIST,
    "get /api/v1/suppressions/file": LIST,
    "post /api/v1/suppressions": Case(json=lambda world: {"addresses": [world.lead["email"]]}, answers={200}),
    "post /api/v1/suppressions/lift": Case(
        json=lambda _: {"addresses": [f"{SECRET}.off@example.com"]}, answers={200}
    ),
    "get /api/v1/leads/{lead_id}/personal-data": Case(),
    "post /api/v1/erasures": Case(json=lambda world: {"lead_id": world.ids["lead_id"], "confirm": "x"}),
    "get /api/v1/erasures": LIST,
    # Nobody was erased there.
    "post /api/v1/erasures/allow": Case(
        json=lambda world: {"email": world.lead["email"], "source": "fair"}, answers={409}
    ),
    "get /api/v1/retention": LIST,
    "put /api/v1/retention": Case(json=lambda _: {"files_days": 30}, answers={200}),
    "get /api/v1/retention/inactive": LIST,
    "get /api/v1/audit-log": LIST,
    "get /api/v1/workspace": LIST,
    "get /api/v1/operations": LIST,
    "get /api/v1/sending/limits": LIST,
    "put /api/v1/sending/limits": Case(json=lambda world: {"limits": []}, answers={200}),
}


def operations() -> list[str]:
    nobody = cast("Services", None)
    document = Reference(api_router(nobody, Callers(nobody), ArrivingLeads(nobody))).document
    return [
        f"{method} {path}" for path, item in document["paths"].items() for method in METHODS if method in item
    ]


def test_every_route_has_a_case():
    assert set(operations()) == set(CASES)


async def build_world(client: httpx.AsyncClient, services: Services, workspace_id: int) -> World:
    """Make one of everything, each naming the secret, the campaign launched and paused."""
    db = services.db

    async def post(path: str, **request: Any) -> dict[str, Any]:
        answer = await client.post(f"/api/v1/{path}", **request)
        assert answer.is_success, answer.text
        return answer.json()

    lead = (
        await post(
            "leads",
            json={"email": f"{SECRET}@example.com", "external_id": SECRET, "tags": [SECRET], "name": SECRET},
        )
    )["lead"]
    await post("fields", json={"label": SECRET, "key": "ours_only"})
    topic = await post("topics", json={"name_en": SECRET, "key": "secret_topic"})
    asked = {"name": SECRET, "title": SECRET, "consent_text": SECRET, "double_opt_in": False}
    form = await post("forms", json=asked)
    tree = {"all": [{"on": "tag", "op": "any", "value": [SECRET]}]}
    segment = await post("segments", json={"name": SECRET, "tree": tree})
    template = await post("templates", json={"name": SECRET, "subject": SECRET, "html": "<p>Hello</p>"})
    connection = await post("connections", json={"name": SECRET, "provider": "sandbox"})
    await post("suppressions", json={"addresses": [f"{SECRET}.off@example.com"]})
    domain = await post("sender-domains", json={"domain": f"{SECRET}.example", "algorithms": ["ed25519"]})
    made = await post(
        "campaigns",
        json={
            "name": SECRET,
            "template_id": template["id"],
            "connection_id": connection["id"],
            "sender": {"email": f"{SECRET}@example.com"},
            "audience": {"tags": {"any": [SECRET]}},
        },
    )
    await post(f"campaigns/{made['id']}/launch")
    await post(f"campaigns/{made['id']}/pause")
    started = await client.post("/api/v1/uploads", headers=TUS | {"Upload-Length": "9"})
    upload = await post("imports", files={"file": (f"{SECRET}.csv", b"email\nnew@example.com\n")})
    async with db.trusted() as tx:
        await tx.execute(FILL, workspace_id=workspace_id)
    sent = await post(
        "messages",
        json={
            "lead_id": lead["id"],
            "template_id": template["id"],
            "connection_id": connection["id"],
            "sender": {"email": f"{SECRET}@example.com"},
            "data": {"code": SECRET},
        },
    )
    act = await post("leads/bulk", json={"act": "add_tags", "tags": [SECRET]})
    export = await post("exports", json={"filter": {"tag": SECRET}})
    await running.write(db, services.storage, workspace_id=workspace_id, export_id=int(export["id"]))
    ids = {
        "act_id": act,
        "export_id": export,
        "lead_id": lead,
        "template_id": template,
        "connection_id": connection,
        "domain_id": domain,
        "campaign_id": made,
        "segment_id": segment,
        "form_id": form,
        "topic_id": topic,
    }
    # Its end without success makes it a dead letter.
    async with db.trusted() as tx:
        await tx.execute(DIE, workspace_id=workspace_id, message_id=int(sent["id"]))
    run = (await post("dead-letters/discard", json={"filter": {"code": "none like this"}}))["run"]
    ids |= {"message_id": sent, "run_id": run}
    return World(
        ids={name: item["id"] for name, item in ids.items()}
        | {
            "import_id": upload["id"],
            "upload_id": started.headers["location"].rsplit("/", 1)[-1],
            "field_key": "ours_only",
        },
        lead=lead,
    )


def snapshot(url: str, workspace_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return every row of a workspace in every tenant table, but for when its key was last used."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        tables = [row["relname"] for row in connection.execute(TENANT_TABLES).fetchall()]
        rows = {
            table: connection.execute(
                f"SELECT * FROM {table} WHERE workspace_id = %s ORDER BY 1, 2", (workspace_id,)
            ).fetchall()
            for table in tables
        }
    for row in rows["api_keys"]:
        row.pop("last_used_at")
    return rows


@pytest.fixture
async def world(client: httpx.AsyncClient, services: Services, workspace_id: int) -> World:
    return await build_world(client, services, workspace_id)


async def test_a_stranger_finds_nothing_and_changes_nothing(
    world: World, client: httpx.AsyncClient, other: httpx.AsyncClient, database_url: str, workspace_id: int
):
    before = snapshot(database_url, workspace_id)
    assert before["leads"]
    assert before["messages"]
    wrong = []
    for operation, case in CASES.items():
        method, path = operation.split(" ")
        request = {"files": case.files} if case.files else {"json": case.json(world)}
        request["headers"] = case.headers
        answer = await other.request(method.upper(), path.format(**world.ids), **request)
        if answer.status_code not in case.answers:
            wrong.append(f"{operation} answers {answer.status_code}: {answer.text[:200]}")
        if method == "get" and SECRET in answer.text and answer.status_code == 200:
            # What the stranger made may carry the same words; ours may not appear.
            wrong += [
                f"{operation} shows {name}"
                for name, value in world.ids.items()
                if f'"{value}"' in answer.text
            ]
        if snapshot(database_url, workspace_id) != before:
            wrong.append(f"{operation} changed something")
    assert not wrong


async def test_the_owner_reaches_what_the_stranger_does_not(world: World, client: httpx.AsyncClient):
    """The walk above proves something only if the same calls work with the right key."""
    for operation, case in CASES.items():
        method, path = operation.split(" ")
        if method == "get" and case.answers == HIDDEN:
            answer = await client.get(path.format(**world.ids))
            assert answer.status_code == 200, operation


async def test_a_key_of_another_workspace_cannot_be_chosen_by_a_header(
    other: httpx.AsyncClient, workspace_id: int, other_workspace_id: int
):
    for header in ("X-Workspace-Id", "Workspace", "X-Tenant"):
        answer = await other.get("/api/v1/workspace", headers={header: str(workspace_id)})
        assert answer.json()["id"] == str(other_workspace_id)

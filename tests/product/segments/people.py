"""A made-up workspace: leads with every kind of value, what was sent to them and what they did."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from mailgenius.product.leads.model import FieldType
from mailgenius.product.preferences.model import Topic
from mailgenius.product.segments.model import CampaignOrder

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TIMEZONE = "America/Sao_Paulo"
TYPES = {
    "city": FieldType.TEXT,
    "age": FieldType.NUMBER,
    "born": FieldType.DATE,
    "seen": FieldType.DATETIME,
    "pro": FieldType.BOOLEAN,
    "plan": FieldType.CHOICE,
    "likes": FieldType.CHOICES,
    "site": FieldType.URL,
}
CITIES = ("Recife", "recife", "São Paulo", "ÉVORA", "évora", "100%", "a_b", "O'Hara", "x\\y")
PLANS = ("free", "pro", "Gold")
LIKES = ("sun", "rain", "snow")
TAGS = ("vip", "new", "old", "a'b")
STATUSES = ("active", "unsubscribed", "bounced", "complained", "blocked")
OPENED = NOW - timedelta(days=60)
TOPICS = {
    number: Topic(
        id=number, key=f"t{number}", name_en="T", name_pt="T", about_en="", about_pt="",
        by_default=by_default, place=0, archived_at=archived_at,
    )
    for number, by_default, archived_at in ((51, True, None), (52, False, None), (53, True, OPENED))
}  # fmt: skip
CHANNELS = ("email", "sms", "whatsapp")
BASES = ("consent", "contract")
STATES = ("accepted", "delivered", "bounced", "complained", "queued", "rejected", "deferred", "unknown")
CAMPAIGNS = {31: 301, 32: 302}
"""Campaigns and their orders; 39 was never launched. Order 309 is a test, which is no campaign."""
TEST_ORDER = 309


@dataclass
class Message:
    id: int
    order_id: int
    state: str
    at: datetime


@dataclass
class Event:
    message: Message
    kind: str
    at: datetime
    machine: bool


@dataclass
class Person:
    id: int
    email: str | None
    phone: str | None
    external_id: str | None
    name: str
    status: str
    tags: list[str]
    fields: dict[str, Any]
    consent_at: datetime | None
    consent_source: str
    created_at: datetime
    import_id: int | None
    changed_by: list[int] = field(default_factory=list)
    consents: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By channel: given or withdrawn, and the legal basis."""
    topics: dict[int, bool] = field(default_factory=dict)
    """By topic: whether it was asked for or left; who never chose is not in it."""
    messages: list[Message] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def orders() -> dict[int, tuple[CampaignOrder, ...]]:
    opened = NOW - timedelta(days=60)
    return {
        campaign: (CampaignOrder(campaign_id=campaign, order_id=order, name="May", opened_at=opened),)
        for campaign, order in CAMPAIGNS.items()
    }


def make_people(count: int, seed: int = 7) -> list[Person]:
    dice = random.Random(seed)
    return [_person(dice, number) for number in range(1, count + 1)]


def _person(dice: random.Random, number: int) -> Person:
    some = dice.random
    moment = NOW - timedelta(hours=dice.randrange(0, 24 * 400))
    born = date(dice.randrange(1950, 2010), 1, 1) + timedelta(days=dice.randrange(366))
    choices: dict[str, list[Any]] = {
        "city": [*CITIES, 12, True],
        "age": [0, 18, 30.5, -4, 120, "42", "old", 1e30],
        "born": [born.isoformat(), born.isoformat(), "2026-03-01", "2000-02-29", "1999-02-29", "soon"],
        "seen": [moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "2026-03-01T02:00:00Z", "2026-03-01", "2026-13-01"],
        "pro": [True, False, "true", "maybe"],
        "plan": list(PLANS),
        "likes": [dice.sample(LIKES, dice.randrange(0, 4)), "sun"],
        "site": ["https://a.example/x", "https://b.example"],
    }
    values = {key: dice.choice(given) for key, given in choices.items() if some() < 0.8}
    person = Person(
        id=number,
        email=f"lead{number}@{dice.choice(['a', 'b'])}.example" if some() < 0.9 else None,
        phone=f"+55119{87000000 + number}" if some() < 0.5 else None,
        external_id=f"Crm-{number}",
        name=dice.choice(["Ana Souza", "ÉRICA", "Bob", ""]),
        status=dice.choice(STATUSES),
        tags=dice.sample(TAGS, dice.randrange(0, 4)),
        fields=values,
        consent_at=moment if some() < 0.5 else None,
        consent_source=dice.choice(["", "form", "Fair"]),
        created_at=moment,
        import_id=dice.choice([None, 5, 6]),
        changed_by=[dice.choice([5, 6])] if some() < 0.2 else [],
    )
    for channel in dice.sample(CHANNELS, dice.randrange(0, 3)):
        person.consents[channel] = (dice.choice(["given", "withdrawn"]), dice.choice(BASES))
    for topic_id in dice.sample(sorted(TOPICS), dice.randrange(0, 3)):
        person.topics[topic_id] = some() < 0.5
    for place in range(dice.randrange(0, 5)):
        _send(dice, person, number * 10 + place)
    return person


def _send(dice: random.Random, person: Person, low: int) -> None:
    at = NOW - timedelta(days=dice.randrange(0, 55), hours=dice.randrange(1, 20))
    number = (int(at.timestamp() * 1000) - 1_704_067_200_000 << 22) | low
    order = dice.choice([*CAMPAIGNS.values(), TEST_ORDER])
    message = Message(id=number, order_id=order, state=dice.choice(STATES), at=at)
    person.messages.append(message)
    for _ in range(dice.randrange(0, 3)):
        when = min(NOW, at + timedelta(hours=dice.randrange(1, 200)))
        kind = dice.choice(["open", "click", "unsubscribe", "replied"])
        person.events.append(Event(message, kind, when, dice.random() < 0.3))


def store(connection: psycopg.Connection[Any], workspace_id: int, people: list[Person]) -> None:
    """Write everything down as it is; identities of another workspace's people are the same on purpose."""
    opened = NOW - timedelta(days=60)
    run = connection.execute
    run("SELECT create_message_partitions('2025-12-01', 4)")
    link = run(
        "INSERT INTO connections (workspace_id, name, channel, provider) VALUES (%s, 'c', 'email', 'sandbox')"
        " RETURNING id",
        [workspace_id],
    ).fetchone()
    assert link is not None
    for campaign, order in [*CAMPAIGNS.items(), (1, TEST_ORDER)]:
        run(
            "INSERT INTO orders (workspace_id, id, source, source_id, channel, priority, connection_id,"
            " content, created_at) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, %s, %s, %s, 'email', 10, %s, '{}', %s)",
            [workspace_id, order, "test" if order == TEST_ORDER else "campaign", campaign, link[0], opened],
        )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO leads (workspace_id, id, email, phone, external_id, name, status, tags, fields,"
            " consent_at, consent_source, created_at, updated_at, import_id) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    workspace_id, p.id, p.email, p.phone, p.external_id, p.name, p.status, p.tags,
                    json.dumps(p.fields), p.consent_at, p.consent_source, p.created_at, p.created_at,
                    p.import_id,
                )
                for p in people
            ],
        )  # fmt: skip
        cursor.executemany(
            "INSERT INTO lead_activity (workspace_id, lead_id, kind, detail) VALUES (%s, %s, 'imported', %s)",
            [
                (workspace_id, p.id, json.dumps({"import_id": str(number)}))
                for p in people
                for number in p.changed_by
            ],
        )
        cursor.executemany(
            "INSERT INTO consent_states (workspace_id, lead_id, channel, act, basis, way, source,"
            " text_version, at) VALUES (%s, %s, %s, %s, %s, 'page', '', '', %s)",
            [
                (workspace_id, p.id, channel, act, basis, NOW)
                for p in people
                for channel, (act, basis) in p.consents.items()
            ],
        )
        cursor.executemany(
            "INSERT INTO topics (workspace_id, id, key, name_en, name_pt, by_default, archived_at)"
            " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, 'T', 'T', %s, %s)",
            [(workspace_id, t.id, t.key, t.by_default, t.archived_at) for t in TOPICS.values()],
        )
        cursor.executemany(
            "INSERT INTO lead_preferences (workspace_id, lead_id, topics_in, topics_out)"
            " VALUES (%s, %s, %s, %s)",
            [
                (workspace_id, p.id, [t for t, said in p.topics.items() if said],
                 [t for t, said in p.topics.items() if not said])
                for p in people
                if p.topics
            ],
        )  # fmt: skip
        cursor.executemany(
            "INSERT INTO messages (workspace_id, id, order_id, batch_id, lead_id, state, address)"
            " VALUES (%s, %s, %s, 0, %s, %s, 'x')",
            [(workspace_id, m.id, m.order_id, p.id, m.state) for p in people for m in p.messages],
        )
        cursor.executemany(
            "INSERT INTO tracking_events (workspace_id, message_id, order_id, lead_id, kind, machine,"
            " event_key, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    workspace_id, e.message.id, e.message.order_id, p.id, e.kind, e.machine,
                    f"{p.id}-{n}".encode(), e.at,
                )
                for p in people
                for n, e in enumerate(p.events)
            ],
        )  # fmt: skip

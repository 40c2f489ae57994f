"""Leads with a history, as merges of leads want them, and what is known of a lead in all tables."""

import random

from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import ConsentAct, Statement, Way
from mailgenius.product.joins import service as joins
from mailgenius.product.joins.model import Joined
from mailgenius.product.leads.joining import Side
from mailgenius.product.leads.model import Lead
from tests.factories.leads import make_lead
from tests.factories.tracking import store_order

TABLES = Query(
    "tables",
    "Those with a lead in their rows.",
    """SELECT c.relname
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE a.attname = 'lead_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relnamespace = 'public'::regnamespace
        ORDER BY 1""",
)
MESSAGE = Query(
    "message",
    "A message that went out.",
    """INSERT INTO messages (workspace_id, order_id, batch_id, lead_id, address, state)
       VALUES (%(workspace_id)s, %(order_id)s, 0, %(lead_id)s, 'a@example.com', 'accepted') RETURNING id""",
)
EVENT = Query(
    "event",
    "Something that a lead did.",
    """INSERT INTO tracking_events (workspace_id, message_id, order_id, lead_id, kind, event_key, at)
       VALUES (%(workspace_id)s, %(message_id)s, %(order_id)s, %(lead_id)s, 'click',
               uuid_send(gen_random_uuid()), now())""",
)
ANSWER = Query(
    "answer",
    "An answer to a form.",
    """WITH form AS (
           INSERT INTO forms (workspace_id, public_id, name, title, consent_text)
           VALUES (%(workspace_id)s, gen_random_uuid()::text, 'f', 'f', 'f') RETURNING id)
       INSERT INTO form_submissions
              (workspace_id, form_id, email, state, answers, text_version, nonce, lead_id)
       SELECT %(workspace_id)s, id, 'a@example.com', 'confirmed', '{}', 1, '', %(lead_id)s FROM form""",
)

CHOICE = Query(
    "choice",
    "What a lead prefers.",
    """INSERT INTO lead_preferences (workspace_id, lead_id, topics_in, topics_out, frequency, language)
       VALUES (%(workspace_id)s, %(lead_id)s, %(topics_in)s, %(topics_out)s, %(frequency)s::lead_frequency,
               %(language)s)""",
)


async def history_of(db: Database, workspace_id: int, *lead_ids: int) -> dict[str, int]:
    """How many rows each table has of some leads."""
    found = {}
    async with db.trusted() as tx:
        for (table,) in await tx.rows(TABLES):
            count = Query(
                "count",
                "Rows.",
                f"SELECT count(*) FROM {table}"
                " WHERE workspace_id = %(workspace_id)s AND lead_id = ANY(%(ids)s)",
            )
            if table != "lead_staging":
                found[table] = await tx.value(count, workspace_id=workspace_id, ids=list(lead_ids))
    return found


async def lead_with_history(db: Database, workspace_id: int, dice: random.Random, **values) -> Lead:
    """A lead that a random number of things happened to, in every table."""
    lead = await make_lead(db, workspace_id, **values)
    order_id = await store_order(db, workspace_id)
    async with db.trusted() as tx:
        for _ in range(dice.randint(0, 3)):
            names = {"workspace_id": workspace_id, "order_id": order_id, "lead_id": lead.id}
            message_id = await tx.value(MESSAGE, **names)
            for _ in range(dice.randint(0, 2)):
                await tx.execute(EVENT, **names, message_id=message_id)
        for _ in range(dice.randint(0, 2)):
            await tx.execute(ANSWER, workspace_id=workspace_id, lead_id=lead.id)
        if dice.randint(0, 1):
            names = {"topics_in": [1], "topics_out": [2], "frequency": "week", "language": ""}
            await tx.execute(CHOICE, workspace_id=workspace_id, lead_id=lead.id, **names)
        for n in range(dice.randint(0, 4)):
            said = Statement(
                lead_id=lead.id,
                channel=dice.choice(["email", "sms"]),
                act=dice.choice(list(ConsentAct)),
                way=Way.API,
                source=f"fair {n}",
                at=clock.now(),
            )
            await consents.record(tx, workspace_id=workspace_id, statements=[said])
    for n in range(dice.randint(0, 3)):
        await make_lead(db, workspace_id, email=lead.email, tags=(f"t{n}",))
    return lead


async def join(db: Database, workspace_id: int, kept: int, other: int, **choices: str) -> Joined:
    """Merge as a door does; `fields.city` is written `fields__city`."""
    chosen = {name.replace("__", "."): Side(side) for name, side in choices.items()}
    async with db.tenant(workspace_id) as tx:
        return await joins.join(tx, workspace_id=workspace_id, kept_id=kept, other_id=other, choices=chosen)

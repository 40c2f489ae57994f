"""Everything about one person, as they may ask for it: read from every area, put into one file."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import msgspec

from mailgenius.engine.ledger import erasing as ledger
from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.formulas import guarded_csv
from mailgenius.product.imports import service as imports
from mailgenius.product.privacy import queries
from mailgenius.product.privacy.model import Everything, Person
from mailgenius.product.privacy.service.erasing import find

KINDS = (
    "activity",
    "consents",
    "messages",
    "attempts",
    "feedback",
    "events",
    "preferences",
    "submissions",
    "imports",
    "suppressions",
)
AS_CSV = ("messages", "events", "consents")
"""What people like to look through in a spreadsheet."""


async def everything_about(tx: Tx, *, workspace_id: int, person: Person) -> Everything:
    """Return all that is known of a person. Files that were exported before are not here: people have them.

    Raises:
        LeadNotFound: this workspace has no such lead.
        Invalid: an identity is wrong, or none is given.
    """
    known = await find(tx, workspace_id=workspace_id, person=person)
    addresses = [*known.emails, *known.phones]
    messages = await ledger.messages_of_person(
        tx, workspace_id=workspace_id, lead_ids=known.lead_ids, addresses=addresses
    )
    asked: dict[str, Any] = {
        "lead_ids": known.lead_ids,
        "message_ids": [each.id for each in messages],
        "emails": known.emails,
        "phones": known.phones,
        "addresses": addresses,
    }
    parts: dict[str, Sequence[dict[str, Any]]] = {
        kind: await queries.about(tx, kind, workspace_id=workspace_id, **asked) for kind in KINDS
    }
    parts["rejected_rows"] = await imports.rejects_about(
        tx, workspace_id=workspace_id, patterns=known.patterns
    )
    if known.lead is not None:
        await audit.note(
            tx, workspace_id=workspace_id, action="lead.personal_data_exported", object_id=known.lead.id
        )
    lead = None if known.lead is None else msgspec.to_builtins(known.lead)
    return Everything(lead=lead, parts=parts)


def as_json(found: Everything) -> bytes:
    """Return it as JSON for people and programs."""
    whole = {"made_at": clock.now(), "lead": found.lead, **found.parts}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2)


def as_zip(found: Everything) -> bytes:
    """Return it as an archive: one JSON file with everything, and tables of what is long."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", as_json(found))
        for kind in AS_CSV:
            archive.writestr(f"{kind}.csv", _table(found.parts[kind]))
    return packed.getvalue()


def _table(rows: Sequence[dict[str, Any]]) -> bytes:
    names = list(rows[0]) if rows else []
    return guarded_csv([names, *([_cell(row[name]) for name in names] for row in rows)]) if rows else b""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')

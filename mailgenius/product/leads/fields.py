"""One typed function for each statement of queries.sql on custom fields. No decisions here."""

from typing import Any

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.leads.errors import FieldNotFound
from mailgenius.product.leads.model import LeadField

_SQL = load_queries(__file__)


async def list_fields(tx: Tx, *, workspace_id: int) -> list[LeadField]:
    return await tx.all(LeadField, _SQL["list-fields"], workspace_id=workspace_id)


async def add_fields(tx: Tx, *, workspace_id: int, labels: dict[str, str]) -> int:
    return await tx.execute(
        _SQL["add-fields"], workspace_id=workspace_id, keys=list(labels), labels=list(labels.values())
    )


async def lock_field(tx: Tx, *, workspace_id: int, key: str) -> LeadField:
    return await tx.one(
        LeadField, _SQL["lock-field"], missing=FieldNotFound, workspace_id=workspace_id, key=key
    )


async def create_field(tx: Tx, *, workspace_id: int, field: LeadField) -> int:
    return await tx.execute(_SQL["create-field"], workspace_id=workspace_id, **_columns(field))


async def update_field(tx: Tx, *, workspace_id: int, field: LeadField) -> None:
    await tx.execute(
        _SQL["update-field"], workspace_id=workspace_id, archived_at=field.archived_at, **_columns(field)
    )


def _columns(field: LeadField) -> dict[str, Any]:
    return {
        "key": field.key,
        "label": field.label,
        "type": field.type,
        "choices": list(field.choices),
        "default_value": None if field.default_value is None else json_value(field.default_value),
    }

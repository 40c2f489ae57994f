"""Custom fields with types: what fits each, on every way in; renamed and put away without touching leads."""

import json
from typing import Any

import polars as pl
import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid
from mailgenius.product.imports import cells
from mailgenius.product.leads import field_values, service as leads
from mailgenius.product.leads.errors import FieldKeyTaken, FieldNotFound, TooManyFields
from mailgenius.product.leads.model import FieldType, LeadField, LeadInput
from mailgenius.product.leads.service import fielding
from tests.factories.leads import make_lead

BAD = object()
CASES: dict[FieldType, dict[Any, Any]] = {
    FieldType.NUMBER: {
        "12": 12, " 12.50 ": 12.5, "12,5": 12.5, "-0.5": -0.5, "007": 7, "1.0": 1, "+3": 3, 4: 4, 4.5: 4.5,
        "1.234,5": BAD, "1e5": BAD, "twelve": BAD, True: BAD, "1" * 16: BAD, float("nan"): BAD, "1.": BAD,
        "": None,
    },
    FieldType.DATE: {
        "2026-01-31": "2026-01-31", "31/01/2026": "2026-01-31", "1.2.2026": "2026-02-01",
        "2026-01-31T10:00:00Z": "2026-01-31", "2026-02-30": BAD, "31/02/2026": BAD, "soon": BAD,
        20260131: BAD, "0001-01-01": BAD, "1899-12-31": "1899-12-31",
    },
    FieldType.DATETIME: {
        "2026-01-31T12:00": "2026-01-31T12:00:00Z", "2026-01-31T12:00:00-03:00": "2026-01-31T15:00:00Z",
        "31/01/2026 09:30": "2026-01-31T09:30:00Z", "2026-01-31": "2026-01-31T00:00:00Z", "12:00": BAD,
    },
    FieldType.BOOLEAN: {"Sim": True, "no": False, True: True, "0": False, 2: BAD, "maybe": BAD},
    FieldType.CHOICE: {"PRO": "pro", "free": "free", "gold": BAD, "pro, free": BAD},
    FieldType.CHOICES: {"Pro; free": ["free", "pro"], "pro": ["pro"], "pro|gold": BAD, ",": None},
    FieldType.URL: {
        "https://example.com/a?b=1": "https://example.com/a?b=1", "HTTP://Ex.ample": "HTTP://Ex.ample",
        "javascript:alert(1)": BAD, "example.com": BAD, "https://a b.com": BAD, "https://[x": BAD,
    },
}  # fmt: skip


def field_of(kind: FieldType) -> LeadField:
    choices = ("free", "pro") if kind in {FieldType.CHOICE, FieldType.CHOICES} else ()
    return LeadField(key="f", label="F", type=kind, choices=choices)


@pytest.mark.parametrize("kind", CASES)
def test_a_value_fits_its_type_or_is_refused_alone_and_in_a_column(kind: FieldType):
    field = field_of(kind)
    for given, wanted in CASES[kind].items():
        if wanted is BAD:
            with pytest.raises(ValueError, match="does not fit “F”"):
                field_values.in_form(field, given)
        else:
            assert field_values.in_form(field, given) == wanted, given
    texts = [(given, wanted) for given, wanted in CASES[kind].items() if isinstance(given, str)]
    column = cells.typed_texts(pl.Series([given for given, _ in texts], dtype=pl.String), field)
    problems = column.problems if column.problems is not None else [None] * len(texts)
    for (given, wanted), value, problem in zip(texts, column.values, problems, strict=True):
        assert (problem is not None) == (wanted is BAD), given
        if wanted is not BAD:
            assert (json.loads(value) if value else None) == wanted, given


async def test_typed_fields_hold_on_every_way_in(db: Database, workspace_id: int, other_workspace_id: int):
    async with db.tenant(workspace_id) as tx:
        await leads.create_field(
            tx, workspace_id=workspace_id, label="Plano", type=FieldType.CHOICE, choices=["free", "pro"],
            default_value="FREE",
        )  # fmt: skip
        await leads.create_field(tx, workspace_id=workspace_id, label="Age", type=FieldType.NUMBER)
        with pytest.raises(FieldKeyTaken):
            await leads.create_field(tx, workspace_id=workspace_id, label="AGE", type=FieldType.TEXT)
        for values in ({"plano": "gold"}, {"age": "x"}, {"age": [1]}, {"town": ["a"]}):
            with pytest.raises(Invalid):
                await leads.upsert(
                    tx, workspace_id=workspace_id, lead=LeadInput(email="a@example.com", fields=values)
                )
        batch = await leads.upsert_batch(
            tx,
            workspace_id=workspace_id,
            leads=[LeadInput(external_id=f"{n}", fields={"age": age}) for n, age in enumerate(["7", "old"])],
        )
        assert (batch.created, [each.index for each in batch.rejected]) == (1, [1])
    lead = await make_lead(db, workspace_id, fields={"plano": "PRO", "age": "30"})
    plain = await make_lead(db, workspace_id)
    assert lead.fields == {"plano": "pro", "age": 30}
    # Another workspace has no such fields: what is checked here is free there.
    assert (await make_lead(db, other_workspace_id, fields={"age": "x"})).fields == {"age": "x"}
    async with db.tenant(workspace_id) as tx:
        with pytest.raises(Invalid):
            await leads.update(
                tx, workspace_id=workspace_id, lead_id=lead.id, changes=LeadInput(fields={"age": "x"})
            )
        found = await leads.merge_data(tx, workspace_id=workspace_id, lead_ids=[lead.id, plain.id])
        assert [found[each.id]["fields"].get("plano") for each in (lead, plain)] == ["pro", "free"]
        changes = leads.FieldChanges(label="Plan", archived=True)
        await leads.update_field(tx, workspace_id=workspace_id, key="plano", changes=changes)
        assert [each.key for each in await leads.fields(tx, workspace_id=workspace_id)] == ["age"]
        assert [each.label for each in await leads.all_fields(tx, workspace_id=workspace_id)] == [
            "Age",
            "Plan",
        ]
        same = await leads.get(tx, workspace_id=workspace_id, lead_id=lead.id)
        assert (same.fields, same.updated_at) == (lead.fields, lead.updated_at)
    async with db.tenant(other_workspace_id) as tx:
        with pytest.raises(FieldNotFound):
            await leads.update_field(tx, workspace_id=other_workspace_id, key="plano", changes=changes)


async def test_fields_that_were_put_away_leave_room_for_others(
    db: Database, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fielding, "MAX_FIELDS", 1)
    monkeypatch.setattr(fielding, "MAX_EVER", 2)
    async with db.tenant(workspace_id) as tx:
        place = {"workspace_id": workspace_id}
        old = await leads.create_field(tx, **place, label="Old", type=FieldType.TEXT)
        with pytest.raises(TooManyFields):
            await leads.create_field(tx, **place, label="New", type=FieldType.TEXT)
        await leads.update_field(tx, **place, key=old.key, changes=leads.FieldChanges(archived=True))
        await leads.create_field(tx, **place, label="New", type=FieldType.TEXT)
        with pytest.raises(TooManyFields):
            await leads.update_field(tx, **place, key=old.key, changes=leads.FieldChanges(archived=False))
    async with db.tenant(workspace_id) as tx:
        await leads.update_field(tx, **place, key="new", changes=leads.FieldChanges(archived=True))
        with pytest.raises(TooManyFields):
            await leads.create_field(tx, **place, label="Third", type=FieldType.TEXT)

"""Custom fields that an import makes on its way, with their types."""

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid
from mailgenius.product.imports.new_fields import guessed_type, seen_choices, without_types
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType, LeadField
from tests.factories.leads import all_leads
from tests.product.imports.conftest import ImportBytes, rejects_text

CONTENT = (
    b"email,Idade,Plano,Site\n"
    b"a@example.com,30,Ouro,https://a.example.com\n"
    b"b@example.com,trinta,Ouro,\n"
    b"c@example.com,31,Lata,\n"
)
MAPPING = {
    "email": "email",
    "Idade": "field:idade:number",
    "Plano": "field:plano:choice:Ouro|Prata",
    "Site": "field:site",
}


async def test_fields_are_made_with_their_types_and_hold_rows_to_them(
    db: Database, import_bytes: ImportBytes, workspace_id: int
):
    site = LeadField(key="site", label="Where they are", type=FieldType.URL)
    tried = await import_bytes(workspace_id, CONTENT, mapping=MAPPING, new_fields=[site], dry_run=True)
    assert (tried.rows_created, tried.rows_rejected) == (1, 2)
    async with db.tenant(workspace_id) as tx:
        assert await leads.all_fields(tx, workspace_id=workspace_id) == []
    done = await import_bytes(workspace_id, CONTENT, mapping=MAPPING, new_fields=[site])
    assert (done.rows_created, done.rows_rejected) == (1, 2)
    reasons = await rejects_text(db, workspace_id, done.id)
    assert "“trinta” does not fit “Idade”" in reasons
    assert "“Lata” does not fit “Plano”" in reasons
    (lead,) = await all_leads(db, workspace_id)
    assert lead.fields == {"idade": 30, "plano": "Ouro", "site": "https://a.example.com"}
    async with db.tenant(workspace_id) as tx:
        made = {field.key: field for field in await leads.all_fields(tx, workspace_id=workspace_id)}
    assert (made["idade"].label, made["idade"].type) == ("Idade", FieldType.NUMBER)
    assert made["plano"].choices == ("Ouro", "Prata")
    assert (made["site"].label, made["site"].type) == ("Where they are", FieldType.URL)
    # Once made, the same mapping is fine, and another type is not.
    assert (await import_bytes(workspace_id, CONTENT, mapping=MAPPING)).rows_unchanged == 1
    with pytest.raises(Invalid, match="not valid") as refused:
        await import_bytes(workspace_id, CONTENT, mapping=MAPPING | {"Idade": "field:idade:date"})
    assert "its type is number" in refused.value.problems[0].message


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("field:x:colour", "mapping.Idade: “colour” is no type of a field"),
        ("field:x:choice", "mapping.Idade.choices: name 1 to"),
        ("field:Not a key:number", "mapping.Idade: "),
    ],
)
async def test_a_field_that_cannot_be_is_refused_with_its_column(
    import_bytes: ImportBytes, workspace_id: int, target: str, problem: str
):
    with pytest.raises(Invalid) as refused:
        await import_bytes(workspace_id, CONTENT, mapping={"email": "email", "Idade": target})
    (found,) = refused.value.problems
    assert f"{found.field}: {found.message}".startswith(problem)


def test_a_mapping_says_types_in_a_word():
    plain, fields = without_types({"a": "email", "B ": "field:b:choices:x| y ", "c": "field:c"})
    assert plain == {"a": "email", "B ": "field:b", "c": "field:c"}
    assert fields == [LeadField(key="b", label="B", type=FieldType.CHOICES, choices=("x", "y"))]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["30", "-1,5", " 0 ", ""], FieldType.NUMBER),
        (["01310", "04567"], FieldType.TEXT),
        (["12345678901"], FieldType.TEXT),
        (["1.234", "2"], FieldType.TEXT),
        (["31/01/2020", "2020-01-31"], FieldType.DATE),
        (["31/01/2020 10:30", "2020-01-31"], FieldType.DATETIME),
        (["sim", "Não", "s"], FieldType.BOOLEAN),
        (["1", "0"], FieldType.NUMBER),
        (["https://a.com/x", "HTTP://b.org"], FieldType.URL),
        (["gold", "gold", "silver"], FieldType.TEXT),
        (["", " "], FieldType.TEXT),
    ],
)
def test_the_type_is_told_by_the_values(values: list[str], kind: FieldType):
    assert guessed_type(values) is kind


def test_values_that_repeat_are_offered_as_choices():
    assert seen_choices(["gold", "silver", "gold", "", "silver"]) == ("gold", "silver")
    assert seen_choices(["a", "b", "c"]) == ()
    assert seen_choices(["a,b", "a,b"]) == ()

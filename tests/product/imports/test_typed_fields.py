"""A cell that does not fit its field's type costs its row, with the reason."""

from mailgenius.kit.db.database import Database
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType
from tests.factories.leads import all_leads
from tests.product.imports.conftest import ImportBytes


async def test_typed_cells_are_checked(
    db: Database, import_bytes: ImportBytes, workspace_id: int, other_workspace_id: int
):
    async with db.tenant(workspace_id) as tx:
        for label, kind, choices in (
            ("Age", FieldType.NUMBER, ()),
            ("Born", FieldType.DATE, ()),
            ("Likes", FieldType.CHOICES, ("sun", "rain")),
        ):
            await leads.create_field(tx, workspace_id=workspace_id, label=label, type=kind, choices=choices)
    content = (
        b"email,age,born,likes,note\n"
        b"a@example.com,30,31/01/1990,Rain;sun,x\n"
        b"b@example.com,old,1990-01-31,snow,y\n"
        b"c@example.com,,,,\n"
    )
    done = await import_bytes(workspace_id, content)
    assert (done.rows_created, done.rows_rejected) == (2, 1)
    first, last = await all_leads(db, workspace_id)
    assert first.fields == {"age": 30, "born": "1990-01-31", "likes": ["sun", "rain"], "note": "x"}
    assert last.fields == {}
    # Where the fields have no type, the same file is taken as it is.
    assert (await import_bytes(other_workspace_id, content)).rows_rejected == 0

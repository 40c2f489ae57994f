"""What names a person in a text that others wrote, and what only looks like it, as PostgreSQL judges it."""

import pytest

from mailgenius.engine.suppression.model import Identity, IdentityKind
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.privacy.patterns import pattern_of

FOUND = Query(
    "found",
    "The texts in which a pattern finds somebody.",
    "SELECT t FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS u (t, n)"
    " WHERE '“' || lower(t) || '”' ~ %(pattern)s::text ORDER BY n",
)


@pytest.mark.parametrize(
    ("kind", "value", "named", "others"),
    [
        (
            IdentityKind.EMAIL,
            "ana.b+x@example.com",
            [
                "ANA.B+X@Example.com",
                " ana.b+x@example.com ",
                "Ana <ana.b+x@example.com>",
                "x@y.com;ana.b+x@example.com",
                "write to ana.b+x@example.com.",
                "mailto:ana.b+x@example.com?a=1",
            ],
            [
                "joana.b+x@example.com",
                "j.ana.b+x@example.com",
                "ana.b+x@example.com.br",
                "ana.b+x@example.community",
                "anaxb+x@example.com",
                "ana.b+x@example.com-pany.com",
            ],
        ),
        (
            IdentityKind.PHONE,
            "+5511987654321",
            [
                "+5511987654321",
                "11987654321",
                "1187654321",
                "(11) 98765-4321",
                "011 8765.4321",
                "0055 11 9 8765 4321",
                "tel: +55 (11) 98765-4321, home",
            ],
            ["987654321", "21987654321", "119876543210", "4411987654321", "11 98765-4322"],
        ),
        # A landline has no ninth digit: with one it is somebody's mobile phone.
        (IdentityKind.PHONE, "+551132345678", ["(11) 3234-5678"], ["(11) 9 3234-5678"]),
        (IdentityKind.PHONE, "+5511932345678", ["11 93234-5678"], ["11 3234-5678"]),
        (IdentityKind.PHONE, "+4915112345678", ["0049 151 12345678", "49/15112345678"], ["15112345678"]),
        (IdentityKind.EXTERNAL_ID, "A.1*", ["a.1*", " A.1* ", "id “a.1*” of"], ["a.1*2", "xa.1*", "aa1"]),
    ],
)
async def test_a_person_is_found_in_any_notation_and_nobody_else_is(
    db: Database, kind: IdentityKind, value: str, named: list[str], others: list[str]
):
    pattern = pattern_of(Identity(kind=kind, value=value))
    async with db.trusted() as tx:
        rows = await tx.rows(FOUND, texts=[*named, *others], pattern=pattern)
    assert [row[0] for row in rows] == named

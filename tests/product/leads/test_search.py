"""Finding leads: words, prefixes, accents, whole addresses, phones in any notation, pages, other tenants."""

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadInput, LeadPage, LeadStatus
from mailgenius.product.leads.service import searching
from tests.factories.leads import make_lead

PEOPLE = [
    {"name": "João Conceição", "email": "joao.c@uol.com.br", "phone": "+5511987654321", "tags": ("vip",)},
    {"name": "Joana D'Ávila-Lima", "email": "joana+news@gmail.com", "tags": ("vip", "new")},
    {"name": "Zoë Łukasz", "email": "o'neil_99@bol.com.br", "external_id": "CRM-77/b"},
    {"name": "joão maria", "phone": "+351912345678"},
]
PLANS = Query(
    "many",
    "Many leads with a common and a rare word.",
    """INSERT INTO leads (workspace_id, email, name, tags)
       SELECT %(workspace_id)s::bigint, 'p' || n || '@gmail.com',
              CASE WHEN n <= 30 THEN 'Rara Antiga' ELSE 'Comum' END,
              CASE WHEN n <= 30 THEN '{old}' ELSE '{}' END::text[]
         FROM generate_series(1, %(count)s::int) n""",
)


@pytest.fixture
async def people(db: Database, workspace_id: int, other_workspace_id: int) -> int:
    for values in PEOPLE:
        await make_lead(db, workspace_id, **values)
        await make_lead(db, other_workspace_id, **values)
    return workspace_id


async def search(db: Database, workspace_id: int, text: str = "", **values) -> LeadPage:
    async with db.trusted() as tx:
        return await leads.search(tx, workspace_id=workspace_id, text=text, **values)


async def test_what_people_type(db: Database, people: int):
    async def found(text: str) -> list[str]:
        page = await search(db, people, text)
        assert (page.total, page.total_is_estimate) == (len(page.items), False)
        return [lead.name for lead in page.items]

    joao, joana, zoe, maria = (values["name"] for values in PEOPLE)
    for text, names in {
        "joao": [maria, joao],
        "JOÃO": [maria, joao],
        "Joa\u0303o": [maria, joao],
        "joão con": [joao],
        "con joa": [joao],
        "jo": [maria, joana, joao],
        "conceicao": [joao],
        "ceicao": [],
        "avila": [joana],
        "d'avila lima": [joana],
        "joao.c@uol.com.br": [joao],
        " JOAO.C@UOL.com.br ": [joao],
        "joao.c@uol": [joao],
        "news@gmail.com": [joana],
        "o'neil": [zoe],
        "łuk": [zoe],
        "crm-77": [zoe],
        "77/b": [zoe],
        "11987654321": [joao],
        "(11) 98765-4321": [joao],
        "+55 11 98765 4321": [joao],
        "5511987654321": [joao],
        "(11) 98765": [joao],
        "+351 912 345 678": [maria],
        "912": [],
        "351912": [maria],
        "zzz": [],
        "@@ .. '": [],
        "joao & !maria | (:* <-> \\": [maria],
        "'; DROP TABLE leads; --": [],
        "\x00joana": [joana],
    }.items():
        assert await found(text) == names, text


async def test_filters_and_words_together(db: Database, people: int):
    async with db.tenant(people) as tx:
        (joana,) = (await leads.search(tx, workspace_id=people, text="joana")).items
        await leads.set_status(tx, workspace_id=people, lead_ids=[joana.id], status=LeadStatus.BLOCKED)

    async def count(**values) -> int:
        page = await search(db, people, **values)
        assert page.total == len(page.items)
        return page.total

    assert await count(tag="vip") == 2
    assert await count(tag="nobody") == 0
    assert await count(tag="vip", text="jo") == 2
    assert await count(tag="new", text="joao") == 0
    assert await count(status=LeadStatus.BLOCKED) == 1
    assert await count(status=LeadStatus.ACTIVE) == 3
    assert await count(status=LeadStatus.BOUNCED) == 0
    assert await count(status=LeadStatus.ACTIVE, tag="vip") == 1
    assert await count(status=LeadStatus.ACTIVE, tag="vip", text="joana") == 0
    assert await count(text="joao.c@uol.com.br", tag="new") == 0


async def test_pages_follow_the_key(db: Database, workspace_id: int):
    async with db.tenant(workspace_id) as tx:
        inputs = [LeadInput(email=f"page{n}@example.com", tags=("x",)) for n in range(7)]
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=inputs)
    for values in ({}, {"text": "page"}, {"tag": "x"}, {"status": LeadStatus.ACTIVE}):
        seen: list[int] = []
        cursor = None
        while True:
            page = await search(db, workspace_id, **values, limit=3, cursor=cursor)
            seen += [lead.id for lead in page.items]
            assert page.total == 7
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == 7
    with pytest.raises(Invalid):
        await search(db, workspace_id, cursor="nonsense")
    with pytest.raises(Invalid):
        await search(db, workspace_id, limit=0)


async def test_common_words_are_read_from_the_newest_and_rare_ones_listed(
    db: Database, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    """Both ways, and the way back from the window to the list, find the same leads."""
    async with db.trusted() as tx:
        await tx.execute(PLANS, workspace_id=workspace_id, count=600)
    monkeypatch.setattr(searching, "WINDOW", 100)
    for rare in (0, 10**9):
        monkeypatch.setattr(searching, "RARE", rare)
        common = await search(db, workspace_id, "comum", limit=5)
        assert [lead.email for lead in common.items] == [f"p{n}@gmail.com" for n in range(600, 595, -1)]
        assert common.total_is_estimate == (rare == 0)
        for values in ({"text": "rara"}, {"tag": "old"}):
            old = await search(db, workspace_id, **values, limit=5)
            assert [lead.email for lead in old.items] == [f"p{n}@gmail.com" for n in (30, 29, 28, 27, 26)]
            assert (old.total, old.total_is_estimate) == (30, False)
            rest = await search(db, workspace_id, **values, limit=100, cursor=old.next_cursor)
            assert len(rest.items) == 25


async def test_a_door_that_searches_sees_its_own_only(db: Database, people: int, other_workspace_id: int):
    """Search wants a trusted transaction for its speed; under row-level security it is never wider."""
    async with db.tenant(people) as tx:
        assert (await leads.search(tx, workspace_id=people, text="joao")).total == 2
        assert (await leads.search(tx, workspace_id=other_workspace_id, text="joao")).items == []
        assert (await leads.search(tx, workspace_id=other_workspace_id)).items == []

"""Finding leads: words, prefixes, accents, whole addresses, phones in any notation, pages, other tenants."""

from datetime import UTC, datetime

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.model import FieldType, LeadInput, LeadPage, LeadSort, LeadStatus, Span
from mailgenius.product.leads.service import filtering, rarest, searching
from tests.factories.leads import make_lead, make_leads

PEOPLE = [
    {"name": "João Conceição", "email": "joao.c@uol.com.br", "phone": "+5511987654321", "tags": ("vip",)},
    {"name": "Joana D'Ávila-Lima", "email": "joana+news@gmail.com", "tags": ("vip", "new")},
    {"name": "Zoë Łukasz", "email": "o'neil_99@bol.com.br", "external_id": "CRM-77/b"},
    {"name": "joão maria", "phone": "+351912345678"},
]
SPREAD = Query(
    "spread",
    "Leads far apart, so that they lie in many buckets, and some of them are empty.",
    """INSERT INTO leads (workspace_id, id, email, name, tags, status, fields, created_at, updated_at)
              OVERRIDING SYSTEM VALUE
       SELECT %(workspace_id)s::bigint,
              nextval('leads_id_seq') + n * 5000 + CASE WHEN n > 150 THEN 900000 ELSE 0 END,
              'p' || n || CASE WHEN n <= 30 THEN '@uol.org' ELSE '@gmail.com' END,
              CASE WHEN n <= 30 THEN 'Rara Antiga' ELSE 'Comum' END,
              CASE WHEN n <= 30 THEN '{old}' WHEN n > 290 THEN '{new}' ELSE '{}' END::text[],
              CASE WHEN n %% 40 = 0 THEN 'blocked' ELSE 'active' END::lead_status,
              jsonb_build_object('age', n %% 10, 'city', CASE WHEN n %% 2 = 0 THEN to_jsonb(n %% 5)
                                                              ELSE to_jsonb((n %% 5)::text) END),
              now() - interval '1 day' * (300 - n), now() - interval '1 hour' * (n * 7 %% 1000)
         FROM generate_series(1, %(count)s::int) n""",
)
MOVE = Query(
    "move-tag",
    "In one statement a tag goes from some leads to others: its counter stays.",
    """UPDATE leads SET tags = CASE WHEN id = %(to)s::bigint THEN '{roaming}' ELSE '{}' END::text[]
        WHERE workspace_id = %(workspace_id)s::bigint AND (id = %(to)s::bigint OR 'roaming' = ANY (tags))""",
)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


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


ORDERS = {
    LeadSort.NEWEST: lambda lead: -lead.id,
    LeadSort.OLDEST: lambda lead: lead.id,
    LeadSort.CHANGED: lambda lead: (-lead.updated_at.timestamp(), -lead.id),
}


async def test_every_filter_and_order_finds_what_reading_all_finds(
    db: Database, workspace_id: int, other_workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    """The leads lie in many buckets, some of them empty; few matches and many go different ways."""
    async with db.trusted() as tx:
        await leads.create_field(tx, workspace_id=workspace_id, label="Age", type=FieldType.NUMBER)
        await leads.create_field(tx, workspace_id=workspace_id, label="City", type=FieldType.TEXT)
        for tenant in (other_workspace_id, workspace_id):
            await tx.execute(SPREAD, workspace_id=tenant, count=300)
        everyone = (await leads.search(tx, workspace_id=workspace_id, limit=500)).items
    assert len(everyone) == 300
    some_day = everyone[100].created_at
    cases = {
        "word": ({"text": "rara"}, lambda lead: lead.name == "Rara Antiga"),
        "common": ({"text": "com"}, lambda lead: lead.email.endswith("com")),
        "tag": ({"tag": "old"}, lambda lead: "old" in lead.tags),
        "status": ({"status": LeadStatus.BLOCKED}, lambda lead: lead.status is LeadStatus.BLOCKED),
        "field": ({"fields": {"age": "7"}}, lambda lead: lead.fields["age"] == 7),
        "text as number": ({"fields": {"city": "3"}}, lambda lead: lead.fields["city"] in (3, "3")),
        "word and tag": ({"text": "rara ant", "tag": "old"}, lambda lead: "old" in lead.tags),
        "word and new tag": ({"text": "com", "tag": "new"}, lambda lead: "new" in lead.tags),
        "word without tag": ({"text": "com", "tag": "old"}, lambda lead: False),
        "words and status": (
            {"text": "com gmail", "status": LeadStatus.BLOCKED},
            lambda lead: lead.status is LeadStatus.BLOCKED and lead.name == "Comum",
        ),
        "two": (
            {"tag": "old", "fields": {"age": "7"}},
            lambda lead: "old" in lead.tags and lead.fields["age"] == 7,
        ),
        "since": ({"created": Span(since=some_day)}, lambda lead: lead.created_at >= some_day),
        "until": ({"created": Span(until=some_day), "text": "uol"}, lambda lead: lead.email.endswith("org")),
        "changed": ({"updated": Span(since=some_day)}, lambda lead: lead.updated_at >= some_day),
    }  # fmt: skip
    for few, rare in ((2, 1.0), (5_000, 0.0), (2, 0.0)):
        # Where all counts as rare, common words are checked last, and tags are looked for in one look.
        monkeypatch.setattr(rarest, "RARE", rare)
        monkeypatch.setattr(rarest, "FEWEST", rare)
        monkeypatch.setattr(searching, "FEW", few)
        monkeypatch.setattr(searching, "SORTED", few)
        for name, (values, matches) in cases.items():
            for sort, order in ORDERS.items():
                expected = [lead.id for lead in sorted(filter(matches, everyone), key=order)]
                got, cursor = list[int](), None
                while cursor or not got:
                    page = await search(db, workspace_id, **values, sort=sort, limit=120, cursor=cursor)
                    got += [lead.id for lead in page.items]
                    assert page.total == len(expected) or page.total_is_estimate, (name, sort)
                    cursor = page.next_cursor
                    if not cursor:
                        break
                assert got == expected, (name, sort, few, rare)
    for values in ({"text": "zzz"}, {"fields": {"city": "nowhere"}}, {"created": Span(until=LONG_AGO)}):
        assert (await search(db, workspace_id, **values)).total == 0
    for field in ({"nothing": "1"}, {"age": "seven"}):
        with pytest.raises(Invalid):
            await search(db, workspace_id, fields=field)


async def test_a_tag_is_found_wherever_it_went(db: Database, workspace_id: int, other_workspace_id: int):
    await make_leads(db, workspace_id, 5)
    await make_lead(db, other_workspace_id, email="p@example.com", tags=("roaming",))
    everybody = [lead.id for lead in (await search(db, workspace_id, sort=LeadSort.OLDEST)).items]
    assert not (await search(db, workspace_id, tag="roaming")).items
    async with db.tenant(workspace_id) as tx:
        await leads.add_tags(tx, workspace_id=workspace_id, lead_ids=everybody[2:3], tags=["roaming"])
    for place in (2, 4, 0, 3):
        async with db.trusted() as tx:
            await tx.execute(MOVE, workspace_id=workspace_id, to=everybody[place])
            await leads.fold_counts(tx)
        for sort in LeadSort:
            page = await search(db, workspace_id, tag="roaming", sort=sort)
            assert ([lead.id for lead in page.items], page.total) == ([everybody[place]], 1), (place, sort)
    async with db.tenant(workspace_id) as tx:
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=everybody[3:4])
    assert not (await search(db, workspace_id, tag="roaming")).items
    await make_lead(db, workspace_id, email="late@example.com", tags=("roaming",))
    assert len((await search(db, workspace_id, tag="roaming")).items) == 1


async def test_a_door_that_searches_sees_its_own_only(db: Database, people: int, other_workspace_id: int):
    """Search wants a trusted transaction for its speed; under row-level security it is never wider."""
    async with db.tenant(people) as tx:
        assert (await leads.search(tx, workspace_id=people, text="joao")).total == 2
        assert (await leads.search(tx, workspace_id=other_workspace_id, text="joao")).items == []
        assert (await leads.search(tx, workspace_id=other_workspace_id)).items == []


async def test_beginning_of_an_email_finds_those_that_begin_so(
    db: Database, workspace_id: int, other_workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    """Not whoever has these words somewhere, unless nobody's begins so or too many do."""
    async with db.trusted() as tx:
        await leads.upsert_batch(
            tx, workspace_id=other_workspace_id, leads=[LeadInput(email="ana.lima7@example.com")]
        )
        inputs = [LeadInput(email=f"ana.lima7{n}@example.com", tags=("odd",) * (n % 2)) for n in range(5)]
        inputs += [LeadInput(email="x.lima7.ana@example.com"), LeadInput(external_id="ana.lima7/9")]
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=inputs)
        everyone = (await leads.search(tx, workspace_id=workspace_id)).items
    begun = [lead for lead in everyone if (lead.email or lead.external_id or "").startswith("ana.lima7")]
    assert (len(everyone), len(begun)) == (7, 6)
    for sort, order in ORDERS.items():
        got, cursor = list[int](), None
        while cursor or not got:
            page = await search(db, workspace_id, "ana.lima7", sort=sort, limit=2, cursor=cursor)
            got += [lead.id for lead in page.items]
            cursor = page.next_cursor
            if not cursor:
                break
        assert got == [lead.id for lead in sorted(begun, key=order)], sort
    odd = await search(db, workspace_id, "ana.lima7", tag="odd")
    assert [lead.email for lead in odd.items] == ["ana.lima73@example.com", "ana.lima71@example.com"]
    assert (await search(db, workspace_id, "lima7.ana@exa")).total == 6  # Nobody's begins so: the words.
    assert (await search(db, workspace_id, "ana.lima74@")).total == 1
    async with db.trusted() as tx:
        meant = await leads.matching(tx, workspace_id=workspace_id, wanted=Wanted(text="ana.lima7"))
    assert meant.total == len(begun)
    for limit, few in {"MOST_NUMBERED": 0, "MOST_BEGUN": len(begun) - 2}.items():
        with monkeypatch.context() as patch:
            patch.setattr(filtering, limit, few)
            assert (await search(db, workspace_id, "ana.lima7")).total == len(everyone), limit


async def test_beginning_of_a_phone_or_an_id_finds_those_that_begin_so(
    db: Database, workspace_id: int, other_workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    local = [LeadInput(phone=f"+551198765432{n}", external_id=f"crm-77{n}") for n in range(3)]
    abroad = LeadInput(phone="+11987651234")
    elsewhere = LeadInput(email="ana.11987654@example.com", external_id="old-crm-77")
    async with db.trusted() as tx:
        await leads.upsert_batch(tx, workspace_id=other_workspace_id, leads=local)
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=[*local, abroad, elsewhere])
    for text, total in {
        "(11) 98765": 4,
        "11 98765-432": 3,
        "+55 11 98765-43": 3,
        "198765": 0,
        "119876": 5,  # So few digits may as well be a part of an id: by the words.
        "crm-77": 3,
        "crm-772": 1,
        "old-crm-7": 1,
    }.items():
        page = await search(db, workspace_id, text)
        assert (page.total, len(page.items), page.total_is_estimate) == (total, total, False), text
    first = await search(db, workspace_id, "1198765", limit=3)
    rest = await search(db, workspace_id, "1198765", limit=3, cursor=first.next_cursor)
    assert [lead.phone for lead in rest.items] == [local[0].phone]
    monkeypatch.setattr(filtering, "MOST_DIALLED", 2)
    assert (await search(db, workspace_id, "11987654")).total == 4

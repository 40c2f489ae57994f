"""The suppression list as people keep it: addresses, domains and phones in by lines or a file, out as CSV."""

import tracemalloc
from collections.abc import AsyncIterator

from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadInput, LeadStatus

R = SuppressionReason
STATUSES = Query(
    "statuses",
    "Of a domain.",
    "SELECT status::text FROM leads WHERE workspace_id = %(workspace_id)s"
    " AND split_part(email, '@', 2) = %(domain)s ORDER BY email",
)


async def listed(db: Database, workspace_id: int, **wanted) -> list[str]:
    async with db.tenant(workspace_id) as tx:
        page = await suppression.list_suppressions(tx, workspace_id=workspace_id, **wanted)
    return [row.address for row in page.items]


async def put(db: Database, workspace_id: int, *lines: str, reason: R = R.BLOCKED) -> leads.Listed:
    async with db.tenant(workspace_id) as tx:
        return await leads.suppress_listed(tx, workspace_id=workspace_id, lines=lines, reason=reason)


async def content(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_a_line_is_an_address_a_domain_or_a_phone_and_a_bad_one_costs_only_itself(
    db: Database, workspace_id: int, other_workspace_id: int
):
    found = await put(
        db,
        workspace_id,
        "E-mail",
        " Ana@Example.com ",
        "@Example.ORG",
        "spam.example",
        "",
        "11 91234-5678",
        "no!",
    )
    assert (found.lines, found.changed, found.refused_lines) == (7, 5, 1)
    assert [(each.index, each.reason) for each in found.refused] == [
        (6, "“no!” is not an e-mail address, a domain or a phone number")
    ]
    assert await listed(db, workspace_id, channel="email") == [
        "@example.org",
        "@spam.example",
        "ana@example.com",
    ]
    assert await listed(db, workspace_id, channel="whatsapp") == ["+5511912345678"]
    assert await listed(db, other_workspace_id) == []
    assert (await put(db, workspace_id, "ana@example.com", reason=R.BOUNCED)).changed == 0


async def test_a_domain_holds_back_all_of_it_and_nothing_below_or_beside_it(db: Database, workspace_id: int):
    await put(db, workspace_id, "@example.org")
    async with db.trusted() as tx:
        found = await suppression.suppressed(
            tx,
            workspace_id=workspace_id,
            channel="email",
            addresses=["Bo@Example.org", "bo@sub.example.org", "bo@notexample.org", "bo@example.com"],
        )
    assert found == {"Bo@Example.org": R.BLOCKED}


async def test_what_comes_out_as_csv_can_go_in_as_it_is(
    db: Database, workspace_id: int, other_workspace_id: int
):
    await put(db, workspace_id, "ana@example.com", "@example.org", "+5511912345678")
    await put(db, workspace_id, "left@example.com", reason=R.UNSUBSCRIBED)
    async with db.trusted() as tx:
        await suppression.remove(
            tx, workspace_id=workspace_id, channel="whatsapp", addresses=["+5511912345678"]
        )
    out = [chunk async for chunk in leads.suppressions_csv(db, workspace_id=workspace_id)]
    assert b"\n'@example.org,email,blocked" in b"".join(out)  # No spreadsheet runs it.
    cut = [b"".join(out)[:30], b"".join(out)[30:], b"bo@example.com,email,odd\n", b"\n\xff\xfe,not UTF-8\n"]
    found = await leads.suppress_file(
        db, content(*cut), workspace_id=other_workspace_id, reason=R.BLOCKED, detail="list.csv"
    )
    assert (found.changed, found.refused_lines) == (5, 1)
    assert await listed(db, other_workspace_id, reason=R.UNSUBSCRIBED) == ["left@example.com"]
    await put(db, workspace_id, "bo@example.com")  # What is no reason gets that of the whole file.
    assert await listed(db, other_workspace_id) == await listed(db, workspace_id)
    again = await leads.suppress_file(db, content(*out), workspace_id=workspace_id, reason=R.BLOCKED)
    assert again.changed == 0


async def test_a_line_without_end_is_one_bad_line_and_takes_no_memory(db: Database, workspace_id: int):
    tracemalloc.start()
    endless = content(b"a@example.com\n", *[b"x" * (1 << 20)] * 200, b"\nb@example.com")
    found = await leads.suppress_file(db, endless, workspace_id=workspace_id, reason=R.BLOCKED)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.lines, found.changed, found.refused_lines) == (3, 2, 1)
    assert peak < 20 << 20


async def test_lifting_takes_only_what_is_named(db: Database, workspace_id: int, other_workspace_id: int):
    for each in (workspace_id, other_workspace_id):
        await put(db, each, "ana@example.com", "@example.com", "+5511912345678")
    async with db.tenant(workspace_id) as tx:
        assert (
            await leads.lift_listed(
                tx, workspace_id=workspace_id, lines=["@example.com", "+55 11 91234-5678"]
            )
            == 3
        )
    assert await listed(db, workspace_id) == ["ana@example.com"]
    assert len(await listed(db, other_workspace_id)) == 4
    assert await listed(db, workspace_id, holds="NA@EX", reason=R.BLOCKED) == ["ana@example.com"]
    assert await listed(db, workspace_id, reason=R.BOUNCED) == []


async def test_of_what_rows_say_of_a_lead_that_is_stopped_the_stricter_holds(
    db: Database, workspace_id: int, other_workspace_id: int
):
    strict = [LeadStatus.BOUNCED, LeadStatus.UNSUBSCRIBED, LeadStatus.COMPLAINED, LeadStatus.BLOCKED]
    pairs = [(old, new) for old in (LeadStatus.ACTIVE, *strict) for new in (LeadStatus.ACTIVE, *strict)]

    async def say(workspace: int, domain: str, statuses: list[LeadStatus]) -> list[str]:
        inputs = [LeadInput(email=f"p{n:02}@{domain}", status=each) for n, each in enumerate(statuses)]
        async with db.trusted() as tx:
            await leads.upsert_batch(tx, workspace_id=workspace, leads=inputs)
            found = await tx.rows(STATUSES, workspace_id=workspace, domain=domain)
        return [row[0] for row in found]

    before, said = [old for old, _ in pairs], [new for _, new in pairs]
    stricter = [max(pair, key=[LeadStatus.ACTIVE, *strict].index) for pair in pairs]
    await say(workspace_id, "known.example", before)
    assert await say(workspace_id, "known.example", said) == stricter
    # The same of people who were never leads: only the list knows them.
    for reason in strict:
        lines = [f"p{n:02}@new.example" for n, old in enumerate(before) if old is reason]
        await put(db, workspace_id, *lines, reason=R(reason.value))
    assert await say(workspace_id, "new.example", said) == stricter
    assert await say(other_workspace_id, "new.example", said) == said

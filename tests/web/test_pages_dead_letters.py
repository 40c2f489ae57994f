"""The page of dead letters: filters, one explained, some and all replayed, nobody else's."""

from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.workspaces.model import Role
from tests.factories.dead_letters import make_dead
from tests.factories.jobs_seen import waiting_jobs
from tests.web.browser import location

S = MessageState
ADDRESSES = Query("addresses", "By id.", "SELECT id, address FROM messages ORDER BY id")


async def addresses(db: Database) -> dict[int, str]:
    async with db.trusted() as tx:
        return dict(await tx.rows(ADDRESSES))


async def test_the_list_filters_and_explains(signed_in, db: Database, workspace_id: int):
    browser = await signed_in(Role.EDITOR)
    assert "No dead letters" in (await browser.get("/dead-letters")).text
    _, ids = await make_dead(db, workspace_id, [S.REJECTED, S.UNKNOWN, S.ACCEPTED])
    to = await addresses(db)
    everything = (await browser.get("/dead-letters")).text
    assert to[ids[0]] in everything
    assert to[ids[1]] in everything
    assert to[ids[2]] not in everything
    some = (await browser.get("/dead-letters?state=unknown", htmx=True)).text
    assert to[ids[1]] in some
    assert to[ids[0]] not in some
    assert "No dead letter matches" in (await browser.get("/dead-letters?code=999")).text
    told = (await browser.get(f"/dead-letters/{ids[1]}")).text
    assert "may have arrived" in told
    assert "Attempt 1" in told


async def test_some_are_replayed_and_all_by_a_job(signed_in, db: Database, workspace_id: int):
    browser = await signed_in(Role.EDITOR)
    _, ids = await make_dead(db, workspace_id, [S.REJECTED, S.UNKNOWN, S.EXPIRED])
    await browser.get("/dead-letters")
    answer = await browser.post(
        "/dead-letters/some", {"act": "replayed", "ids": [ids[0], ids[1]]}, follow=True
    )
    assert "2 messages queued again." in answer.text
    answer = await browser.post("/dead-letters/some", {"act": "discarded", "ids": ids}, follow=True)
    assert "1 message discarded." in answer.text
    assert "2 messages were left alone" in answer.text
    answer = await browser.post("/dead-letters/all", {"act": "replayed", "state": "expired"})
    assert location(answer) == "/dead-letters"
    assert len(await waiting_jobs(db, "dead_letters.run")) == 1


async def test_a_viewer_reads_and_another_workspace_sees_nothing(
    signed_in, db: Database, workspace_id: int, other_workspace_id: int
):
    _, ids = await make_dead(db, workspace_id, [S.REJECTED])
    viewer = await signed_in(Role.VIEWER)
    assert "/dead-letters/all" not in (await viewer.get("/dead-letters")).text
    assert (await viewer.post("/dead-letters/some", {"ids": ids})).status_code == 403
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    assert (await stranger.get(f"/dead-letters/{ids[0]}")).status_code == 404
    assert "No dead letters" in (await stranger.get("/dead-letters")).text

"""The ledger: every way in writes it, the states follow, a withdrawal stops messages, nothing changes it."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import service as suppression
from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.errors import ConsentUnclear
from mailgenius.product.consents.model import Basis, ConsentAct, ConsentEntry, Statement, Way
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.errors import LeadNotFound
from mailgenius.product.leads.model import Lead, LeadInput, LeadStatus, Mode
from tests.factories.leads import make_lead

LONG_AGO = datetime(2024, 5, 1, tzinfo=UTC)


async def read(db: Database, workspace_id: int, lead_id: int) -> tuple[dict, list[ConsentEntry], Lead]:
    """The state of each channel, the ledger oldest first, and the lead."""
    async with db.tenant(workspace_id) as tx:
        known = await consents.states(tx, workspace_id=workspace_id, lead_ids=[lead_id])
        page = await consents.entries(tx, workspace_id=workspace_id, lead_id=lead_id)
        lead = await leads.get(tx, workspace_id=workspace_id, lead_id=lead_id)
    return {s.channel: (s.act, s.basis, s.source) for s in known}, page.items[::-1], lead


async def say(db: Database, workspace_id: int, lead_id: int, **values) -> None:
    statement = Statement(
        lead_id=lead_id, **{"channel": "email", "act": ConsentAct.GIVEN, "way": Way.API, **values}
    )
    async with db.tenant(workspace_id) as tx:
        await leads.state_consent(tx, workspace_id=workspace_id, statement=statement)


async def test_every_way_of_writing_a_lead_tells_the_ledger_once(db: Database, workspace_id: int):
    given = {"email": "ana@example.com", "consent_source": "fair"}
    ana = await make_lead(db, workspace_id, **given)
    assert ana.consent_at is not None
    await make_lead(db, workspace_id, **given)
    states, entries, _ = await read(db, workspace_id, ana.id)
    assert states == {"email": (ConsentAct.GIVEN, Basis.CONSENT, "fair")}
    assert [(e.way, e.source) for e in entries] == [(Way.API, "fair")]
    async with db.tenant(workspace_id) as tx:
        changes = LeadInput(consent_source="phone call", consent_at=LONG_AGO)
        await leads.update(tx, workspace_id=workspace_id, lead_id=ana.id, changes=changes, source="page")
        batch = [LeadInput(phone="+5511987654321", consent_at=LONG_AGO), LeadInput(email="no@example.com")]
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=batch)
        bia = (await leads.upsert(tx, workspace_id=workspace_id, lead=batch[0])).lead
        quiet = (await leads.upsert(tx, workspace_id=workspace_id, lead=batch[1])).lead
    states, entries, lead = await read(db, workspace_id, ana.id)
    assert entries[-1].way is Way.PAGE
    assert entries[-1].at == LONG_AGO
    # An older word does not take the place of a later one.
    assert states["email"][2] == "fair"
    assert lead.consent_at == ana.consent_at
    states, _, lead = await read(db, workspace_id, bia.id)
    assert set(states) == {"sms", "whatsapp"}
    assert lead.consent_at == LONG_AGO
    assert (await read(db, workspace_id, quiet.id))[:2] == ({}, [])


async def test_a_withdrawal_stops_messages_and_no_file_turns_it_around(db: Database, workspace_id: int):
    ana = await make_lead(db, workspace_id, email="ana@example.com", consent_source="fair")
    await say(
        db, workspace_id, ana.id, act=ConsentAct.WITHDRAWN, source="call", ip="203.0.113.7", text_version="3"
    )
    states, entries, lead = await read(db, workspace_id, ana.id)
    assert states["email"][0] is ConsentAct.WITHDRAWN
    assert (entries[-1].ip, entries[-1].text_version, entries[-1].basis) == (
        "203.0.113.7",
        "3",
        Basis.CONSENT,
    )
    assert (lead.status, lead.consent_at) == (LeadStatus.UNSUBSCRIBED, None)
    again = await make_lead(db, workspace_id, email="ana@example.com", consent_source="old list")
    assert (again.status, again.consent_at) == (LeadStatus.UNSUBSCRIBED, None)
    await make_lead(db, workspace_id, email="ana@example.com", consent_at=LONG_AGO)
    states, _, lead = await read(db, workspace_id, ana.id)
    assert states["email"][0] is ConsentAct.WITHDRAWN
    assert lead.consent_at is None
    # What is written down as given now holds in the ledger, and sending still waits for the lead itself.
    await say(db, workspace_id, ana.id, source="new contract", basis=Basis.CONTRACT)
    states, _, lead = await read(db, workspace_id, ana.id)
    assert states["email"] == (ConsentAct.GIVEN, Basis.CONTRACT, "new contract")
    assert lead.status is LeadStatus.UNSUBSCRIBED
    async with db.tenant(workspace_id) as tx:
        await leads.return_to(tx, workspace_id=workspace_id, lead_id=ana.id, channel="email")
    assert (await read(db, workspace_id, ana.id))[2].status is LeadStatus.ACTIVE


async def test_a_recipient_who_leaves_and_returns_is_in_the_ledger_once_each(db: Database, workspace_id: int):
    ana = await make_lead(db, workspace_id, email="ana@example.com", consent_source="fair")
    who = {"workspace_id": workspace_id, "channel": Channel.EMAIL}
    async with db.trusted() as tx:
        await leads.note_recipient(tx, **who, address=ana.email, lead_id=None)
        await suppression.add(tx, **who, addresses=[ana.email], reason="unsubscribed")
        for _ in range(2):
            await leads.note_recipient(tx, **who, address=ana.email, lead_id=ana.id)
        await suppression.remove(tx, **who, addresses=[ana.email])
        for _ in range(2):
            await leads.note_recipient(tx, **who, address=ana.email, lead_id=None)
    states, entries, lead = await read(db, workspace_id, ana.id)
    assert [(e.act, e.way) for e in entries] == [
        (ConsentAct.GIVEN, Way.API),
        (ConsentAct.WITHDRAWN, Way.UNSUBSCRIBE),
        (ConsentAct.GIVEN, Way.UNSUBSCRIBE),
    ]
    assert states["email"][:2] == (ConsentAct.GIVEN, Basis.CONSENT)
    assert lead.consent_at is not None


async def test_a_lead_that_is_kept_as_it_is_keeps_its_consent(db: Database, workspace_id: int):
    ana = await make_lead(db, workspace_id, email="ana@example.com", consent_source="fair")
    async with db.tenant(workspace_id) as tx:
        given = [LeadInput(email="ana@example.com", consent_source="list"), LeadInput(email="b@example.com")]
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=given, mode=Mode.KEEP)
    assert len((await read(db, workspace_id, ana.id))[1]) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ip": "not an address"}, "ip"),
        ({"ip": "fe80::1%eth0"}, "ip"),
        ({"channel": "pigeon"}, "channel"),
        ({"at": clock.now() + timedelta(days=2)}, "at"),
    ],
)
async def test_what_is_not_clear_is_refused(db: Database, workspace_id: int, values: dict, field: str):
    ana = await make_lead(db, workspace_id)
    with pytest.raises(ConsentUnclear) as refused:
        await say(db, workspace_id, ana.id, **values)
    assert [problem.field for problem in refused.value.problems] == [field]


async def test_another_workspace_neither_reads_nor_writes_it(
    db: Database, workspace_id: int, other_workspace_id: int
):
    ana = await make_lead(db, workspace_id, consent_source="fair")
    with pytest.raises(LeadNotFound):
        await say(db, other_workspace_id, ana.id, act=ConsentAct.WITHDRAWN)
    async with db.tenant(other_workspace_id) as tx:
        assert await consents.states(tx, workspace_id=other_workspace_id, lead_ids=[ana.id]) == []
        assert await consents.states(tx, workspace_id=workspace_id, lead_ids=[ana.id]) == []
        page = await consents.entries(tx, workspace_id=workspace_id, lead_id=ana.id)
        assert page.items == []


@pytest.mark.parametrize("change", ["UPDATE consent_entries SET source = 'x'", "DELETE FROM consent_entries"])
async def test_the_database_refuses_every_change_of_the_ledger(db: Database, workspace_id: int, change: str):
    await make_lead(db, workspace_id, consent_source="fair")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with db.trusted() as tx:
            await tx.execute(Query("change", "Change it.", change))


@pytest.mark.parametrize("trusted", [True, False])
async def test_what_is_known_of_a_consent_goes_with_its_lead(db: Database, workspace_id: int, trusted: bool):
    gone, kept = [
        await make_lead(db, workspace_id, email=f"{name}@example.com", consent_source="shop")
        for name in ("gone", "kept")
    ]
    for lead in (gone, kept):
        await say(db, workspace_id, lead.id, source="form")
    async with db.trusted() if trusted else db.tenant(workspace_id) as tx:
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=[gone.id])
    async with db.tenant(workspace_id) as tx:
        states = await consents.states(tx, workspace_id=workspace_id, lead_ids=[gone.id, kept.id])
        entries = await consents.entries(tx, workspace_id=workspace_id, lead_id=gone.id)
        left = await consents.entries(tx, workspace_id=workspace_id, lead_id=kept.id)
    assert {state.lead_id for state in states} == {kept.id}
    assert (entries.items, len(left.items)) == ([], 2)

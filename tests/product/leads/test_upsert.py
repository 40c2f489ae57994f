"""Taking leads in: identities, modes, what is refused."""

from datetime import UTC, datetime

import pytest

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import service as suppression
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.errors import IdentityConflict
from mailgenius.product.leads.model import Lead, LeadInput, LeadStatus, Mode, Upserted
from tests.factories.leads import all_leads, make_lead

CONSENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def upsert(db: Database, workspace_id: int, mode: Mode = Mode.MERGE, **values):
    async with db.tenant(workspace_id) as tx:
        return await leads.upsert(tx, workspace_id=workspace_id, lead=LeadInput(**values), mode=mode)


async def test_a_new_lead_is_stored_in_normal_form(db: Database, workspace_id: int):
    made = await upsert(
        db,
        workspace_id,
        email="  Ana.SOUZA@Exemplo.com.br ",
        phone="(11) 98765-4321",
        external_id=" A-1 ",
        name="Ana   Souza ",
        tags=("vip", " vip", "", "São Paulo"),
        fields={"city": " Recife ", "age": 34, "empty": "", "gone": None},
        consent_at=CONSENT,
        consent_source="landing page",
    )
    assert made.created
    lead = made.lead
    assert (lead.email, lead.phone, lead.external_id) == ("ana.souza@exemplo.com.br", "+5511987654321", "A-1")
    assert (lead.name, lead.tags, lead.status) == ("Ana Souza", ("vip", "São Paulo"), LeadStatus.ACTIVE)
    assert lead.fields == {"city": "Recife", "age": 34}
    assert (lead.consent_at, lead.consent_source) == (CONSENT, "landing page")


async def test_of_several_leads_the_known_are_changed_and_the_others_made(
    db: Database, workspace_id: int, other_workspace_id: int
):
    """Rows of different people that say nothing of status and consent: new ones need no staging table."""
    await make_lead(db, workspace_id, email="known@example.com", phone="+5511987650001")
    async with db.tenant(workspace_id) as tx:
        await suppression.add(
            tx,
            workspace_id=workspace_id,
            channel=Channel.SMS,
            addresses=["+5511987650002"],
            reason="unsubscribed",
        )
    given = [
        LeadInput(email="Zoe@example.com", name="Zoe", tags=("b", "a"), fields={"city": "Recife", "age": 3}),
        LeadInput(email="known@example.com", name="Known"),
        LeadInput(phone="11 98765-0002"),
        LeadInput(email="no address"),
        LeadInput(email="else@example.com", phone="+5511987650001", external_id="crm-1"),
        LeadInput(external_id="crm-2", fields={"city": ""}),
    ]
    for place in (other_workspace_id, workspace_id):
        async with db.tenant(place) as tx:
            done = await leads.upsert_each(tx, workspace_id=place, leads=given)
    assert isinstance(done[3], Invalid)
    assert isinstance(done[4], IdentityConflict)
    found = [each.lead for each in done if isinstance(each, Upserted)]
    assert [each.created for each in done if isinstance(each, Upserted)] == [True, False, True, True]
    zoe, known, phone, crm = found
    assert (zoe.email, zoe.tags, zoe.fields) == ("zoe@example.com", ("b", "a"), {"city": "Recife", "age": 3})
    assert (known.name, phone.status, crm.external_id) == ("Known", LeadStatus.UNSUBSCRIBED, "crm-2")
    assert {lead.id: lead for lead in await all_leads(db, workspace_id)} == {lead.id: lead for lead in found}


async def test_custom_fields_become_known(db: Database, workspace_id: int, other_workspace_id: int):
    await upsert(db, workspace_id, email="a@example.com", fields={"birth_city": "Recife"})
    async with db.tenant(workspace_id) as tx:
        known = await leads.fields(tx, workspace_id=workspace_id)
    assert [(field.key, field.label) for field in known] == [("birth_city", "Birth city")]
    async with db.tenant(other_workspace_id) as tx:
        assert await leads.fields(tx, workspace_id=other_workspace_id) == []


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        (
            {"external_id": "A-1", "email": "old@example.com"},
            {"external_id": "A-1", "email": "new@example.com"},
        ),
        (
            {"email": "a@example.com"},
            {"email": "A@Example.com", "phone": "11987654321", "external_id": "A-1"},
        ),
        ({"phone": "+5511987654321"}, {"phone": "11 98765-4321", "email": "a@example.com"}),
        ({"phone": "+55 11 8765-4321"}, {"phone": "(11) 98765-4321"}),
        ({"phone": "11987654321"}, {"phone": "011 8765 4321"}),
    ],
    ids=["external id", "e-mail", "phone", "stored without the ninth digit", "given without it"],
)
async def test_a_lead_is_found_by_each_identity(db: Database, workspace_id: int, stored: dict, given: dict):
    before = await make_lead(db, workspace_id, **stored)
    after = await upsert(db, workspace_id, **given)
    assert not after.created
    assert after.lead.id == before.id
    for name, value in given.items():
        if name == "email":
            assert after.lead.email == value.lower()
        elif name == "phone":
            assert after.lead.phone == "+5511987654321"
        else:
            assert getattr(after.lead, name) == value


async def test_identities_of_two_leads_are_refused_and_both_are_named(db: Database, workspace_id: int):
    one = await make_lead(db, workspace_id, email="one@example.com")
    two = await make_lead(db, workspace_id, phone="+5511987654321")
    with pytest.raises(IdentityConflict) as refused:
        await upsert(db, workspace_id, email="one@example.com", phone="11987654321", name="Both")
    assert f"e-mail one@example.com belongs to lead {one.id}" in refused.value.message
    assert f"phone +5511987654321 belongs to lead {two.id}" in refused.value.message
    assert await all_leads(db, workspace_id) == [one, two]


async def test_a_weaker_identity_never_replaces_a_stronger_one(db: Database, workspace_id: int):
    stored = await make_lead(
        db, workspace_id, external_id="A-1", email="one@example.com", phone="+5511987654321"
    )
    with pytest.raises(IdentityConflict, match="whose external id is “A-1”"):
        await upsert(db, workspace_id, external_id="A-2", email="one@example.com")
    with pytest.raises(IdentityConflict, match=r"whose e-mail is one@example\.com"):
        await upsert(db, workspace_id, email="two@example.com", phone="+5511987654321")
    assert await all_leads(db, workspace_id) == [stored]


async def test_merge_fills_and_replaces_but_never_empties(db: Database, workspace_id: int):
    stored = await make_lead(
        db,
        workspace_id,
        email="a@example.com",
        name="Ana",
        tags=("vip",),
        fields={"city": "Recife", "age": 30},
    )
    merged = await upsert(
        db,
        workspace_id,
        email="a@example.com",
        name="",
        phone="",
        tags=("new", "vip"),
        fields={"age": 31, "city": "", "plan": "gold"},
    )
    assert (merged.lead.name, merged.lead.tags) == ("Ana", ("vip", "new"))
    assert merged.lead.fields == {"city": "Recife", "age": 31, "plan": "gold"}
    assert merged.lead.updated_at > stored.updated_at


async def test_overwrite_replaces_and_empties_what_is_said(db: Database, workspace_id: int):
    await make_lead(
        db,
        workspace_id,
        email="a@example.com",
        name="Ana",
        tags=("vip",),
        fields={"city": "Recife", "age": 30},
        consent_source="page",
    )
    kept = await upsert(
        db, workspace_id, Mode.OVERWRITE, email="a@example.com", name="", tags=("new",), fields={"city": None}
    )
    assert (kept.lead.name, kept.lead.tags, kept.lead.fields) == ("", ("new",), {"age": 30})
    assert kept.lead.consent_source == "page"
    said_nothing = await upsert(db, workspace_id, Mode.OVERWRITE, email="a@example.com")
    assert (said_nothing.lead.tags, said_nothing.lead.fields) == (("new",), {"age": 30})


async def test_keep_leaves_existing_leads_and_creates_new_ones(db: Database, workspace_id: int):
    stored = await make_lead(db, workspace_id, email="a@example.com", name="Ana")
    kept = await upsert(db, workspace_id, Mode.KEEP, email="a@example.com", name="Beatriz", tags=("new",))
    assert (kept.lead, kept.created) == (stored, False)
    assert (await upsert(db, workspace_id, Mode.KEEP, email="b@example.com")).created


@pytest.mark.parametrize("mode", list(Mode))
async def test_what_changes_nothing_is_not_written(db: Database, workspace_id: int, mode: Mode):
    values = {"email": "a@example.com", "name": "Ana", "tags": ("vip", "new"), "fields": {"age": 3}}
    stored = await make_lead(db, workspace_id, **values)
    again = await upsert(db, workspace_id, mode, **values)
    assert again.lead == stored


async def test_each_bad_value_is_named(db: Database, workspace_id: int):
    with pytest.raises(Invalid) as refused:
        await upsert(
            db,
            workspace_id,
            email="nobody",
            phone="123",
            fields={"Bad Key": "x"},
            tags=tuple(map(str, range(101))),
        )
    assert [problem.field for problem in refused.value.problems] == ["email", "phone", "fields", "tags"] or {
        problem.field for problem in refused.value.problems
    } == {"email", "phone", "fields", "tags"}


@pytest.mark.parametrize("values", [{}, {"name": "Ana"}, {"email": " ", "phone": "", "external_id": "  "}])
async def test_a_lead_needs_an_identity(db: Database, workspace_id: int, values: dict):
    with pytest.raises(Invalid, match="values"):
        await upsert(db, workspace_id, **values)


async def test_workspaces_share_no_identity(db: Database, workspace_id: int, other_workspace_id: int):
    ours = await make_lead(db, workspace_id, email="a@example.com", external_id="1", phone="+5511987654321")
    theirs = await upsert(
        db, other_workspace_id, email="a@example.com", external_id="1", phone="+5511987654321", name="Theirs"
    )
    assert theirs.created
    assert theirs.lead.id != ours.id
    assert await all_leads(db, workspace_id) == [ours]


async def test_hostile_texts_are_stored_without_harm(db: Database, workspace_id: int):
    name = "Robert'); DROP TABLE leads;--\x00\r\nBcc: x@example.com"
    made = await upsert(db, workspace_id, email="a@example.com", name=name, fields={"note": "a\x00b\\N\t\"'"})
    stored: Lead = made.lead
    assert stored.name == "Robert'); DROP TABLE leads;-- Bcc: x@example.com"
    assert stored.fields == {"note": "ab\\N\t\"'"}

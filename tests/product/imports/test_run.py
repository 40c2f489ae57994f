"""Whole imports, from bytes to leads, counts and rejects."""

import asyncio
from dataclasses import replace

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.kit.storage import FileMissing, StoreUnavailable
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import Basis, ConsentAct, Statement, Way
from mailgenius.product.imports import jobs, running, service as imports
from mailgenius.product.imports.errors import ImportNotFound, ImportOver
from mailgenius.product.imports.model import Import, ImportState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadStatus, Mode
from mailgenius.product.leads.service import fielding
from tests.factories.leads import all_leads, make_lead
from tests.product.imports.conftest import ImportBytes, get, rejects_text
from tests.stores import no_store

REJECTED_LINES = Query("lines", "Lines.", "SELECT count(*) FROM import_rejects")


def outcome(done: Import) -> tuple:
    return (
        done.state.value,
        done.rows_read,
        done.rows_created,
        done.rows_updated,
        done.rows_unchanged,
        done.rows_rejected,
    )


async def test_a_file_becomes_leads_and_a_list_of_what_did_not(
    db: Database, import_bytes: ImportBytes, workspace_id: int, other_workspace_id: int
):
    await make_lead(db, workspace_id, email="old@example.com", name="Old", fields={"cidade": "Recife"})
    done = await import_bytes(
        workspace_id,
        "E-mail;Nome;Celular;Cidade;Etiquetas\n"
        "ANA@example.com;Ana Conceição;(11) 98765-4321;São Paulo;vip, novo\n"
        "no-at-sign;Bad Mail;;=1+1;\n"
        "old@example.com;New Name;;;vip\n"
        "bia@example.com;Bia\n"
        "\n"
        ";Nobody;;;\n"
        "ana@example.com;Ana C.;;;\n"
        "caio@example.com;Caio;12;;\n"
        "davi@example.com;Davi;+5511987654321;;\n".encode(),
        tags=["fair", " fair "],
        consent_source="fair 2026",
    )
    assert outcome(done) == ("done", 8, 1, 2, 0, 5)
    assert (done.error, done.percent, done.rows_total) == ("", 100, 8)
    old, ana = await all_leads(db, workspace_id)
    assert (ana.email, ana.name, ana.phone) == ("ana@example.com", "Ana C.", "+5511987654321")
    assert (set(ana.tags), ana.fields) == ({"vip", "novo", "fair"}, {"cidade": "São Paulo"})
    assert (ana.consent_source, ana.status) == ("fair 2026", LeadStatus.ACTIVE)
    assert (old.name, old.fields, old.tags) == ("New Name", {"cidade": "Recife"}, ("vip", "fair"))
    assert await all_leads(db, other_workspace_id) == []
    assert (await rejects_text(db, workspace_id, done.id)).splitlines() == [
        "line,reason,E-mail,Nome,Celular,Cidade,Etiquetas",
        "3,“no-at-sign” is not an e-mail address,no-at-sign,Bad Mail,,'=1+1,",
        "5,the line has 2 cells; the header has 5,bia@example.com,Bia",
        '7,"an e-mail, a phone or an external id is needed",,Nobody,,,',
        "9,“12” is not a phone number,caio@example.com,Caio,12,,",
        (
            f'10,"the phone +5511987654321 belongs to lead {ana.id}, whose e-mail is ana@example.com",'
            "davi@example.com,Davi,+5511987654321,,"
        ),
    ]
    async with db.tenant(workspace_id) as tx:
        known = await leads.fields(tx, workspace_id=workspace_id)
        happened = await leads.activity(tx, workspace_id=workspace_id, lead_id=ana.id)
    assert [(field.key, field.label) for field in known] == [("cidade", "Cidade")]
    assert {(item.kind, item.detail.get("import_id")) for item in happened} == {
        ("created", str(done.id)),
        ("imported", str(done.id)),
    }


async def test_the_same_file_twice_changes_nothing(
    db: Database, import_bytes: ImportBytes, workspace_id: int
):
    rows = "".join(f"lead{n}@example.com,Name {n},+55119{n:08d},A{n}\n" for n in range(5000))
    content = f"email,name,phone,id\n{rows}".encode()
    first = await import_bytes(workspace_id, content)
    assert outcome(first) == ("done", 5000, 5000, 0, 0, 0)
    async with db.trusted() as tx:
        before = await leads.search(tx, workspace_id=workspace_id, limit=500)
    second = await import_bytes(workspace_id, content)
    assert outcome(second) == ("done", 5000, 0, 0, 5000, 0)
    third = await import_bytes(workspace_id, content.replace(before.items[7].name.encode() + b",", b"Else,"))
    assert outcome(third) == ("done", 5000, 0, 1, 4999, 0)
    async with db.trusted() as tx:
        after = await leads.search(tx, workspace_id=workspace_id, limit=500)
    changed = [new for old, new in zip(before.items, after.items, strict=True) if new != old]
    assert [lead.name for lead in changed] == ["Else"]


async def test_a_longer_file_again_finds_each_by_any_identity(
    db: Database, import_bytes: ImportBytes, workspace_id: int
):
    """Most rows are the same: the others are looked at one by one, whatever they changed."""
    rows = [f"lead{n}@example.com,+55119{n:08d},A{n},Name {n}" for n in range(100)]
    rows += [f",+55219{n:08d},,Phone {n}" for n in range(100)] + [f",,B{n},Id {n}" for n in range(100)]
    header = "email,phone,id,name\n"
    await import_bytes(workspace_id, (header + "\n".join(rows)).encode())
    changed = [
        "lead1@example.com,+5511900000002,,Two people",
        "lead3@example.com,,,Other name",
        ",+5521900000003,C3,Phone 3",
        "new@example.com,,,New",
    ]
    again = await import_bytes(workspace_id, (header + "\n".join(rows[5:] + changed)).encode())
    assert outcome(again) == ("done", 299, 1, 2, 295, 1)
    found = {lead.phone: lead for lead in await all_leads(db, workspace_id)}
    assert found["+5521900000003"].external_id == "C3"
    assert found["+5511900000003"].name == "Other name"


@pytest.mark.parametrize(
    ("mode", "name", "tags", "fields", "counts"),
    [
        (
            Mode.MERGE,
            "Ana",
            {"vip", "new", "all"},
            {"city": "Recife", "age": "31", "plan": "gold"},
            (0, 1, 0),
        ),
        (Mode.OVERWRITE, "", {"new", "all"}, {"age": "31", "plan": "gold"}, (0, 1, 0)),
        (Mode.KEEP, "Ana", {"vip"}, {"city": "Recife", "plan": "gold"}, (0, 0, 1)),
    ],
)
async def test_modes(
    *,
    db: Database,
    import_bytes: ImportBytes,
    workspace_id: int,
    mode: Mode,
    name: str,
    tags: set[str],
    fields: dict,
    counts: tuple,
):
    await make_lead(
        db,
        workspace_id,
        email="a@example.com",
        name="Ana",
        tags=("vip",),
        fields={"city": "Recife", "plan": "gold"},
    )
    done = await import_bytes(
        workspace_id, b"email,name,tags,city,age\na@example.com,,new,,31\n", mode=mode, tags=["all"]
    )
    (lead,) = await all_leads(db, workspace_id)
    assert (lead.name, set(lead.tags), lead.fields) == (name, tags, fields)
    assert (done.rows_created, done.rows_updated, done.rows_unchanged) == counts


async def test_status_stops_but_never_starts(db: Database, import_bytes: ImportBytes, workspace_id: int):
    gone = await make_lead(db, workspace_id, email="gone@example.com")
    deleted = await make_lead(db, workspace_id, email="deleted@example.com")
    async with db.tenant(workspace_id) as tx:
        await leads.set_status(
            tx, workspace_id=workspace_id, lead_ids=[gone.id], status=LeadStatus.UNSUBSCRIBED
        )
        await leads.set_status(
            tx, workspace_id=workspace_id, lead_ids=[deleted.id], status=LeadStatus.BLOCKED
        )
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=[deleted.id])
    await import_bytes(
        workspace_id,
        b"email,status\ngone@example.com,active\ndeleted@example.com,active\nleft@example.com,unsubscribed\n"
        b"here@example.com,ativo\n",
    )
    found = {lead.email: lead.status.value for lead in await all_leads(db, workspace_id)}
    assert found == {
        "gone@example.com": "unsubscribed",
        "deleted@example.com": "blocked",
        "left@example.com": "unsubscribed",
        "here@example.com": "active",
    }
    again = await import_bytes(workspace_id, b"email,status\nleft@example.com,active\n")
    assert outcome(again) == ("done", 1, 0, 0, 1, 0)


async def test_repeats_in_a_file_are_merged_in_their_order(
    db: Database, import_bytes: ImportBytes, workspace_id: int
):
    done = await import_bytes(
        workspace_id,
        b"email,phone,id,name,tags\n"
        b"a@example.com,,,First,x\n"
        b"A@example.com,,,First,x\n"
        b"a@example.com,11987654321,,Second,y\n"
        b"a@example.com,,A1,,\n"
        b",11987654321,,Third,\n"
        b"b@example.com,11987654321,,Thief,\n"
        b"b@example.com,,,Bia,\n",
    )
    assert outcome(done) == ("done", 7, 2, 3, 1, 1)
    ana, bia = await all_leads(db, workspace_id)
    assert (ana.email, ana.phone, ana.external_id) == ("a@example.com", "+5511987654321", "A1")
    assert (ana.name, ana.tags) == ("Third", ("x", "y"))
    assert (bia.email, bia.phone, bia.name) == ("b@example.com", None, "Bia")


@pytest.fixture
def few_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fielding, "MAX_FIELDS", 2)


@pytest.mark.usefixtures("few_fields")
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "The file is empty."),
        (b"email,name\n", "The file has a header and no rows below it."),
        (b"email,name\n\n \n", "The file has a header and no rows below it."),
        (b"city,age\nRecife,3\n", "No column holds e-mail addresses, phones or external ids"),
        (b"email,a,b,c\na@example.com,1,2,3\n", "A workspace has at most 2 custom fields."),
        (b"PK\x03\x04garbage", "The file is damaged or was cut off"),
    ],
)
async def test_a_hopeless_file_fails_in_words(
    db: Database,
    import_bytes: ImportBytes,
    workspace_id: int,
    content: bytes,
    error: str,
):
    done = await import_bytes(workspace_id, content)
    assert (done.state, done.rows_read) == (ImportState.FAILED, 0)
    assert done.error.startswith(error)
    assert done.finished_at is not None


async def test_a_lost_file_and_a_wrong_column_fail_in_words(
    services: Services, import_bytes: ImportBytes, workspace_id: int
):
    done = await import_bytes(workspace_id, b"email\na@example.com\n", mapping={"E-mail": "email"})
    assert done.error == "The mapping names a column “E-mail” that the file does not have."
    async with services.db.tenant(workspace_id) as tx:
        lost = await imports.start(
            tx, workspace_id=workspace_id, file_key="imports/gone", file_name="x", file_size=1
        )
    await running.run(services.db, services.storage, workspace_id=workspace_id, import_id=lost.id)
    found = await get(services.db, workspace_id, lost.id)
    assert (found.state, found.error) == (ImportState.FAILED, "This file is no longer stored.")


async def test_an_import_waits_for_a_store_that_is_away(
    context: JobContext, store, db: Database, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    content = b"email\na@example.com\n"
    async with db.tenant(workspace_id) as tx:
        waiting = await imports.start(
            tx,
            workspace_id=workspace_id,
            file_key=await store(content),
            file_name="x",
            file_size=len(content),
        )
    away = replace(context, storage=no_store(context.settings.home, monkeypatch))
    with pytest.raises(StoreUnavailable):  # The queue runs a job again that raises.
        await jobs.run(away, workspace_id=workspace_id, import_id=waiting.id)
    assert (await get(db, workspace_id, waiting.id)).state is ImportState.QUEUED
    await jobs.run(context, workspace_id=workspace_id, import_id=waiting.id)
    assert (await get(db, workspace_id, waiting.id)).rows_created == 1


async def test_cancelling_keeps_what_is_in(
    services: Services, store, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mailgenius.product.imports.files.separated.CHUNK_BYTES", 1000)
    content = b"email\n" + b"".join(b"lead%d@example.com\n" % n for n in range(1000))
    key = await store(content)
    async with services.db.tenant(workspace_id) as tx:
        started = await imports.start(
            tx, workspace_id=workspace_id, file_key=key, file_name="x.csv", file_size=len(content)
        )
    run = asyncio.create_task(
        running.run(services.db, services.storage, workspace_id=workspace_id, import_id=started.id)
    )
    while (await get(services.db, workspace_id, started.id)).rows_read < 100:
        assert not run.done()
        await asyncio.sleep(0.02)
    async with services.db.tenant(workspace_id) as tx:
        await imports.cancel(tx, workspace_id=workspace_id, import_id=started.id)
    await run
    found = await get(services.db, workspace_id, started.id)
    async with services.db.tenant(workspace_id) as tx:
        counts = await leads.counts(tx, workspace_id=workspace_id)
        with pytest.raises(ImportOver):
            await imports.cancel(tx, workspace_id=workspace_id, import_id=started.id)
    assert found.state is ImportState.CANCELLED
    assert 100 <= found.rows_created == sum(counts.values()) < 1000
    with pytest.raises(FileMissing):
        await imports.preview(services.storage, file_key=key)


@pytest.mark.parametrize("header", [b"email", b"email,name"])
async def test_a_file_of_bad_lines_is_given_up_early(
    db: Database, import_bytes: ImportBytes, workspace_id: int, monkeypatch: pytest.MonkeyPatch, header: bytes
):
    monkeypatch.setattr("mailgenius.product.imports.files.separated.CHUNK_LINES", 1_000)
    monkeypatch.setattr("mailgenius.product.imports.committing.MANY_REJECTS", 2_000)
    good = b"\n".join(b"lead%d@example.com" % n + b",x" * header.count(b",") for n in range(500))
    done = await import_bytes(workspace_id, header + b"\n" + good + b"\nx" * 100_000)
    assert (done.state, done.rows_created) == (ImportState.FAILED, 500)
    assert 2_000 <= done.rows_rejected < 4_000
    assert done.error == (
        f"More than half of the rows are wrong: {done.rows_rejected:,} of the first {done.rows_read:,}. "
        "The rest was not read."
    )
    assert len((await rejects_text(db, workspace_id, done.id)).splitlines()) == 1 + done.rows_rejected


async def test_many_bad_lines_among_more_good_ones_are_listed(
    import_bytes: ImportBytes, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mailgenius.product.imports.committing.MANY_REJECTS", 100)
    lines = b"".join(b"lead%d@example.com\nlead%d@example.org\nbad\n" % (n, n) for n in range(500))
    done = await import_bytes(workspace_id, b"email\n" + lines)
    assert outcome(done) == ("done", 1500, 1000, 0, 0, 500)


async def test_imports_of_others_are_not_there(
    services: Services, import_bytes: ImportBytes, workspace_id: int, other_workspace_id: int
):
    ours = await import_bytes(workspace_id, b"email\na@example.com\nbad\n")
    for step in (imports.get, imports.cancel):
        with pytest.raises(ImportNotFound):
            async with services.db.tenant(other_workspace_id) as tx:
                await step(tx, workspace_id=other_workspace_id, import_id=ours.id)
    with pytest.raises(ImportNotFound):
        await rejects_text(services.db, other_workspace_id, ours.id)
    async with services.db.tenant(other_workspace_id) as tx:
        assert (await imports.list_imports(tx, workspace_id=other_workspace_id)).items == []
        assert await tx.value(REJECTED_LINES) == 0
    async with services.db.tenant(workspace_id) as tx:
        assert [item.id for item in (await imports.list_imports(tx, workspace_id=workspace_id)).items] == [
            ours.id
        ]


async def test_a_preview_shows_and_guesses(services: Services, store):
    key = await store(b"Nome;Sobrenome;E-mail;Cidade\n" + b"Ana;Souza;ana@example.com;Recife\n" * 9)
    seen = await imports.preview(services.storage, file_key=key)
    assert seen.columns == ("Nome", "Sobrenome", "E-mail", "Cidade")
    assert seen.rows == [("Ana", "Souza", "ana@example.com", "Recife")] * 5
    assert (seen.delimiter, seen.encoding) == (";", "utf-8")
    assert seen.guessed_mapping == {
        "Nome": "name",
        "Sobrenome": "name",
        "E-mail": "email",
        "Cidade": "field:cidade",
    }


async def test_a_file_carries_its_legal_basis_to_every_lead(
    db: Database, import_bytes: ImportBytes, workspace_id: int
):
    left = await make_lead(db, workspace_id, email="left@example.com", consent_source="form")
    async with db.tenant(workspace_id) as tx:
        said = Statement(lead_id=left.id, channel="email", act=ConsentAct.WITHDRAWN, way=Way.API)
        await leads.state_consent(tx, workspace_id=workspace_id, statement=said)
    file = b"email,consent_source\nana@example.com,\nleft@example.com,\nbia@example.com,shop\n"
    choices = {"consent_basis": Basis.LEGITIMATE_INTEREST, "consent_source": "fair"}
    for _ in range(2):
        await import_bytes(workspace_id, file, consent_channels=["email", "sms"], **choices)
    found = {lead.email.partition("@")[0]: lead for lead in await all_leads(db, workspace_id)}
    async with db.tenant(workspace_id) as tx:
        ids = [lead.id for lead in found.values()]
        states = await consents.states(tx, workspace_id=workspace_id, lead_ids=ids)
        ledger = await consents.entries(tx, workspace_id=workspace_id, lead_id=found["ana"].id)
    names = {lead.id: name for name, lead in found.items()}
    assert {(names[s.lead_id], s.channel, s.act.value, s.basis.value, s.source) for s in states} == {
        ("ana", "email", "given", "legitimate_interest", "fair"),
        ("ana", "sms", "given", "legitimate_interest", "fair"),
        ("bia", "email", "given", "consent", "shop"),
        ("bia", "sms", "given", "consent", "shop"),
        ("left", "email", "withdrawn", "consent", ""),
        ("left", "sms", "given", "legitimate_interest", "fair"),
    }
    assert len(ledger.items) == 2
    dated = {name: lead.consent_at is not None for name, lead in found.items()}
    assert dated == {"ana": False, "bia": True, "left": False}

"""Erasing: nothing of the person is left anywhere, they do not come back unnoticed, and the books balance."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import erasing, service as suppression
from mailgenius.engine.suppression.model import Identity, IdentityKind, SuppressionReason
from mailgenius.engine.tracking import service as tracking
from mailgenius.engine.tracking.model import TrackedEvent, TrackingKind
from mailgenius.kit.audit import service as audit
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.ops import conservation
from mailgenius.product.exports import service as exports
from mailgenius.product.forms import service as forms
from mailgenius.product.forms.model import Outcome, Visitor
from mailgenius.product.joins import service as joins
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import LeadAct, Wanted
from mailgenius.product.leads.errors import IdentityConflict, LeadNotFound, PersonErased
from mailgenius.product.leads.model import LeadInput
from mailgenius.product.messages import service as messages
from mailgenius.product.messages.errors import MessageNotSendable
from mailgenius.product.messages.model import Make, MessageInput, Words
from mailgenius.product.privacy import service as privacy
from mailgenius.product.privacy.errors import NotErased, NotTypedBack
from mailgenius.product.privacy.jobs import walk_messages
from mailgenius.product.privacy.model import Erasure, Person
from mailgenius.product.segments import service as segments
from tests.engine.dispatch.test_dispatcher import ended, engine, until
from tests.factories.engine import Peer, Peers, make_order
from tests.factories.forms import make_form
from tests.factories.leads import all_leads, make_lead
from tests.product.imports.conftest import ImportBytes, import_bytes, rejects_text, store

__all__ = ["import_bytes", "store"]

EMAIL, PHONE, CRM = "ana.erased@example.com", "+5511987654321", "crm-erased-77"
OLD = "ana.before@example.com"
TABLES = Query(
    "tables",
    "All tables.",
    "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
    " AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1",
)
STATES = Query("states", "Messages.", "SELECT state::text, address, lead_id, error FROM messages ORDER BY id")
SPOIL = Query("spoil", "An answer.", "UPDATE messages SET error = '550 no ' || address WHERE id = %(id)s")
HASHES = Query("hashes", "All.", "SELECT hash FROM erased_identities")


async def everywhere(db: Database, words: tuple[str, ...]) -> list[str]:
    """Every table that holds one of some words, in whatever column."""
    found = []
    async with db.trusted() as tx:
        await tx.connection.execute("RESET ROLE")
        for (table,) in await tx.rows(TABLES):
            rows = await tx.rows(Query("dump", "All.", f"SELECT t::text FROM {table} t"))
            found += [f"{table}: {row[0]}" for row in rows if any(word in row[0].lower() for word in words)]
    return found


async def erase(db: Database, workspace_id: int, typed: str = EMAIL, **person) -> Erasure:
    async with db.tenant(workspace_id) as tx:
        return await privacy.erase(
            tx, workspace_id=workspace_id, person=Person(**person), typed=typed, erased_by=None
        )


def ana(**values) -> Mapping:
    return {"email": EMAIL, "phone": PHONE, "external_id": CRM, "name": "Ana Erased"} | values


async def test_nothing_of_an_erased_person_is_left_and_the_books_balance(
    db: Database, services: Services, import_bytes: ImportBytes, workspace_id: int, other_workspace_id: int
):
    theirs = await make_lead(db, other_workspace_id, **ana(name="Of another workspace"))
    lead = await make_lead(db, workspace_id, **ana(fields={"note": "likes Ana Erased"}))
    other = await make_lead(db, workspace_id, email="bo@example.com")
    form = await make_form(services, workspace_id, double_opt_in=False)
    answer = {"email": EMAIL, "name": "Ana Erased", "phone": PHONE}
    async with db.trusted() as tx:
        await forms.receive(
            tx,
            form=form,
            answers=answer,
            visitor=Visitor(ip="203.0.113.9", accepted=True),
            keys=services.keys,
            base_url="",
        )
    await import_bytes(
        workspace_id,
        f"email;phone;name;external_id\nnot-an-address;(11) 98765-4321;Ana Erased;x1\n"
        f"bo@example.com;;;{CRM}\nno;;Bo;\n".encode(),
    )
    # One message that left, was opened and answered by a server; one by address alone; one that still waits.
    async with db.trusted() as tx:
        sent_order = await make_order(tx, workspace_id, recipients=[(lead.id, EMAIL)])
    async with engine(db, Peers()):
        await until(db, workspace_id, sent_order, ended, 60)
    async with db.trusted() as tx:
        ((sent,),) = await tx.rows(Query("sent", "It.", "SELECT id FROM messages"))
        await tx.execute(SPOIL, id=sent)
        opened = TrackedEvent(
            workspace_id=workspace_id,
            key=b"k" * 16,
            message_id=sent,
            order_id=sent_order,
            kind=TrackingKind.CLICK,
            url=f"https://shop.example.com/?u={EMAIL}",
            user_agent="Ana's browser",
            at=datetime.now(UTC),
        )
        await tracking.record(tx, events=[opened])
        waiting = await make_order(
            tx, workspace_id, recipients=[(lead.id, EMAIL), (other.id, "bo@example.com"), (None, EMAIL)]
        )
        await suppression.add(
            tx, workspace_id=workspace_id, channel="sms", addresses=[PHONE], reason="unsubscribed"
        )
        asked = Wanted(text=f"friend of {EMAIL.title()}")
        # What is known to be one lead is kept by its id.
        for text in (asked, Wanted(text=PHONE), Wanted(text="nobody")):
            await exports.start(tx, workspace_id=workspace_id, wanted=text)
            await leads.start_bulk(
                tx, workspace_id=workspace_id, act=LeadAct.ADD_TAGS, tags=["x"], wanted=text
            )
    with pytest.raises(NotTypedBack):
        await erase(db, workspace_id, typed="bo@example.com", lead_id=lead.id)
    with pytest.raises(LeadNotFound):
        await erase(db, other_workspace_id, lead_id=lead.id)
    done = await erase(db, workspace_id, typed=" Ana.Erased@example.com", lead_id=lead.id)
    assert done.counts == {
        "leads": 1, "messages": 3, "events": 1, "form_answers": 1, "rejected_rows": 2, "filters": 2
    }  # fmt: skip
    async with db.trusted() as tx:
        # An act that was under way means nobody from then on; the others are as they were.
        acts = await leads.open_bulk_acts(tx, workspace_id=workspace_id)
        assert [(each.match.text, each.match.ids) for each in acts] == [
            (None, ()), (None, (lead.id,)), ("nobody", None)
        ]  # fmt: skip
    words = (EMAIL, "987654321", "98765-4321", CRM, "ana erased", "ana's browser")
    left = [row for row in await everywhere(db, words) if not row.startswith(("leads: ", "lead_counts"))]
    assert left == []
    async with db.tenant(other_workspace_id) as tx:
        assert await leads.get(tx, workspace_id=other_workspace_id, lead_id=theirs.id) == theirs
    # What waited does not leave, the other one does, and every message is still counted.
    peer = Peer()
    async with engine(db, Peers(default=peer)):
        found = await until(db, workspace_id, waiting, ended, 60)
    assert (found["suppressed"], found["accepted"], peer.addresses) == (2, 1, ["bo@example.com"])
    async with db.trusted() as tx:
        assert (await conservation.check_rows(tx)).orders_out_of_balance == 0
        assert [tuple(row) for row in await tx.rows(STATES)] == [
            ("accepted", "(erased)", None, ""),
            ("suppressed", "(erased)", None, "The person asked to be erased."),
            ("accepted", "bo@example.com", other.id, ""),
            ("suppressed", "(erased)", None, "The person asked to be erased."),
        ]


async def test_segments_that_name_an_erased_person_are_left_and_told(
    db: Database, workspace_id: int, other_workspace_id: int
):
    def naming(text: str) -> dict:
        return {"all": [{"on": "lead", "key": "email", "op": "contains", "value": text}]}

    async with db.trusted() as tx:
        for where in (workspace_id, other_workspace_id):
            named, *_ = [
                await segments.create(tx, workspace_id=where, name=name, tree=naming(text))
                for name, text in (("One", EMAIL.upper()), ("Two", "bo@example.com"))
            ]
            if where == workspace_id:
                ours = named
        kept = await segments.get(tx, workspace_id=workspace_id, segment_id=ours.id)
    done = await erase(db, workspace_id, email=EMAIL)
    assert (done.segment_ids, done.counts["filters"]) == ((ours.id,), 0)
    async with db.trusted() as tx:
        assert await segments.get(tx, workspace_id=workspace_id, segment_id=ours.id) == kept
        page = await audit.list_entries(tx, workspace_id=workspace_id)
    assert page.items[0].details["segments"] == [str(ours.id)]


async def test_an_erased_person_does_not_come_back_by_any_way_in(
    db: Database, services: Services, import_bytes: ImportBytes, workspace_id: int
):
    await make_lead(db, workspace_id, **ana())
    other = await make_lead(db, workspace_id, email="bo@example.com")
    form = await make_form(services, workspace_id)
    await erase(db, workspace_id, email=EMAIL)
    rows = (f"{EMAIL.upper()};;;A", "new@example.com;11 8765-4321;;B", f";;{CRM};C", "")
    file = "\n".join(["email;phone;external_id;name", *rows]).encode()
    for content in (file + b"new@example.com;;;D\nfresh@example.com;;;E\n", file):
        done = await import_bytes(workspace_id, content)
        assert done.rows_rejected == 3
        text = await rejects_text(db, workspace_id, done.id)
        for identity in ("e-mail", "phone", "external id"):
            assert f"the {identity} is of a person who asked to be erased" in text
    tried = await import_bytes(workspace_id, file + b"again@example.com;;;F\n", dry_run=True)
    assert (tried.rows_rejected, tried.rows_created) == (3, 1)
    async with db.tenant(workspace_id) as tx:
        given = [LeadInput(**ana()), LeadInput(phone="(11) 98765-4321"), LeadInput(email="ok@example.com")]
        first, second, third = await leads.upsert_each(tx, workspace_id=workspace_id, leads=given)
        assert isinstance(first, PersonErased)
        assert isinstance(second, PersonErased)
        assert not isinstance(third, Exception)
        batch = await leads.upsert_batch(tx, workspace_id=workspace_id, leads=given)
        assert [each.index for each in batch.rejected] == [0, 1]
    with pytest.raises(PersonErased):
        async with db.tenant(workspace_id) as tx:
            await leads.update(
                tx, workspace_id=workspace_id, lead_id=other.id, changes=LeadInput(phone="11 98765 4321")
            )
    letter = MessageInput(make=Make(words=Words(subject="Hi", text="Hi")), to=EMAIL)
    with pytest.raises(MessageNotSendable) as refused:
        async with db.tenant(workspace_id) as tx:
            await messages.send(tx, workspace_id=workspace_id, message=letter)
    assert "asked to be erased" in refused.value.problems[0].message
    async with db.trusted() as tx:
        outcome = await forms.receive(
            tx,
            form=form,
            answers={"email": EMAIL, "name": "Ana"},
            visitor=Visitor(ip="203.0.113.9", accepted=True),
            keys=services.keys,
            base_url="",
        )
        assert outcome is Outcome.CONFIRM
        assert (
            await suppression.add(
                tx,
                workspace_id=workspace_id,
                channel="email",
                addresses=[EMAIL, "(erased)"],
                reason="bounced",
            )
            == 0
        )
        for channel, address in ((Channel.EMAIL, EMAIL), (Channel.SMS, PHONE)):
            found = await suppression.suppressed(
                tx, workspace_id=workspace_id, channel=channel, addresses=[address, "x@example.com"]
            )
            assert found == {address: SuppressionReason.ERASED}
    assert {lead.email for lead in await all_leads(db, workspace_id)} == {
        "bo@example.com",
        "new@example.com",
        "fresh@example.com",
        "ok@example.com",
    }


async def test_only_a_new_consent_lets_an_erased_person_in_again(
    db: Database, workspace_id: int, other_workspace_id: int
):
    await make_lead(db, workspace_id, **ana())
    await erase(db, workspace_id, email=EMAIL)

    async def allow(tx: Tx, here: int):
        return await privacy.allow_again(
            tx, workspace_id=here, person=Person(email=EMAIL), source="Signed at the fair"
        )

    async with db.tenant(other_workspace_id) as tx:
        with pytest.raises(NotErased):
            await allow(tx, other_workspace_id)
    async with db.tenant(workspace_id) as tx:
        back = await allow(tx, workspace_id)
        assert (back.email, back.consent_source, back.consent_at is not None) == (
            EMAIL,
            "Signed at the fair",
            True,
        )
        # The hashes of all identities went: it is one person.
        assert not await erasing.erased(
            tx, workspace_id=workspace_id, identities=[Identity(kind=IdentityKind.PHONE, value=PHONE)]
        )
        (past,) = (await privacy.list_erasures(tx, workspace_id=workspace_id)).items
        assert past.allowed_at is not None
        with pytest.raises(NotErased):
            await allow(tx, workspace_id)
    with pytest.raises(IdentityConflict):
        await erase_and_return(db, workspace_id)


async def erase_and_return(db: Database, workspace_id: int) -> None:
    await erase(db, workspace_id, email=EMAIL)
    await make_lead(db, workspace_id, email=EMAIL)


async def test_a_hash_is_an_hmac_that_needs_the_installations_key(
    db: Database, keys: Keys, workspace_id: int
):
    await erase(db, workspace_id, email=EMAIL)
    async with db.trusted() as tx:
        ((kept,),) = await tx.rows(HASHES)
    text = f"{workspace_id} email {EMAIL}".encode()
    assert kept == hmac.digest(keys.derive("erased identities"), text, hashlib.sha256)


async def test_messages_of_a_lead_that_was_deleted_before_are_made_nameless_too(
    db: Database, services: Services, workspace_id: int
):
    lead = await make_lead(db, workspace_id, **ana())
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=[(lead.id, EMAIL), (None, "bo@example.com")])
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=[lead.id])
    done = await erase(db, workspace_id, email=EMAIL)
    assert done.counts["messages"] == 0
    context = JobContext(db=db, settings=services.settings, storage=services.storage)
    await walk_messages(context, workspace_id=workspace_id, erasure_id=done.id)
    async with db.trusted() as tx:
        assert [row[1] for row in await tx.rows(STATES)] == ["(erased)", "bo@example.com"]


async def test_who_only_resembles_an_erased_person_is_neither_forgotten_nor_told(
    db: Database, import_bytes: ImportBytes, workspace_id: int
):
    lead = await make_lead(db, workspace_id, **ana())
    resembling = f"jo{EMAIL}"
    await import_bytes(
        workspace_id,
        f"email;phone;name\n{resembling} x;;Jo\nAna <{EMAIL}> x;;One\nno;+55 11 8765-4321;Two\n".encode(),
    )
    async with db.trusted() as tx:
        for text in (resembling, EMAIL.replace("ana", "ana x", 1), f"to {EMAIL}"):
            await leads.start_bulk(
                tx, workspace_id=workspace_id, act=LeadAct.ADD_TAGS, tags=["x"], wanted=Wanted(text=text)
            )
        tree = {"all": [{"on": "lead", "key": "email", "op": "contains", "value": resembling}]}
        await segments.create(tx, workspace_id=workspace_id, name="Jo", tree=tree)
        told = await privacy.everything_about(tx, workspace_id=workspace_id, person=Person(lead_id=lead.id))
    assert [row["cells"][2] for row in told.parts["rejected_rows"]] == ["One", "Two"]
    done = await erase(db, workspace_id, lead_id=lead.id)
    assert (done.counts["rejected_rows"], done.counts["filters"], done.segment_ids) == (2, 1, ())
    async with db.trusted() as tx:
        acts = await leads.open_bulk_acts(tx, workspace_id=workspace_id)
        assert [each.match.text is None for each in acts] == [False, False, True]


async def test_what_a_merged_lead_was_known_by_before_does_not_come_back_either(
    db: Database, workspace_id: int
):
    kept, other = await make_lead(db, workspace_id, **ana()), await make_lead(db, workspace_id, email=OLD)
    async with db.trusted() as tx:
        await joins.join(tx, workspace_id=workspace_id, kept_id=kept.id, other_id=other.id)
    await erase(db, workspace_id, lead_id=kept.id)
    with pytest.raises(PersonErased):
        await make_lead(db, workspace_id, email=OLD)

"""Sender domains against a real name server, and the engine that signs for them over real SMTP."""

import asyncio
import time
from datetime import timedelta
from functools import partial

import dkim
import pytest

from mailgenius.channels.email.dkim_keys import DkimAlgorithm, KeyPair, new_key
from mailgenius.engine.dispatch.compose import Composer
from mailgenius.engine.dispatch.dispatcher import Dispatcher, Pump
from mailgenius.engine.sender_domains import service
from mailgenius.engine.sender_domains.errors import DomainMissing, DomainTaken, KeyWaiting, NothingPublished
from mailgenius.engine.sender_domains.looking import judge_dmarc, judge_spf
from mailgenius.engine.sender_domains.model import Finding, KeyState, SenderDomain
from mailgenius.engine.sender_domains.signers import Signers
from mailgenius.kit.crypto import Keys, SealBroken
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.kit.services import Services
from mailgenius.ops.bench_place import connect
from mailgenius.processes.engine import StoredConnections
from mailgenius.product.leads import service as leads
from tests.channels.smtp_peer import Peer, Script, running
from tests.dns_server import Zone, zone as zone
from tests.factories.engine import addresses, make_order

DOMAIN = "sender.example"
STORED = Query("stored", "All.", "SELECT selector, private_key FROM dkim_keys ORDER BY created_at")
AGE = Query("age", "All.", "UPDATE dkim_keys SET retired_at = retired_at - interval '8 days'")
RSA, ED25519 = new_key(DkimAlgorithm.RSA), new_key(DkimAlgorithm.ED25519)


class Owner:
    """What a door does for a member of one workspace."""

    def __init__(self, db: Database, keys: Keys, workspace_id: int, zone: Zone) -> None:
        self.db, self.keys, self.workspace_id, self.zone = db, keys, workspace_id, zone

    async def add(self, *pairs: KeyPair, domain: str = DOMAIN) -> SenderDomain:
        async with self.db.tenant(self.workspace_id) as tx:
            return await service.add(
                tx, workspace_id=self.workspace_id, domain=domain, pairs=pairs, keys=self.keys
            )

    async def rotate(self, domain: SenderDomain, *pairs: KeyPair) -> SenderDomain:
        async with self.db.tenant(self.workspace_id) as tx:
            return await service.rotate(
                tx, workspace_id=self.workspace_id, domain_id=domain.id, pairs=pairs, keys=self.keys
            )

    async def check(self, domain: SenderDomain) -> SenderDomain:
        findings = await service.look_up(self.zone.dns, domain)
        async with self.db.tenant(self.workspace_id) as tx:
            return await service.note_findings(
                tx, workspace_id=self.workspace_id, domain_id=domain.id, findings=findings
            )

    async def sign(self, domain: SenderDomain, *, on: bool = True) -> SenderDomain:
        async with self.db.tenant(self.workspace_id) as tx:
            return await service.set_signing(
                tx, workspace_id=self.workspace_id, domain_id=domain.id, signing=on
            )

    def publish(self, domain: SenderDomain) -> None:
        for key in domain.keys:
            self.zone.texts[key.record_name(domain.domain)] = [key.zone_text]


@pytest.fixture
def owner(db: Database, keys: Keys, workspace_id: int, zone: Zone) -> Owner:
    return Owner(db, keys, workspace_id, zone)


async def test_a_key_signs_after_its_record_was_seen(owner: Owner, zone: Zone):
    domain = await owner.add(RSA, ED25519, domain=" Sender.Example. ")
    assert (domain.domain, domain.signing, domain.ready) == (DOMAIN, False, False)
    assert len({key.selector for key in domain.keys}) == 2
    with pytest.raises(NothingPublished):
        await owner.sign(domain)
    checked = await owner.check(domain)
    assert {key.found for key in checked.keys} == {Finding.MISSING}
    assert (checked.spf, checked.dmarc, checked.ready) == (Finding.MISSING, Finding.MISSING, False)
    rsa, ed25519 = sorted(domain.keys, key=lambda key: -len(key.record))
    assert len(rsa.zone_text.split('" "')) == 2, "a long record is more than one string"
    zone.texts[rsa.record_name(DOMAIN)] = [rsa.zone_text.replace("v=DKIM1; k=rsa;", "v=DKIM1;k=rsa ;")]
    zone.texts[ed25519.record_name(DOMAIN)] = [rsa.zone_text]
    zone.texts[DOMAIN] = ['"site-verification=1"', '"v=spf1 include:_spf.example -all"']
    zone.texts[f"_dmarc.{DOMAIN}"] = ['"v=DMARC1; p=none"']
    checked = await owner.check(domain)
    found = {key.selector: (key.found, key.state) for key in checked.keys}
    assert found[rsa.selector] == (Finding.GOOD, KeyState.SIGNING)
    assert found[ed25519.selector] == (Finding.DIFFERENT, KeyState.WAITING)
    assert (checked.spf, checked.spf_record) == (Finding.GOOD, "v=spf1 include:_spf.example -all")
    assert (checked.dmarc, checked.dmarc_record) == (Finding.GOOD, "v=DMARC1; p=none")
    assert (await owner.sign(checked)).signing
    zone.silent |= {DOMAIN, f"_dmarc.{DOMAIN}", rsa.record_name(DOMAIN)}
    checked = await owner.check(checked)
    assert {checked.spf, checked.dmarc, checked.keys_in(KeyState.SIGNING)[0].found} == {Finding.UNANSWERED}
    assert checked.signing, "an answer that does not come changes nothing"


async def test_a_new_key_takes_over_when_it_is_published_and_the_old_one_is_forgotten(
    owner: Owner, db: Database, keys: Keys, workspace_id: int
):
    domain = await owner.add(ED25519)
    owner.publish(domain)
    domain = await owner.sign(await owner.check(domain))
    signers = Signers(db, keys)
    first = await signers.of_sender(workspace_id, f"news@{DOMAIN.upper()}")
    assert first is not None
    (old,) = domain.keys
    rotating = await owner.rotate(domain, new_key(DkimAlgorithm.ED25519))
    assert rotating.rotating
    with pytest.raises(KeyWaiting):
        await owner.rotate(domain, new_key(DkimAlgorithm.ED25519))
    assert (await owner.check(rotating)).rotating, "the old one signs until the new one is seen"
    owner.publish(rotating)
    checked = await owner.check(rotating)
    assert {key.selector: key.state for key in checked.keys}[old.selector] is KeyState.RETIRED
    async with db.trusted() as tx:
        stored = dict(await tx.rows(STORED))
    assert stored.pop(old.selector) is None
    assert [bytes(sealed) for sealed in stored.values()] != [ED25519.private]
    async with asyncio.timeout(60):
        while await signers.of_sender(workspace_id, f"news@{DOMAIN}") is first:
            await asyncio.sleep(0.1)
    async with db.trusted() as tx:
        await tx.execute(AGE)
    again = await owner.rotate(checked, new_key(DkimAlgorithm.ED25519))
    assert old.selector not in {key.selector for key in again.keys}


async def test_a_domain_belongs_to_its_workspace(
    owner: Owner, db: Database, keys: Keys, other_workspace_id: int, zone: Zone
):
    ours = await owner.add(ED25519)
    stranger = Owner(db, keys, other_workspace_id, zone)
    for act in (stranger.check, stranger.sign, partial(stranger.sign, on=False), stranger.rotate):
        with pytest.raises(DomainMissing):
            await act(ours)
    async with db.tenant(other_workspace_id) as tx:
        assert await service.list_domains(tx, workspace_id=other_workspace_id) == []
        with pytest.raises(DomainMissing):
            await service.remove(tx, workspace_id=other_workspace_id, domain_id=ours.id)
    theirs = await stranger.add(ED25519)
    assert theirs.keys[0].selector != ours.keys[0].selector
    with pytest.raises(DomainTaken):
        await owner.add(ED25519)
    for wrong in ("", "localhost", "a b.example", "-x.example", "192.0.2.11", "x" * 64 + ".example"):
        with pytest.raises(Invalid):
            await owner.add(ED25519, domain=wrong)
    owner.publish(ours)
    await owner.sign(await owner.check(ours))
    signers = Signers(db, keys)
    assert await signers.of_sender(owner.workspace_id, f"news@{DOMAIN}") is not None
    assert await signers.of_sender(owner.workspace_id, f"news@www.{DOMAIN}") is None
    assert await signers.of_sender(other_workspace_id, f"news@{DOMAIN}") is None
    with pytest.raises(SealBroken):
        await Signers(db, Keys(b"x" * 32)).of_sender(owner.workspace_id, f"news@{DOMAIN}")


async def taken(peer: Peer, number: int) -> list[bytes]:
    async with asyncio.timeout(120):
        while len(peer.taken) < number:
            await asyncio.sleep(0.05)
    return [each.content for each in peer.taken]


async def test_the_engine_signs_what_leaves_and_stops_when_it_is_switched_off(
    owner: Owner, services: Services, workspace_id: int, zone: Zone
):
    db, keys = services.db, services.keys
    domain = await owner.add(RSA, ED25519)
    owner.publish(domain)
    await owner.sign(await owner.check(domain))
    dispatcher = Dispatcher(
        db,
        recipients=leads,
        make_composer=partial(Composer, base_url="http://127.0.0.1:1", keys=keys),
        source=StoredConnections(services),
        signers=Signers(db, keys),
        pump=Pump(idle_s=0.05, lease=timedelta(seconds=60)),
    )
    stop = asyncio.Event()
    async with running(Script()) as peer:
        async with db.trusted() as tx:
            connection_id = await connect(tx, workspace_id=workspace_id, settings=peer.settings(), keys=keys)
            order = {"connection_id": connection_id, "seal": False}
            await make_order(tx, workspace_id, recipients=addresses(3), **order)
        task = asyncio.create_task(dispatcher.run(stop))
        try:
            for mail in await taken(peer, 3):
                for number in range(2):
                    assert dkim.DKIM(mail).verify(
                        idx=number, dnsfunc=lambda name, timeout: published(zone, name)
                    )
            await owner.sign(domain, on=False)
            until, sent = time.monotonic() + 120, 3
            while b"DKIM-Signature" in peer.taken[-1].content:
                assert time.monotonic() < until, "it goes on signing"
                async with db.trusted() as tx:
                    await make_order(tx, workspace_id, recipients=addresses(1), **order)
                sent += 1
                await taken(peer, sent)
        finally:
            stop.set()
            await task


def published(zone: Zone, name: bytes) -> bytes:
    return zone.texts[name.decode().rstrip(".")][0].replace('" "', "").strip('"').encode()


@pytest.mark.parametrize(
    ("texts", "finding"),
    [
        (None, Finding.UNANSWERED),
        (["google-site-verification=1", "v=spf10 all"], Finding.MISSING),
        (["v=spf1"], Finding.GOOD),
        (["V=SPF1 mx ~all"], Finding.GOOD),
        (["v=spf1 +all"], Finding.WEAK),
        (["v=spf1 all"], Finding.WEAK),
        (["v=spf1 -all", "v=spf1 mx -all"], Finding.SEVERAL),
    ],
)
def test_spf_records_are_judged(texts: list[str] | None, finding: Finding):
    assert judge_spf(texts).finding is finding


@pytest.mark.parametrize(
    ("texts", "finding"),
    [
        (["v=spf1 -all"], Finding.MISSING),
        (["v=DMARC1;p=reject; rua=mailto:a@b.example"], Finding.GOOD),
        (["v = DMARC1 ; p = Quarantine"], Finding.GOOD),
        (["v=DMARC1"], Finding.BROKEN),
        (["v=DMARC1; p=block"], Finding.BROKEN),
        (["v=DMARC1; p=none", "v=DMARC1; p=none"], Finding.SEVERAL),
    ],
)
def test_dmarc_records_are_judged(texts: list[str], finding: Finding):
    assert judge_dmarc(texts).finding is finding


async def test_the_policy_of_the_domain_above_counts(owner: Owner, zone: Zone):
    domain = await owner.add(ED25519, domain="news.eu.sender.example")
    zone.texts["_dmarc.sender.example"] = ['"v=DMARC1; p=reject"']
    assert (await owner.check(domain)).dmarc is Finding.GOOD
    assert "_dmarc.example" not in zone.asked

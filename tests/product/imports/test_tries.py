"""Tried imports: what would happen is counted, nothing is written, and the same file can be made for good."""

from datetime import timedelta

import pytest

from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.kit import clock
from mailgenius.kit.services import Services
from mailgenius.kit.storage import FileMissing
from mailgenius.product.imports import committing, running, service as imports
from mailgenius.product.imports.errors import ImportNotFound, NotTried
from mailgenius.product.imports.model import Import, ImportState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Mode
from tests.factories.leads import all_leads
from tests.product.imports.conftest import ImportBytes, get

KNOWN = b"email,phone,name\nana@example.com,11912345678,Ana\nbia@example.com,11987654321,Bia\n"
FILE = (
    b"email,phone,city\n"
    b"ana@example.com,,Recife\n"  # known
    b"caio@example.com,,Natal\n"  # new
    b"caio@example.com,,Olinda\n"  # the same person again
    b"ana@example.com,11987654321,x\n"  # two people
    b"bad,,x\n"
)
STORED = """id,email,phone,name,city
1,ana@example.com,11912345678,Ana,Recife
2,bia@example.com,,Bia,Natal
3,caio@example.com,,Caio,
4,duda@example.com,11955554444,Duda,
5,,11933332222,Eva,
6,fabi@example.com,,Fabi,
7,gil@example.com,,Gil,
8,hugo@example.com,,Hugo,
9,iris@example.com,,Iris,
"""
SAID_AGAIN = """id,email,phone,name,city,tags,status
1,ANA@example.com,(11) 91234-5678,Ana,Recife,,
,,11955554444,Duda,,,
,bia@example.com,,Bia,Natal,vip,
3,caio@example.com,,Caio,,,
5,eva@example.com,,Eva,,,
6,fabi@example.com,,Fabi,,,unsubscribed
,gil@example.com,,Gilberto,,,
8,iris@example.com,,Iris,,,
,new@example.com,,New,,,
"""
"""Two that say nothing new; a tag, a complaint, an e-mail, a status, a name; two people; one new."""


def counts_of(found: Import) -> tuple[int, int, int, int]:
    return found.rows_created, found.rows_updated, found.rows_unchanged, found.rows_rejected


async def test_a_try_counts_and_writes_nothing(
    services: Services, import_bytes: ImportBytes, workspace_id: int, other_workspace_id: int
):
    await import_bytes(workspace_id, KNOWN)
    before = await all_leads(services.db, workspace_id)
    tried = await import_bytes(workspace_id, FILE, dry_run=True)
    assert (tried.state, tried.dry_run) == (ImportState.DONE, True)
    async with services.db.tenant(workspace_id) as tx:
        assert await leads.fields(tx, workspace_id=workspace_id) == []
    assert await all_leads(services.db, workspace_id) == before
    with pytest.raises(ImportNotFound):
        async with services.db.tenant(other_workspace_id) as tx:
            await imports.make(tx, workspace_id=other_workspace_id, import_id=tried.id)
    async with services.db.tenant(workspace_id) as tx:
        queued = await imports.make(tx, workspace_id=workspace_id, import_id=tried.id)
    assert (queued.state, queued.dry_run, queued.rows_read) == (ImportState.QUEUED, False, 0)
    await running.run(services.db, services.storage, workspace_id=workspace_id, import_id=tried.id)
    made = await get(services.db, workspace_id, tried.id)
    assert counts_of(made) == counts_of(tried) == (1, 2, 0, 2)
    with pytest.raises(NotTried):
        async with services.db.tenant(workspace_id) as tx:
            await imports.make(tx, workspace_id=workspace_id, import_id=tried.id)


@pytest.mark.parametrize("mode", Mode)
async def test_a_try_tells_what_says_nothing_new(
    services: Services, import_bytes: ImportBytes, workspace_id: int, mode: Mode
):
    await import_bytes(workspace_id, STORED.encode())
    async with services.db.trusted() as tx:
        await suppression.add(
            tx,
            workspace_id=workspace_id,
            channel="email",
            addresses=["caio@example.com"],
            reason=SuppressionReason.COMPLAINED,
        )
    tried = await import_bytes(workspace_id, SAID_AGAIN.encode(), mode=mode, dry_run=True)
    made = await import_bytes(workspace_id, SAID_AGAIN.encode(), mode=mode)
    assert counts_of(tried) == counts_of(made)
    assert counts_of(tried) == ((1, 0, 7, 1) if mode is Mode.KEEP else (1, 5, 2, 1))


async def test_a_try_that_nobody_makes_is_forgotten(
    services: Services, import_bytes: ImportBytes, workspace_id: int
):
    tried = await import_bytes(workspace_id, KNOWN, dry_run=True)
    yesterday = clock.now() - timedelta(days=1)
    assert await running.forget_tries(services.db, services.storage, before=yesterday) == 0
    assert (await imports.preview(services.storage, file_key=tried.file_key)).columns[0] == "email"
    tomorrow = clock.now() + timedelta(days=1)
    assert await running.forget_tries(services.db, services.storage, before=tomorrow) == 1
    assert await running.forget_tries(services.db, services.storage, before=tomorrow) == 0
    assert (await get(services.db, workspace_id, tried.id)).state is ImportState.CANCELLED
    with pytest.raises(FileMissing):
        await imports.preview(services.storage, file_key=tried.file_key)


async def test_a_person_in_two_chunks_is_counted_once(
    services: Services, import_bytes: ImportBytes, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    """By whichever identity: what the try counts is what the import does."""
    monkeypatch.setattr("mailgenius.product.imports.files.separated.CHUNK_BYTES", 2_000)
    await import_bytes(workspace_id, KNOWN)
    lines = [f"lead{n}@example.com,+55119{n:08d},Lead {n}" for n in range(200)]
    lines += [f",+55119{n:08d},By phone" for n in range(0, 200, 7)]
    lines += [f"lead{n}@example.com,,By mail" for n in range(0, 200, 3)]
    lines += ["ana@example.com,+5511955554444,Ana", *lines[:50], ",+5511955554444,Ana again"]
    content = ("email,phone,name\n" + "\n".join(lines) + "\n").encode()
    tried = await import_bytes(workspace_id, content, dry_run=True)
    assert tried.chunks_done > 4
    async with services.db.tenant(workspace_id) as tx:
        await imports.make(tx, workspace_id=workspace_id, import_id=tried.id)
    await running.run(services.db, services.storage, workspace_id=workspace_id, import_id=tried.id)
    made = await get(services.db, workspace_id, tried.id)
    assert (tried.rows_created, tried.rows_read) == (made.rows_created, made.rows_read) == (200, len(lines))


async def test_a_try_that_was_cut_off_begins_again(
    services: Services, store, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mailgenius.product.imports.files.separated.CHUNK_BYTES", 500)
    content = b"email\n" + b"".join(b"lead%d@example.com\n" % (n % 60) for n in range(120)) + b"bad\n"
    async with services.db.tenant(workspace_id) as tx:
        tried = await imports.start(
            tx,
            workspace_id=workspace_id,
            file_key=await store(content),
            file_name="x.csv",
            file_size=len(content),
            dry_run=True,
        )
    merge = committing.Run.merge

    async def cut_off(self: committing.Run, parts) -> None:
        if parts.chunk.number == 3:
            raise ConnectionError
        await merge(self, parts)

    with monkeypatch.context() as patched:
        patched.setattr(committing.Run, "merge", cut_off)
        with pytest.raises(ConnectionError):
            await running.run(services.db, services.storage, workspace_id=workspace_id, import_id=tried.id)
    assert (await get(services.db, workspace_id, tried.id)).rows_created
    await running.run(services.db, services.storage, workspace_id=workspace_id, import_id=tried.id)
    done = await get(services.db, workspace_id, tried.id)
    assert (done.state, done.rows_created, done.rows_updated, done.rows_rejected) == (
        ImportState.DONE,
        60,
        60,
        1,
    )

"""Tried imports: what would happen is counted, nothing is written, and the same file can be made for good."""

from datetime import timedelta

import pytest

from mailgenius.kit import clock
from mailgenius.kit.services import Services
from mailgenius.kit.storage import FileMissing
from mailgenius.product.imports import running, service as imports
from mailgenius.product.imports.errors import ImportNotFound, NotTried
from mailgenius.product.imports.model import ImportState
from mailgenius.product.leads import service as leads
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
    assert (made.rows_created, made.rows_updated + made.rows_unchanged, made.rows_rejected) == (
        tried.rows_created,
        tried.rows_updated + tried.rows_unchanged,
        tried.rows_rejected,
    )
    assert (tried.rows_created, tried.rows_rejected) == (1, 2)
    with pytest.raises(NotTried):
        async with services.db.tenant(workspace_id) as tx:
            await imports.make(tx, workspace_id=workspace_id, import_id=tried.id)


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

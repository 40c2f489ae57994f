"""Starting, watching and stopping imports; the look into a file before; the rejected rows after."""

import asyncio
import csv
import io
import re
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from mailgenius.channels.contract import Channel
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.formulas import guarded
from mailgenius.kit.paging import Page, checked_limit, decode_cursor, page_of
from mailgenius.kit.storage import Storage
from mailgenius.product.consents.model import Basis
from mailgenius.product.imports import queries
from mailgenius.product.imports.errors import ImportOver, NotTried
from mailgenius.product.imports.forgetting import (
    forget_old_rejects as forget_old_rejects,
    forget_person as forget_person,
    rejects_about as rejects_about,
)
from mailgenius.product.imports.mapping import check_mapping
from mailgenius.product.imports.model import (
    MAX_FILE_BYTES,
    Import,
    NewImport,
    Preview,
    Reject,
    is_month_first_usual,
    place_of,
)
from mailgenius.product.imports.new_fields import to_make, without_types
from mailgenius.product.imports.noting import note
from mailgenius.product.leads import normalise
from mailgenius.product.leads.model import LeadField, Mode
from mailgenius.product.workspaces import service as workspaces

NEWEST = 2**63 - 1
AT_ONCE = 2
"""Imports of one workspace that run at the same time."""
REJECTS_PAGE = 2_000
_NUMBER = re.compile(r"^[+-]?\d+(?:[.,]\d+)*$")


async def start(
    tx: Tx,
    *,
    workspace_id: int,
    file_key: str,
    file_name: str,
    file_size: int,
    mapping: dict[str, str] | None = None,
    new_fields: Sequence[LeadField] = (),
    mode: Mode = Mode.MERGE,
    tags: Sequence[str] = (),
    consent_source: str = "",
    consent_basis: Basis | None = None,
    consent_channels: Sequence[str] = (Channel.EMAIL,),
    created_by: int | None = None,
    dry_run: bool = False,
) -> Import:
    """Queue the import of a stored file. It belongs to the import from now on, and goes with its end.

    Args:
        tx: the transaction; the job is written into it.
        workspace_id: whose leads they become.
        file_key: where kit.storage has the file.
        file_name: as the person calls it.
        file_size: in bytes.
        mapping: header to target; None guesses from the headers. A target may say a new field with its type.
        new_fields: more of custom fields that columns go to and that do not exist yet.
        mode: what happens to leads that exist.
        tags: given to every lead that is created or, unless the mode keeps it, found.
        consent_source: for rows that name none.
        consent_basis: the legal basis of rows that say nothing of consent; with a source alone: consent.
        consent_channels: what that basis is about.
        created_by: the person, when it is one.
        dry_run: only count what would happen. The file is kept for a day, for `make`.

    Raises:
        Invalid: the mapping or the tags are wrong; each problem names its column.
    """
    if file_size > MAX_FILE_BYTES:
        raise invalid("file", "is larger than 2 GiB")
    mapping, making = await _checked(tx, workspace_id, mapping, new_fields)
    source = normalise.line(consent_source)
    new = NewImport(
        file_key=file_key,
        file_name=normalise.line(file_name, limit=200),
        file_size=file_size,
        mapping=mapping,
        mode=mode,
        tags=_tags(tags),
        consent_source=source,
        consent_basis=consent_basis or (Basis.CONSENT if source else None),
        consent_channels=_channels(consent_channels),
        created_by=created_by,
        new_fields=making,
        dry_run=dry_run,
    )
    import_id = await queries.add_import(tx, workspace_id=workspace_id, new=new)
    return await _queued(tx, workspace_id, import_id, "import.tried" if dry_run else "import.started")


async def make(tx: Tx, *, workspace_id: int, import_id: int) -> Import:
    """Make an import that was tried: the same file, columns and choices, this time for good.

    Raises:
        ImportNotFound: this workspace has no such import.
        NotTried: it was no try, is still under way, or its file is gone.
    """
    if not await queries.make_tried(tx, workspace_id=workspace_id, import_id=import_id):
        await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)
        raise NotTried
    await queries.forget_rejects(tx, workspace_id=workspace_id, import_id=import_id)
    return await _queued(tx, workspace_id, import_id, "import.started")


async def _checked(
    tx: Tx, workspace_id: int, mapping: Mapping[str, str] | None, new_fields: Sequence[LeadField]
) -> tuple[dict[str, str] | None, tuple[LeadField, ...]]:
    """Return the plain mapping, and the custom fields that it makes."""
    if mapping is None:
        return None, ()
    plain, said = without_types(mapping)
    check_mapping(plain)
    fields = [*new_fields, *said]
    return plain, tuple(await to_make(tx, workspace_id=workspace_id, mapping=plain, fields=fields))


def _tags(names: Sequence[str]) -> tuple[str, ...]:
    try:
        return normalise.tags(names)
    except ValueError as error:
        raise invalid("tags", str(error)) from error


def _channels(names: Sequence[str]) -> tuple[str, ...]:
    if not names or not set(names) <= set(Channel):
        raise invalid("consent_channels", "name at least one of email, sms and whatsapp")
    return tuple(dict.fromkeys(names))


async def _queued(tx: Tx, workspace_id: int, import_id: int, action: str) -> Import:
    # A few of one workspace run at once; more would mostly wait for each other's leads, and for memory.
    lane = f"imports:{workspace_id}:{import_id % AT_ONCE}"
    await tx.enqueue("imports.run", lock=lane, workspace_id=workspace_id, import_id=import_id)
    found = await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)
    await note(tx, action, workspace_id=workspace_id, found=found)
    return found


async def get(tx: Tx, *, workspace_id: int, import_id: int) -> Import:
    """Return one import.

    Raises:
        ImportNotFound: this workspace has no such import.
    """
    return await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)


async def list_imports(
    tx: Tx, *, workspace_id: int, limit: int | None = None, cursor: str | None = None
) -> Page[Import]:
    """Return imports, newest first."""
    size = checked_limit(limit)
    key = decode_cursor(cursor, tuple[int])
    rows = await queries.list_imports(
        tx, workspace_id=workspace_id, before=key[0] if key else NEWEST, limit=size + 1
    )
    return page_of(rows, limit=size, key=lambda row: (row.id,))


async def cancel(tx: Tx, *, workspace_id: int, import_id: int) -> None:
    """Stop an import. Rows that are in stay in; the run notices before it commits more.

    Raises:
        ImportNotFound: this workspace has no such import.
        ImportOver: it has ended already.
    """
    if not await queries.cancel(tx, workspace_id=workspace_id, import_id=import_id):
        await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)
        raise ImportOver
    stopped = await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)
    await note(tx, "import.cancelled", workspace_id=workspace_id, found=stopped)


async def preview(storage: Storage, *, file_key: str, month_first: bool = False) -> Preview:
    """Look into a stored file: its columns, first rows, and what the columns seem to be.

    Only as much of it is read as the look takes.

    Args:
        storage: where it is.
        file_key: its key.
        month_first: how days are read that fit both ways; see `month_first_usual`.

    Raises:
        FileMissing: there is no such file.
        UnreadableFile: it is not a table; the message tells a person why.
    """
    with tempfile.TemporaryDirectory(prefix="mailgenius-preview-") as scratch:
        return await asyncio.to_thread(
            _preview, storage, file_key, scratch=Path(scratch), month_first=month_first
        )


def _preview(storage: Storage, file_key: str, *, scratch: Path, month_first: bool) -> Preview:
    # The libraries that read files take a second to load: only who looks into one pays for it.
    from mailgenius.product.imports.looking import look_into  # noqa: PLC0415

    with storage.reader(file_key) as source:
        return look_into(source, scratch=scratch, month_first=month_first)


async def month_first_usual(tx: Tx, *, workspace_id: int) -> bool:
    """Return whether the people of a workspace write the month of a day first."""
    workspace = await workspaces.get_workspace(tx, workspace_id=workspace_id)
    return is_month_first_usual(locale=workspace.locale, timezone=workspace.timezone)


async def rejects(
    tx: Tx, *, workspace_id: int, import_id: int, after: int = 0, limit: int | None = None
) -> list[Reject]:
    """Return rejected rows in the order of the file, those behind the line `after`."""
    return await queries.list_rejects(
        tx, workspace_id=workspace_id, import_id=import_id, after=after, limit=checked_limit(limit)
    )


async def rejects_csv(db: Database, *, workspace_id: int, import_id: int) -> AsyncIterator[bytes]:
    """Yield the rejected rows as CSV: `line,reason,<original columns>`, page by page.

    Cells that a spreadsheet would run as a formula get an apostrophe in front; plain numbers do not.

    Raises:
        ImportNotFound: this workspace has no such import. Raised before anything is yielded.
    """
    async with db.tenant(workspace_id) as tx:
        found = await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)
    yield _csv([["line", "reason", *found.columns]])
    after = 0
    while True:
        async with db.tenant(workspace_id) as tx:
            page = await queries.list_rejects(
                tx, workspace_id=workspace_id, import_id=import_id, after=after, limit=REJECTS_PAGE
            )
        if page:
            yield _csv([[place_of(found.files, row.line), row.reason, *row.cells] for row in page])
            after = page[-1].line
        if len(page) < REJECTS_PAGE:
            return


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet runs. Phones and other plain numbers stay as people wrote them."""
    return cell if _NUMBER.match(cell) else guarded(cell)

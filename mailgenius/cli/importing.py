"""Bringing a local file into storage and following its import: for `leads import`, the demo and the bench."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from mailgenius.kit.multipart import storage_key
from mailgenius.kit.services import Services
from mailgenius.product.imports import service as imports
from mailgenius.product.imports.model import MAX_FILE_BYTES, OPEN, Import
from mailgenius.product.leads.model import Mode

READ_AT_ONCE = 1 << 20
LOOK_EVERY_S = 0.1


async def start_import(
    services: Services,
    *,
    workspace_id: int,
    path: Path,
    mapping: Mapping[str, str] | None = None,
    mode: Mode = Mode.MERGE,
    tags: Sequence[str] = (),
    consent_source: str = "",
    dry_run: bool = False,
) -> Import:
    """Store a file and queue its import, or a try of it.

    Raises:
        FileTooLarge: it is larger than imports may be.
    """
    key = storage_key(f"imports/{workspace_id}", path.name)
    size = await services.storage.put(key, _chunks(path), limit=MAX_FILE_BYTES)
    async with services.db.tenant(workspace_id) as tx:
        return await imports.start(
            tx,
            workspace_id=workspace_id,
            file_key=key,
            file_name=path.name,
            file_size=size,
            mapping=dict(mapping) if mapping else None,
            mode=mode,
            tags=tuple(tags),
            consent_source=consent_source,
            created_by=None,
            dry_run=dry_run,
        )


async def import_ended(
    services: Services, *, workspace_id: int, import_id: int, seen: Callable[[Import], object]
) -> Import:
    """Wait until an import is done, failed or cancelled; `seen` is told how far it is."""
    while True:
        async with services.db.tenant(workspace_id) as tx:
            found = await imports.get(tx, workspace_id=workspace_id, import_id=import_id)
        seen(found)
        if found.state not in OPEN:
            return found
        await asyncio.sleep(LOOK_EVERY_S)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, READ_AT_ONCE):
            yield chunk

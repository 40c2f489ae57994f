"""How imports stand in the audit log: who brought which file, and what came of it."""

from typing import Any

from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.imports.model import Import


async def note(tx: Tx, action: str, /, *, workspace_id: int, found: Import, **details: Any) -> None:
    """Note what is done with an import, in the transaction of the act."""
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action=action,
        object_id=found.id,
        name=found.file_name,
        details=details or {"mode": found.mode, "tags": found.tags, "size": found.file_size},
    )


async def note_end(tx: Tx, *, workspace_id: int, found: Import) -> None:
    """Note that an import is over, with its counts."""
    await note(
        tx,
        "import.finished",
        workspace_id=workspace_id,
        found=found,
        dry_run=found.dry_run,
        created=found.rows_created,
        updated=found.rows_updated,
        unchanged=found.rows_unchanged,
        rejected=found.rows_rejected,
    )

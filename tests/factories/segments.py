"""Segments for tests."""

from typing import Any

from mailgenius.kit.db.database import Database
from mailgenius.product.segments import service as segments
from mailgenius.product.segments.model import Segment


async def make_segment(db: Database, workspace_id: int, name: str, tree: dict[str, Any]) -> Segment:
    async with db.tenant(workspace_id) as tx:
        return await segments.create(tx, workspace_id=workspace_id, name=name, tree=tree)

"""Writing segments down, changing them, putting them away, and reading them."""

from collections.abc import Sequence
from typing import Any

from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changed, changes
from mailgenius.kit.db.errors import UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import LimitReached, invalid
from mailgenius.kit.paging import Page, decode_cursor, page_of
from mailgenius.product.leads import normalise
from mailgenius.product.segments import queries
from mailgenius.product.segments.errors import SegmentArchived, SegmentInUse, SegmentNameTaken
from mailgenius.product.segments.model import MAX_NAME, MAX_SEGMENTS, Segment
from mailgenius.product.segments.service.gathering import gather
from mailgenius.product.segments.tree import segments_in

NEWEST = 2**63 - 1
_note: audit.Noting[Segment] = audit.noting(lambda segment: (segment.id, segment.name))


async def create(
    tx: Tx, *, workspace_id: int, name: str, tree: Any, created_by: int | None = None
) -> Segment:
    """Store a segment.

    Raises:
        Invalid: the name or something in the tree is wrong.
        SegmentNameTaken: another segment has the name.
    """
    clean = _checked_name(name)
    await queries.lock_segments(tx, workspace_id=workspace_id)
    if await queries.count_segments(tx, workspace_id=workspace_id) >= MAX_SEGMENTS:
        raise LimitReached
    uses = await _checked_uses(tx, workspace_id, tree, segment_id=None)
    try:
        made = await queries.create_segment(
            tx, workspace_id=workspace_id, name=clean, tree=tree, uses=uses, created_by=created_by
        )
    except UniqueConflict as error:
        raise SegmentNameTaken from error
    await _note(tx, "segment.created", made, workspace_id=workspace_id)
    return made


async def update(
    tx: Tx, *, workspace_id: int, segment_id: int, name: str | None = None, tree: Any = None
) -> Segment:
    """Change the name or the tree of a segment; None leaves it as it is.

    Raises:
        Invalid: the name or something in the tree is wrong, or the segment would use itself.
        SegmentArchived: it was put away.
    """
    await queries.lock_segments(tx, workspace_id=workspace_id)
    before = await get(tx, workspace_id=workspace_id, segment_id=segment_id)
    if before.archived_at is not None:
        raise SegmentArchived
    uses = before.uses
    if tree is not None:
        uses = await _checked_uses(tx, workspace_id, tree, segment_id=segment_id)
    try:
        after = await queries.update_segment(
            tx,
            workspace_id=workspace_id,
            segment_id=segment_id,
            name=before.name if name is None else _checked_name(name),
            tree=before.tree if tree is None else tree,
            uses=uses,
        )
    except UniqueConflict as error:
        raise SegmentNameTaken from error
    details = changes(before, after, "name") | changed(before, after, ["tree"])
    await _note(tx, "segment.changed", after, workspace_id=workspace_id, **details)
    return after


async def archive(tx: Tx, *, workspace_id: int, segment_id: int) -> None:
    """Put a segment away. A second call changes nothing.

    Raises:
        SegmentInUse: other segments use it.
    """
    await queries.lock_segments(tx, workspace_id=workspace_id)
    segment = await get(tx, workspace_id=workspace_id, segment_id=segment_id)
    users = await queries.users_of_segment(tx, workspace_id=workspace_id, segment_id=segment_id)
    if users:
        raise SegmentInUse(names=", ".join(users))
    await queries.archive_segment(tx, workspace_id=workspace_id, segment_id=segment_id)
    if segment.archived_at is not None:
        audit.unchanged(tx)
        return
    await _note(tx, "segment.archived", segment, workspace_id=workspace_id)


async def get(tx: Tx, *, workspace_id: int, segment_id: int) -> Segment:
    """Return one segment, archived or not.

    Raises:
        SegmentNotFound: this workspace has no such segment.
    """
    return await queries.get_segment(tx, workspace_id=workspace_id, segment_id=segment_id)


async def naming(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> list[int]:
    """Return the ids of segments whose name or conditions hold what a pattern finds."""
    return await queries.segments_naming(tx, workspace_id=workspace_id, patterns=patterns)


async def list_segments(
    tx: Tx, *, workspace_id: int, search: str = "", limit: int = 50, cursor: str | None = None
) -> Page[Segment]:
    """Return segments that are not archived, newest first."""
    key = decode_cursor(cursor, tuple[int])
    rows = await queries.list_segments(
        tx,
        workspace_id=workspace_id,
        search=search.strip(),
        before_id=key[0] if key else NEWEST,
        limit=limit + 1,
    )
    return page_of(rows, limit=limit, key=lambda segment: (segment.id,))


def _checked_name(name: str) -> str:
    clean = normalise.line(name, limit=MAX_NAME)
    if not clean:
        raise invalid("name", f"must have 1 to {MAX_NAME} characters")
    return clean


async def _checked_uses(tx: Tx, workspace_id: int, tree: Any, *, segment_id: int | None) -> tuple[int, ...]:
    """Make sure that a tree can be compiled as the tree of a segment, and return the segments it names."""
    found = await gather(tx, workspace_id=workspace_id, raw=tree)
    if segment_id is not None and segment_id in found.segments:
        raise invalid("tree", "segments use each other in a circle")
    archived = [each.name for each in found.segments.values() if each.archived_at is not None]
    named = segments_in(found.tree)
    if archived:
        raise invalid("tree", f"this segment is archived: “{', '.join(archived)}”")
    found.condition()
    return named

"""Segments as the audience of a campaign: what they say at a moment, kept, and compiled for each chunk."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Problem
from mailgenius.product.leads.model import FieldType
from mailgenius.product.segments import queries
from mailgenius.product.segments.compiling import compile_tree
from mailgenius.product.segments.errors import SegmentBroken
from mailgenius.product.segments.known import Known
from mailgenius.product.segments.service.gathering import (
    orders_by_campaign,
    stored_tree,
    topics_by_id,
    types_of_fields,
)
from mailgenius.product.segments.tree import Group, GroupKind, Node, SegmentCondition
from mailgenius.product.workspaces import service as workspaces

Snapshot = dict[str, Any]
"""Segments and the types of fields as they were at a moment, as JSON. Opaque to others."""


async def snapshot(tx: Tx, *, workspace_id: int, segment_ids: Sequence[int]) -> Snapshot:
    """Keep what segments say now, with all that they use: later changes of them change nothing.

    Raises:
        SegmentBroken: one does not exist, is archived, or no longer fits the fields.
    """
    rows = await queries.used_segments(tx, workspace_id=workspace_id, segment_ids=segment_ids)
    found = {segment.id: segment for segment in rows}
    types = await types_of_fields(tx, workspace_id=workspace_id)
    problems = [Problem("audience", "a segment of it does not exist") for i in segment_ids if i not in found]
    problems += [
        Problem("audience", f"the segment “{found[i].name}” is archived")
        for i in segment_ids
        if i in found and found[i].archived_at is not None
    ]
    if problems:
        raise SegmentBroken(problems=problems)
    for segment in rows:
        stored_tree(segment.tree, types, segment.name)
    return {
        "trees": {str(segment.id): segment.tree for segment in rows},
        "names": {str(segment.id): segment.name for segment in rows},
        "types": {key: kind.value for key, kind in types.items()},
    }


async def audience_condition(
    tx: Tx,
    *,
    workspace_id: int,
    kept: Snapshot,
    included: Sequence[int],
    excluded: Sequence[int],
    now: datetime,
) -> Fragment:
    """Compile "in any of these and in none of those" as the segments stood in a snapshot, at a moment.

    It is to be asked of stretches of leads: the planner cannot know how many fulfil a tree, takes most for
    rare, and would read the whole workspace for each chunk of a freeze.
    """
    types = {key: FieldType(kind) for key, kind in kept["types"].items()}
    trees = {int(key): stored_tree(raw, types, kept["names"][key]) for key, raw in kept["trees"].items()}
    orders = await orders_by_campaign(tx, workspace_id=workspace_id, trees=tuple(trees.values()))
    workspace = await workspaces.get_workspace(tx, workspace_id=workspace_id)
    topics = await topics_by_id(tx, workspace_id=workspace_id, trees=tuple(trees.values()))
    known = Known(trees=trees, orders=orders, topics=topics, timezone=workspace.timezone, now=now)
    groups = [_group(GroupKind.ANY, included), _group(GroupKind.NONE, excluded)]
    whole = Group(kind=GroupKind.ALL, nodes=tuple(each for each in groups if each.nodes))
    return replace(compile_tree(whole, known), looks_around=True)


def _group(kind: GroupKind, segment_ids: Sequence[int]) -> Group:
    nodes: tuple[Node, ...] = tuple(SegmentCondition(inside=True, segment_id=each) for each in segment_ids)
    return Group(kind=kind, nodes=nodes)

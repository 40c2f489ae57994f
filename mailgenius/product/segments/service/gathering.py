"""Looks up what a tree refers to: fields, other segments, orders of campaigns, names. Read once per use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailgenius.kit import clock
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.model import Topic
from mailgenius.product.segments import queries
from mailgenius.product.segments.compiling import compile_tree
from mailgenius.product.segments.errors import SegmentBroken
from mailgenius.product.segments.known import Known
from mailgenius.product.segments.model import CampaignOrder, Segment
from mailgenius.product.segments.parsing import parse
from mailgenius.product.segments.tree import Group, campaigns_in, imports_in, segments_in, topics_in
from mailgenius.product.workspaces import service as workspaces


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """A tree with all that it takes to compile it and to put it into words."""

    tree: Group
    fields: Mapping[str, LeadField]
    segments: Mapping[int, Segment]
    """Those that it uses, and those that they use."""
    orders: Mapping[int, tuple[CampaignOrder, ...]]
    imports: Mapping[int, str]
    timezone: str
    known: Known

    def condition(self) -> Fragment:
        return compile_tree(self.tree, self.known)


async def types_of_fields(tx: Tx, *, workspace_id: int) -> dict[str, FieldType]:
    """Return the type of each custom field, archived ones too: their values stay and may be asked for."""
    found = await leads.all_fields(tx, workspace_id=workspace_id)
    return {field.key: field.type for field in found}


async def gather(tx: Tx, *, workspace_id: int, raw: Any, now: datetime | None = None) -> Gathered:
    """Read a tree as somebody wrote it.

    Raises:
        Invalid: something in it is wrong; each problem names its place.
        SegmentBroken: a segment that it uses no longer fits the fields.
    """
    fields = {field.key: field for field in await leads.all_fields(tx, workspace_id=workspace_id)}
    types = {key: field.type for key, field in fields.items()}
    tree = parse(raw, types)
    segments = await _used(tx, workspace_id, tree)
    trees = {segment.id: stored_tree(segment.tree, types, segment.name) for segment in segments.values()}
    everything = (tree, *trees.values())
    orders = await orders_by_campaign(tx, workspace_id=workspace_id, trees=everything)
    import_ids = [number for each in everything for number in imports_in(each)]
    workspace = await workspaces.get_workspace(tx, workspace_id=workspace_id)
    topics = await topics_by_id(tx, workspace_id=workspace_id, trees=everything)
    if missing := [str(number) for number in topics_in(tree) if number not in topics]:
        raise Invalid(problems=[Problem("tree", f"there is no topic “{', '.join(missing)}”")])
    return Gathered(
        tree=tree,
        fields=fields,
        segments=segments,
        orders=orders,
        imports=await queries.names_of_imports(tx, workspace_id=workspace_id, import_ids=import_ids),
        timezone=workspace.timezone,
        known=Known(
            trees=trees,
            orders=orders,
            topics=topics,
            timezone=workspace.timezone,
            now=now or clock.now(),
        ),
    )


def stored_tree(raw: Any, types: Mapping[str, FieldType], name: str) -> Group:
    """Read a tree that was accepted once.

    Raises:
        SegmentBroken: the fields have changed since, so that it makes no sense any more.
    """
    try:
        return parse(raw, types)
    except Invalid as error:
        misfit = Problem("tree", f"the segment “{name}” no longer fits the fields")
        raise SegmentBroken(problems=[misfit]) from error


async def orders_by_campaign(
    tx: Tx, *, workspace_id: int, trees: tuple[Group, ...]
) -> dict[int, tuple[CampaignOrder, ...]]:
    """Return the orders of the campaigns that trees name; a campaign that was not launched is absent."""
    wanted = {campaign for tree in trees for campaign in campaigns_in(tree)}
    found: dict[int, tuple[CampaignOrder, ...]] = {}
    if wanted:
        rows = await queries.orders_of_campaigns(tx, workspace_id=workspace_id, campaign_ids=sorted(wanted))
        for order in rows:
            found[order.campaign_id] = (*found.get(order.campaign_id, ()), order)
    return found


async def topics_by_id(tx: Tx, *, workspace_id: int, trees: Sequence[Group]) -> dict[int, Topic]:
    """Return the topics of the workspace, archived ones too, if trees name any."""
    if not any(topics_in(tree) for tree in trees):
        return {}
    found = await preferences.all_topics(tx, workspace_id=workspace_id)
    return {topic.id: topic for topic in found}


async def recent_campaigns(tx: Tx, *, workspace_id: int, limit: int) -> list[tuple[str, str]]:
    """Return the campaigns that were launched last, as (id, name)."""
    rows = await queries.recent_campaigns(tx, workspace_id=workspace_id, limit=limit)
    return [(str(order.campaign_id), order.name or str(order.campaign_id)) for order in rows]


async def recent_imports(tx: Tx, *, workspace_id: int, limit: int) -> list[tuple[str, str]]:
    """Return the imports that were started last, as (id, name of the file)."""
    rows = await queries.recent_imports(tx, workspace_id=workspace_id, limit=limit)
    return [(str(number), name) for number, name in rows.items()]


async def _used(tx: Tx, workspace_id: int, tree: Group) -> dict[int, Segment]:
    named = segments_in(tree)
    if not named:
        return {}
    rows = await queries.used_segments(tx, workspace_id=workspace_id, segment_ids=named)
    found = {segment.id: segment for segment in rows}
    missing = [str(number) for number in named if number not in found]
    if missing:
        raise Invalid(problems=[Problem("tree", f"there is no segment “{', '.join(missing)}”")])
    return found

"""Merging two leads by hand, as far as leads and their consents go. `product/joins` does the whole of it.

The lead that goes is deleted; its id points to the kept one from then on, so that whoever knows it finds the
person. What rows of other areas do lies above: they follow between `begin_join` and `finish_join`.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from mailgenius.channels.contract import Channel
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import ConsentAct, ConsentState
from mailgenius.product.leads import consent_queries, join_queries, joining, queries
from mailgenius.product.leads.errors import SameLead
from mailgenius.product.leads.joining import Choices, Pair
from mailgenius.product.leads.model import Lead
from mailgenius.product.leads.service.consenting import address_on, stop_on
from mailgenius.product.leads.service.merging import suppress
from mailgenius.product.preferences import service as preferences

_OWNER = re.compile(r"belongs to lead (\d{1,18})\b")
_QUOTED = re.compile(r"“[^”]*”")
BY_MERGE = "merge"
"""Told in the activity of a lead that got the status of the one that went into it."""


async def hold_joins(tx: Tx, *, workspace_id: int) -> None:
    """Have merges of this workspace's leads wait for this transaction, and wait for one under way."""
    await join_queries.hold_joins(tx, workspace_id=workspace_id)


async def any_joined_since(tx: Tx, *, workspace_id: int, since: datetime) -> bool:
    """Say whether two leads were merged since a moment."""
    return await join_queries.any_joined_since(tx, workspace_id=workspace_id, since=since)


async def kept_id(tx: Tx, *, workspace_id: int, lead_id: int) -> int:
    """Return the id that a lead has now: another one if it was merged. It may still be deleted."""
    found = await join_queries.joined_into(tx, workspace_id=workspace_id, lead_ids=[lead_id])
    return found.get(lead_id, lead_id)


async def look_at_pair(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> Pair:
    """Return two leads to compare.

    Raises:
        SameLead: they are one.
        LeadNotFound: this workspace lacks one of them.
        LeadJoined: one went into another already.
    """
    if kept_id == other_id:
        raise SameLead
    return Pair(
        kept=await queries.get_lead(tx, workspace_id=workspace_id, lead_id=kept_id),
        other=await queries.get_lead(tx, workspace_id=workspace_id, lead_id=other_id),
    )


async def begin_join(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> Pair:
    """Hold two leads, and have the id of the second point to the first. Merges of a workspace take turns.

    Raises:
        SameLead: they are one.
        LeadNotFound: this workspace lacks one of them.
        LeadJoined: one went into another already.
    """
    if kept_id == other_id:
        raise SameLead
    await join_queries.one_join_at_a_time(tx, workspace_id=workspace_id)
    found = await join_queries.lock_leads(tx, workspace_id=workspace_id, lead_ids=[kept_id, other_id])
    if missing := [each for each in (kept_id, other_id) if each not in found]:
        raise await join_queries.why_gone(tx, workspace_id=workspace_id, lead_id=missing[0])
    await join_queries.note_join(tx, workspace_id=workspace_id, kept_id=kept_id, other_id=other_id)
    return Pair(kept=found[kept_id], other=found[other_id])


async def move_activity(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    """Have what happened to one lead be what happened to another. A second run finds nothing."""
    return await join_queries.move_activity(tx, workspace_id=workspace_id, kept_id=kept_id, other_id=other_id)


async def finish_join(tx: Tx, *, workspace_id: int, pair: Pair, choices: Choices) -> Lead:
    """Make two leads one, and return it. Everything that points to the second must have followed already.

    Raises:
        Invalid: a choice is about something that neither lead has.
    """
    lead = joining.as_one(pair, choices)
    names = {"workspace_id": workspace_id, "kept_id": pair.kept.id, "other_id": pair.other.id}
    said = await consents.states(tx, workspace_id=workspace_id, lead_ids=[pair.kept.id, pair.other.id])
    await consents.follow_lead(tx, **names)
    await preferences.follow_lead(tx, **names)
    await join_queries.move_activity(tx, **names)
    await join_queries.inherit_import(tx, **names)
    # The one that goes gives its e-mail free before the other takes it.
    await queries.delete_leads(tx, workspace_id=workspace_id, lead_ids=[pair.other.id])
    await queries.update_lead(tx, workspace_id=workspace_id, lead=lead)
    await _log(tx, workspace_id=workspace_id, pair=pair, lead=lead)
    await consent_queries.date_consents(tx, workspace_id=workspace_id, lead_ids=[lead.id])
    await _keep_stopped(tx, workspace_id=workspace_id, pair=pair, lead=lead, said=said)
    return await queries.get_lead(tx, workspace_id=workspace_id, lead_id=lead.id)


async def _log(tx: Tx, *, workspace_id: int, pair: Pair, lead: Lead) -> None:
    """Note the merge with the values that were given up, which are nowhere else."""
    detail = {
        "lead_id": str(pair.other.id),
        "created_at": pair.other.created_at.isoformat(),
        "left": joining.left_behind(pair, lead),
    }
    await queries.log_activity(tx, workspace_id=workspace_id, lead_id=lead.id, kind="merged", detail=detail)
    if lead.status is not pair.kept.status:
        change = {"from": pair.kept.status, "to": lead.status, "reason": BY_MERGE}
        await queries.log_activity(
            tx, workspace_id=workspace_id, lead_id=lead.id, kind="status", detail=change
        )


async def _keep_stopped(
    tx: Tx, *, workspace_id: int, pair: Pair, lead: Lead, said: Sequence[ConsentState]
) -> None:
    """Have what a person refused under one lead hold for all that reaches the one lead."""
    if lead.status in joining.OF_THE_PERSON:
        rows = [(each.email, each.phone) for each in (pair.kept, pair.other)]
        await suppress(tx, workspace_id=workspace_id, rows=rows, status=lead.status)
    by_id = {pair.kept.id: pair.kept, pair.other.id: pair.other}
    for channel in Channel:
        refused = [
            address_on(by_id[state.lead_id], channel)
            for state in said
            if state.channel == channel and state.act is ConsentAct.WITHDRAWN
        ]
        # Where the address is the one that was refused, whoever let it in again afterwards had a reason.
        if refused and address_on(lead, channel) not in refused:
            await stop_on(tx, workspace_id=workspace_id, lead=lead, channel=channel)


def named_in(reason: str) -> list[int]:
    """Return the leads that the identities of a rejected row belong to, as its reason names them."""
    return list(dict.fromkeys(int(found) for found in _OWNER.findall(_QUOTED.sub("", reason))))

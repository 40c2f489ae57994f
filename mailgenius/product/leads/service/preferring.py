"""What a lead prefers: topics, channels, how often, which language. Read, changed, and heeded at sending.

Each change is kept with its time, its way and the address it came from: of channels in the ledger of
consents, and all of it in the lead's activity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import ConsentAct, ConsentState, Statement, Way
from mailgenius.product.leads import consent_queries, queries
from mailgenius.product.leads.errors import TooManyChanges
from mailgenius.product.leads.model import Lead
from mailgenius.product.leads.service.consenting import address_on, return_to, state_consent
from mailgenius.product.preferences import service as stored
from mailgenius.product.preferences.model import ChoiceChanges, Choices, Topic

ACTIVITY = "preferences"
"""The kind of activity that a change of preferences is."""
TEXT_VERSION = "preferences 1"
"""Names the words of the preference page in the ledger of consents: raise it when they say something else."""
MOST_CHANGES, CHANGES_WITHIN = 20, timedelta(hours=1)
"""So often may one link change what a lead prefers: each change stays in the records."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelWish:
    """A channel that reaches a lead."""

    channel: Channel
    address: str
    on: bool
    """Messages may go there."""
    stopped: bool
    """They may not, and not because the lead left: it came back, was marked as spam, or was blocked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """All that a lead may choose, and what holds."""

    topics: Sequence[Topic]
    """Those that are offered, in the order shown."""
    choices: Choices
    channels: Sequence[ChannelWish]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreferenceChanges:
    """What somebody wants to be different. What is not named stays."""

    way: Way
    choices: ChoiceChanges = field(default_factory=ChoiceChanges)
    channels: Mapping[Channel, bool] = field(default_factory=dict)
    ip: str | None = None


async def preferences(tx: Tx, *, workspace_id: int, lead_id: int) -> Preferences:
    """Return what a lead may choose, and what holds.

    Raises:
        LeadNotFound: this workspace has no such lead.
    """
    lead = await queries.get_lead(tx, workspace_id=workspace_id, lead_id=lead_id)
    return await _of(tx, workspace_id=workspace_id, lead=lead)


async def change_preferences(
    tx: Tx, *, workspace_id: int, lead_id: int, changes: PreferenceChanges
) -> Preferences:
    """Change what a lead prefers. What holds already changes nothing and leaves no trace.

    A channel that is turned on again lifts the lead's own unsubscribing there, and nothing else.

    Raises:
        LeadNotFound: this workspace has no such lead.
        ChoiceUnclear: a topic is not offered here.
        TooManyChanges: it was changed by its link too often within the hour.
    """
    lead = await queries.lock_lead(tx, workspace_id=workspace_id, lead_id=lead_id)
    before = await _of(tx, workspace_id=workspace_id, lead=lead)
    after = await stored.change_choices(
        tx, workspace_id=workspace_id, lead_id=lead_id, wanted=changes.choices
    )
    turned = {
        each.channel: changes.channels[each.channel]
        for each in before.channels
        if not each.stopped and changes.channels.get(each.channel, each.on) is not each.on
    }
    detail = _difference(before, after) | ({"channels": turned} if turned else {})
    if not detail:
        audit.unchanged(tx)
        return before
    if changes.way is Way.PREFERENCES:
        await _check_pace(tx, workspace_id=workspace_id, lead_id=lead_id)
    for channel, on in turned.items():
        await _turn(tx, workspace_id=workspace_id, lead_id=lead_id, channel=channel, on=on, changes=changes)
    await _log(tx, workspace_id=workspace_id, lead_id=lead_id, changes=changes, detail=detail)
    return await preferences(tx, workspace_id=workspace_id, lead_id=lead_id)


async def leave_everything(tx: Tx, *, workspace_id: int, lead_id: int, way: Way, ip: str | None) -> None:
    """Withdraw a lead from all channels that reach it. Never refused; a second run changes nothing.

    Raises:
        LeadNotFound: this workspace has no such lead.
    """
    lead = await queries.lock_lead(tx, workspace_id=workspace_id, lead_id=lead_id)
    known = await _states(tx, workspace_id=workspace_id, lead=lead)
    here = [channel for channel in Channel if address_on(lead, channel) is not None]
    changes = PreferenceChanges(way=way, ip=ip)
    for channel in here:
        await _turn(
            tx, workspace_id=workspace_id, lead_id=lead_id, channel=channel, on=False, changes=changes
        )
    if any(channel not in known or known[channel].act is ConsentAct.GIVEN for channel in here):
        await _log(tx, workspace_id=workspace_id, lead_id=lead_id, changes=changes, detail={"left": "all"})


async def lead_of_recipient(
    tx: Tx, *, workspace_id: int, lead_id: int | None, channel: str, address: str
) -> int | None:
    """Return the lead that a message went to; None when it was deleted, or the address never was a lead's."""
    found = await consent_queries.leads_of_address(
        tx, workspace_id=workspace_id, channel=channel, address=address, lead_id=lead_id
    )
    if lead_id in found:
        return lead_id
    return found[0] if found else None


async def _of(tx: Tx, *, workspace_id: int, lead: Lead) -> Preferences:
    known = await _states(tx, workspace_id=workspace_id, lead=lead)
    channels = []
    for channel in Channel:
        address = address_on(lead, channel)
        # A phone is there for calls too: its channels are offered to whoever ever spoke of them.
        if address is None or (channel is not Channel.EMAIL and channel not in known):
            continue
        reason = (
            await suppression.suppressed(tx, workspace_id=workspace_id, channel=channel, addresses=[address])
        ).get(address)
        withdrawn = channel in known and known[channel].act is ConsentAct.WITHDRAWN
        channels.append(
            ChannelWish(
                channel=channel,
                address=address,
                on=reason is None and not withdrawn,
                stopped=reason not in {None, SuppressionReason.UNSUBSCRIBED},
            )
        )
    return Preferences(
        topics=await stored.topics(tx, workspace_id=workspace_id),
        choices=await stored.choices(tx, workspace_id=workspace_id, lead_id=lead.id),
        channels=channels,
    )


async def _states(tx: Tx, *, workspace_id: int, lead: Lead) -> dict[str, ConsentState]:
    known = await consents.states(tx, workspace_id=workspace_id, lead_ids=[lead.id])
    return {state.channel: state for state in known}


async def _turn(
    tx: Tx, *, workspace_id: int, lead_id: int, channel: Channel, on: bool, changes: PreferenceChanges
) -> None:
    statement = Statement(
        lead_id=lead_id,
        channel=channel,
        act=ConsentAct.GIVEN if on else ConsentAct.WITHDRAWN,
        way=changes.way,
        text_version=TEXT_VERSION,
        ip=changes.ip,
    )
    await state_consent(tx, workspace_id=workspace_id, statement=statement)
    if on:
        await return_to(tx, workspace_id=workspace_id, lead_id=lead_id, channel=channel)


def _difference(before: Preferences, after: Choices) -> dict[str, Any]:
    """What differs, in the words that programs know: for the lead's activity."""
    topics = {
        topic.key: after.of(topic) for topic in before.topics if before.choices.of(topic) != after.of(topic)
    }
    found: dict[str, Any] = {"topics": topics} if topics else {}
    if after.frequency is not before.choices.frequency:
        found["frequency"] = after.frequency.value
    if after.language != before.choices.language:
        found["language"] = after.language
    return found


async def _check_pace(tx: Tx, *, workspace_id: int, lead_id: int) -> None:
    changed = await consent_queries.count_recent(
        tx, workspace_id=workspace_id, lead_id=lead_id, kind=ACTIVITY, within=CHANGES_WITHIN
    )
    if changed >= MOST_CHANGES:
        raise TooManyChanges


async def _log(
    tx: Tx, *, workspace_id: int, lead_id: int, changes: PreferenceChanges, detail: dict[str, Any]
) -> None:
    said = {"way": changes.way.value, **({"ip": changes.ip} if changes.ip else {})}
    await queries.log_activity(
        tx, workspace_id=workspace_id, lead_id=lead_id, kind=ACTIVITY, detail=said | detail
    )
    if changes.way is not Way.PREFERENCES:
        # What people choose themselves stands in their own records; this log is of those who work here.
        await audit.note(
            tx,
            workspace_id=workspace_id,
            action="lead.preferences_changed",
            object_id=lead_id,
            details=detail,
        )

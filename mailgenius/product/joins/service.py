"""The whole of merging two leads: hold them, have every area's rows follow, make them one.

All of it is one transaction. Rows that others were writing meanwhile with the id of the lead that went follow
a little later, see `gather_late`.
"""

from datetime import timedelta

from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.errors import MessageOnItsWay
from mailgenius.engine.ledger.service import WAITING, MessageToBoth
from mailgenius.engine.tracking import service as tracking
from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.forms import service as forms
from mailgenius.product.joins import queries
from mailgenius.product.joins.model import History, Joined
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.joining import Choices
from mailgenius.product.leads.model import Lead

LATE = timedelta(minutes=1)
"""After so long everybody has committed who read the lead that went."""


async def history(tx: Tx, *, workspace_id: int, lead_id: int) -> History:
    """Count what is known of a lead, for whoever has to decide on a merge."""
    return await queries.history(tx, workspace_id=workspace_id, lead_id=lead_id)


async def join(
    tx: Tx, *, workspace_id: int, kept_id: int, other_id: int, choices: Choices | None = None
) -> Joined:
    """Merge a lead into another, with all that is known of it. There is no way back.

    Of a campaign under way that has a message for each, one is called off if none is on its way yet.

    Raises:
        SameLead: they are one.
        LeadNotFound: this workspace lacks one of them.
        LeadJoined: one went into another already.
        Invalid: a choice is about something that neither lead has.
    """
    chosen = choices or {}
    names = {"workspace_id": workspace_id, "kept_id": kept_id, "other_id": other_id}
    pair = await leads.begin_join(tx, **names)
    moved = await queries.history(tx, workspace_id=workspace_id, lead_id=other_id)
    twice = await ledger.messages_to_both(tx, **names)
    await _follow(tx, **names)
    await forms.follow_lead(tx, **names)
    lead = await leads.finish_join(tx, workspace_id=workspace_id, pair=pair, choices=chosen)
    called_off = await _call_off(tx, workspace_id=workspace_id, lead=lead, twice=twice)
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action="lead.merged",
        object_id=lead.id,
        details={"removed_id": str(other_id)},
    )
    await tx.enqueue(
        "joins.gather_late",
        at=clock.now() + LATE,
        workspace_id=workspace_id,
        kept_id=kept_id,
        other_id=other_id,
    )
    return Joined(lead=lead, removed_id=other_id, moved=moved, called_off=called_off)


async def gather_late(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> None:
    """Have rows follow that were written while the two leads were being merged. A second run finds none."""
    kept_id = await leads.kept_id(tx, workspace_id=workspace_id, lead_id=kept_id)
    await _follow(tx, workspace_id=workspace_id, kept_id=kept_id, other_id=other_id)


async def _follow(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> None:
    """Move what points to a lead without a reference that the database watches over."""
    names = {"workspace_id": workspace_id, "kept_id": kept_id, "other_id": other_id}
    await ledger.follow_lead(tx, **names)
    await tracking.follow_lead(tx, **names)
    await leads.move_activity(tx, **names)


async def _call_off(tx: Tx, *, workspace_id: int, lead: Lead, twice: list[MessageToBoth]) -> int:
    """Call off one of two messages of a campaign, if one of them still waits; return how many it were."""
    done = 0
    for both in twice:
        for message_id in _superfluous(both, lead):
            try:
                await ledger.cancel_message(tx, workspace_id=workspace_id, message_id=message_id)
            except MessageOnItsWay:
                continue  # An engine has it in hand, and looks for the other before it sends.
            done += 1
            break
    return done


def _superfluous(both: MessageToBoth, lead: Lead) -> list[int]:
    """Return which of two messages may be called off, the better one to lose first.

    One that is out is not lost, and the other then is superfluous. Of two that wait, the one stays that goes
    to an address which the lead still has.
    """
    waiting = [
        (address in {lead.email, lead.phone}, mine, message_id)
        for message_id, state, address, mine in (
            (both.id, both.state, both.address, False),
            (both.kept_message_id, both.kept_state, both.kept_address, True),
        )
        if state in WAITING
    ]
    return [message_id for _, _, message_id in sorted(waiting)]

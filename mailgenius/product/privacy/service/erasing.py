"""Erasing a person: every area removes or blanks what it keeps; hashes hold the person back from then on.

All in one transaction, alone with the workspace's leads: an import that is writing a part is waited for, and
one that comes later meets the hashes.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from mailgenius.channels.contract import Channel
from mailgenius.engine.ledger import erasing as ledger
from mailgenius.engine.ledger.model import MessageState
from mailgenius.engine.suppression import erasing as held_back, service as suppression
from mailgenius.engine.tracking import service as tracking
from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import Page, checked_limit, decode_cursor, page_of
from mailgenius.product.exports import service as exports
from mailgenius.product.forms import service as forms
from mailgenius.product.imports import service as imports
from mailgenius.product.leads import service as leads
from mailgenius.product.privacy import queries
from mailgenius.product.privacy.errors import NotTypedBack
from mailgenius.product.privacy.model import Erasure, Known, Person, identities_of
from mailgenius.product.segments import service as segments
from mailgenius.product.workspaces import service as workspaces

NEWEST = 2**63 - 1
LOOK_AGAIN_AFTER = timedelta(hours=1)
"""An engine that had a message in hand has long settled it by then, with what the server said."""
WALKED_AT_ONCE = 20_000
ON_THEIR_WAY = frozenset({MessageState.QUEUED, MessageState.SENDING, MessageState.DEFERRED})


async def find(tx: Tx, *, workspace_id: int, person: Person) -> Known:
    """Return what a person is known by. There need be no lead: messages and forms know addresses as well.

    What a lead gave up when it was merged with another is of the same person.

    Raises:
        LeadNotFound: this workspace has no such lead.
        Invalid: an address or a number is none, or nothing was said.
    """
    try:
        said = identities_of(person, None)
    except ValueError as error:
        raise invalid("person", str(error)) from error
    alone = Known(lead=None, identities=said)
    lead_id = person.lead_id
    if lead_id is None and said:
        lead_id = await queries.lead_of_person(
            tx,
            workspace_id=workspace_id,
            email=next(iter(alone.emails), None),
            phone=next(iter(alone.phones), None),
            external_id=person.external_id or None,
        )
    if lead_id is None and not said:
        raise invalid("person", "name a lead, an e-mail, a phone or an external id")
    if lead_id is None:
        return alone
    lead = await leads.get(tx, workspace_id=workspace_id, lead_id=lead_id)
    given_up = await queries.given_up(tx, workspace_id=workspace_id, lead_id=lead.id)
    return Known(lead=lead, identities=tuple(dict.fromkeys([*identities_of(person, lead), *given_up])))


async def erase(
    tx: Tx, *, workspace_id: int, person: Person, typed: str, erased_by: int | None = None
) -> Erasure:
    """Remove everything about a person but keyed hashes of their identities. Not to be undone.

    Who is not known here is held back all the same. Counts and states of messages stay, without a name; what
    has not left is held back when its turn comes. Filters of acts and exports that hold the person are
    forgotten; segments are named, and left to people.

    Raises:
        LeadNotFound: this workspace has no such lead.
        NotTypedBack: `typed` is not the person's e-mail, or what else they are known by.
    """
    await held_back.hold_off_writers(tx, workspace_id=workspace_id)
    known = await find(tx, workspace_id=workspace_id, person=person)
    if typed.strip().lower() != known.name.lower():
        raise NotTypedBack(wanted=known.name)
    erasure_id = await queries.insert_erasure(tx, workspace_id=workspace_id, erased_by=erased_by)
    counts = await _remove(tx, workspace_id, known)
    segment_ids = await segments.naming(tx, workspace_id=workspace_id, patterns=known.patterns)
    await held_back.erase(tx, workspace_id=workspace_id, erasure_id=erasure_id, identities=known.identities)
    await tx.enqueue("privacy.walk_messages", workspace_id=workspace_id, erasure_id=erasure_id)
    await queries.finish_erasure(tx, workspace_id=workspace_id, erasure_id=erasure_id, counts=counts)
    details = counts | ({"segments": [str(each) for each in segment_ids]} if segment_ids else {})
    await audit.note(
        tx, workspace_id=workspace_id, action="person.erased", object_id=erasure_id, details=details
    )
    done = await queries.get_erasure(tx, workspace_id=workspace_id, erasure_id=erasure_id)
    return replace(done, segment_ids=tuple(segment_ids))


async def _remove(tx: Tx, workspace_id: int, known: Known) -> dict[str, int]:
    """Have every area remove what it keeps of a person; return how much there was, by kind."""
    addresses = [*known.emails, *known.phones]
    counts = await remove_leads(tx, workspace_id=workspace_id, lead_ids=known.lead_ids, addresses=addresses)
    counts["form_answers"] += await forms.forget_person(
        tx, workspace_id=workspace_id, emails=known.emails, phones=known.phones
    )
    counts["rejected_rows"] = await imports.forget_person(
        tx, workspace_id=workspace_id, patterns=known.patterns
    )
    counts["filters"] = await leads.forget_bulk_filters(
        tx, workspace_id=workspace_id, patterns=known.patterns
    ) + await exports.forget_filters(tx, workspace_id=workspace_id, patterns=known.patterns)
    for channel in Channel:
        await suppression.remove(tx, workspace_id=workspace_id, channel=channel, addresses=addresses)
    await workspaces.forget_answers_about(
        tx, workspace_id=workspace_id, texts=[each.value for each in known.identities]
    )
    return counts


async def remove_leads(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], addresses: Sequence[str]
) -> dict[str, int]:
    """Remove leads with their history, and make the messages to them nameless; return how much there was."""
    messages = await ledger.messages_of_person(
        tx, workspace_id=workspace_id, lead_ids=lead_ids, addresses=addresses
    )
    message_ids = [each.id for each in messages]
    events = await tracking.make_nameless(
        tx, workspace_id=workspace_id, message_ids=message_ids, lead_ids=lead_ids
    )
    await ledger.make_nameless(tx, workspace_id=workspace_id, message_ids=message_ids)
    if late := [each.id for each in messages if each.state in ON_THEIR_WAY]:
        await tx.enqueue(
            "privacy.look_again",
            at=clock.now() + LOOK_AGAIN_AFTER,
            workspace_id=workspace_id,
            message_ids=late,
        )
    answers = await forms.count_of_leads(tx, workspace_id=workspace_id, lead_ids=lead_ids)
    deleted = await leads.delete(tx, workspace_id=workspace_id, lead_ids=lead_ids) if lead_ids else 0
    return {"leads": deleted, "messages": len(messages), "events": events, "form_answers": answers}


async def make_late_ones_nameless(tx: Tx, *, workspace_id: int, message_ids: Sequence[int]) -> None:
    """Blank what engines wrote about messages after their person was erased. A second run finds it blank."""
    await ledger.make_nameless(tx, workspace_id=workspace_id, message_ids=message_ids)
    await tracking.make_nameless(tx, workspace_id=workspace_id, message_ids=message_ids, lead_ids=[])


async def walk_messages(tx: Tx, *, workspace_id: int, erasure_id: int, after_id: int) -> int | None:
    """Make messages of an erased person nameless that no index finds: their lead was deleted before.

    Looks at some messages from one on; returns the last one, None at the end. A second run changes nothing.
    """
    found = await queries.messages_of_erased(
        tx, workspace_id=workspace_id, erasure_id=erasure_id, after_id=after_id, limit=WALKED_AT_ONCE
    )
    if found.message_ids:
        await make_late_ones_nameless(tx, workspace_id=workspace_id, message_ids=found.message_ids)
    return found.last_id


async def list_erasures(
    tx: Tx, *, workspace_id: int, limit: int | None = None, cursor: str | None = None
) -> Page[Erasure]:
    """Return erasures, newest first."""
    size = checked_limit(limit)
    key = decode_cursor(cursor, tuple[int])
    rows = await queries.list_erasures(
        tx, workspace_id=workspace_id, before=key[0] if key else NEWEST, limit=size + 1
    )
    return page_of(rows, limit=size, key=lambda row: (row.id,))

"""Sending: each message is judged alone, the good ones are written together, one statement for each make."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from mailgenius.channels.contract import Channel
from mailgenius.engine.intake import service as intake, standing
from mailgenius.engine.intake.standing import Parcel
from mailgenius.engine.ledger.takings import Taken
from mailgenius.engine.suppression import erasing
from mailgenius.engine.suppression.model import Identity, IdentityKind
from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Problem
from mailgenius.product.messages import queries
from mailgenius.product.messages.errors import MessageNotSendable
from mailgenius.product.messages.model import FURTHEST, Made, Make, MessageInput, Sent
from mailgenius.product.messages.service.making import ADDRESS, made

_Found = dict[int, str | None]


async def send(tx: Tx, *, workspace_id: int, message: MessageInput) -> int:
    """Take one message in and return its id. It may leave as soon as the caller commits.

    Raises:
        MessageNotSendable: the problems say why.
    """
    (sent,) = await send_batch(tx, workspace_id=workspace_id, messages=[message])
    if sent.id is None:
        raise MessageNotSendable(problems=sent.problems)
    return sent.id


async def send_batch(tx: Tx, *, workspace_id: int, messages: Sequence[MessageInput]) -> list[Sent]:
    """Take messages in. One that cannot be sent costs itself only. The answer is in the order given."""
    sent: list[Sent | None] = [None] * len(messages)
    found = await _lead_addresses(tx, workspace_id=workspace_id, messages=messages)
    now = clock.now()
    # Messages of one make that leave at once, and those that wait, are two parcels.
    groups: dict[tuple[Make, bool], list[int]] = {}
    addresses: list[str] = []
    erased = await _erased(tx, workspace_id=workspace_id, messages=messages)
    for place, message in enumerate(messages):
        address, problem = _address(message, found, erased)
        if problem is None and message.send_at is not None and message.send_at - now > FURTHEST:
            problem = Problem("send_at", "must lie within a year")
        addresses.append(address)
        if problem is not None:
            sent[place] = Sent(problems=(problem,))
            continue
        groups.setdefault((message.make, _later(message, now)), []).append(place)
    parcels, places = [], []
    makes: dict[Make, Made | tuple[Problem, ...]] = {}
    for (make, later), group in groups.items():
        if make not in makes:
            makes[make] = await _judged(tx, workspace_id=workspace_id, make=make)
        judged = makes[make]
        if not isinstance(judged, Made):
            for place in group:
                sent[place] = Sent(problems=judged)
            continue
        items = [_taken(messages[place], addresses[place], later) for place in group]
        opening = partial(_open, tx, workspace_id, judged)
        parcels.append(Parcel(key=judged.key, items=items, open_order=opening))
        places.append(group)
    taken = await standing.take(tx, workspace_id=workspace_id, parcels=parcels) if parcels else []
    for group, ids in zip(places, taken, strict=True):
        for place, message_id in zip(group, ids, strict=True):
            sent[place] = Sent(id=message_id)
    return [each for each in sent if each is not None]


async def _erased(tx: Tx, *, workspace_id: int, messages: Sequence[MessageInput]) -> set[str]:
    """Return the addresses of people who were erased. No lead has one: it would not have been taken in."""
    given = {message.to.strip().lower() for message in messages if message.to}
    identities = [Identity(kind=IdentityKind.EMAIL, value=address) for address in sorted(given)]
    if not identities:
        return set()
    found = await erasing.erased(tx, workspace_id=workspace_id, identities=identities)
    return {each.value for each in found}


async def _open(tx: Tx, workspace_id: int, make: Made) -> int:
    return await intake.open_order(
        tx,
        workspace_id=workspace_id,
        source="api",
        source_id=None,
        channel=Channel(make.channel),
        priority=make.priority,
        connection_id=make.connection_id,
        content=make.content,
        policy=make.policy,
    )


async def _judged(tx: Tx, *, workspace_id: int, make: Make) -> Made | tuple[Problem, ...]:
    try:
        return await made(tx, workspace_id=workspace_id, make=make)
    except MessageNotSendable as error:
        return error.problems


async def _lead_addresses(
    tx: Tx, *, workspace_id: int, messages: Sequence[MessageInput]
) -> dict[str, _Found]:
    """Return the addresses of the leads that are written to, by channel and lead."""
    wanted: dict[str, set[int]] = {}
    for message in messages:
        if message.lead_id is not None:
            wanted.setdefault(message.make.channel, set()).add(message.lead_id)
    return {
        channel: await queries.lead_addresses(
            tx, workspace_id=workspace_id, channel=channel, lead_ids=sorted(lead_ids)
        )
        for channel, lead_ids in wanted.items()
    }


def _address(message: MessageInput, found: dict[str, _Found], erased: set[str]) -> tuple[str, Problem | None]:
    """Return where a message goes, or what is wrong with that."""
    if message.lead_id is not None:
        return _lead_address(message, message.lead_id, found[message.make.channel])
    address = message.to.strip().lower()
    if ADDRESS.fullmatch(address) is None:
        return "", Problem("to", "must be an e-mail address" if address else "is needed, or a lead_id")
    if address in erased:
        return "", Problem("to", "is of a person who asked to be erased")
    return address, None


def _lead_address(message: MessageInput, lead_id: int, found: _Found) -> tuple[str, Problem | None]:
    if message.to:
        return "", Problem("to", "give either an address or a lead")
    if lead_id not in found:
        return "", Problem("lead_id", "There is no such lead.")
    address = found[lead_id]
    return (
        (address, None) if address else ("", Problem("lead_id", "This lead has no address on the channel."))
    )


def _later(message: MessageInput, now: datetime) -> bool:
    return message.send_at is not None and message.send_at > now


def _taken(message: MessageInput, address: str, later: bool) -> Taken:  # noqa: FBT001  # Its caller knows already.
    return Taken(
        address=address,
        lead_id=message.lead_id,
        data=message.data,
        due_at=message.send_at if later else None,
    )

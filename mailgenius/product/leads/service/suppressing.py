"""The suppression list as people keep it: lines of addresses come in, a CSV file goes out.

A line is an e-mail address, a whole domain (`@example.com`), or a phone number. The gate before every
provider holds back what is on the list, whatever the status of a lead says.
"""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.formulas import GUARDED, guarded_csv
from mailgenius.product.leads import normalise
from mailgenius.product.leads.model import Rejected

HEADER = ("address", "channel", "reason", "detail", "since")
EXPORTED = ",".join(HEADER[:3])
"""How a file begins that went out here."""
LINES_AT_ONCE = 5_000
ROWS_AT_ONCE = 500
LONGEST_LINE = 64 << 10
"""Bytes of a line that are kept: its first cell is at the beginning, and a file may be one endless line."""
MOST_REFUSED = 100
"""How many refused lines of a file are told with their reason; the others are only counted."""
_Told = Callable[[str], tuple[Channel | None, SuppressionReason | None]]
"""What a line says beside its address: the only channel that is meant, and the reason."""
_GUARDED = re.compile(GUARDED)
_FIRST_CELL = re.compile(r"[,;\t]")
_HEADERS = {"address", "addresses", "email", "e-mail", "domain", "phone", "endereço", "domínio", "telefone"}


@dataclass(kw_only=True, slots=True)
class Listed:
    """What became of some lines."""

    lines: int = 0
    changed: int = 0
    """Entries that are new or have a stronger reason now; a phone number is one for each of its channels."""
    refused_lines: int = 0
    refused: list[Rejected] = field(default_factory=list)
    """By their place in the list, counted from 0; of a file, the first ones."""


async def suppress_listed(
    tx: Tx, *, workspace_id: int, lines: Sequence[str], reason: SuppressionReason, detail: str = ""
) -> Listed:
    """Put each line on the list. A line that is none costs only itself; one that is known changes nothing."""
    return await _suppress(
        tx, workspace_id=workspace_id, lines=lines, told=_nothing, reason=reason, detail=detail
    )


async def _suppress(
    tx: Tx,
    *,
    workspace_id: int,
    lines: Sequence[str],
    told: _Told,
    reason: SuppressionReason,
    detail: str,
) -> Listed:
    found = Listed()
    for (channel, own), addresses in _read(lines, found, told).items():
        found.changed += await suppression.add(
            tx,
            workspace_id=workspace_id,
            channel=channel,
            addresses=addresses,
            reason=own or reason,
            detail=detail,
        )
    await _note(tx, "suppression.added", workspace_id, found.changed, reason=reason, lines=found.lines)
    return found


async def suppress_file(
    db: Database,
    content: AsyncIterator[bytes],
    *,
    workspace_id: int,
    reason: SuppressionReason,
    detail: str = "",
) -> Listed:
    """Put the first cell of each line of a file on the list, some thousands in a transaction.

    A file that `suppressions_csv` wrote keeps its own reasons and channels: who unsubscribed may come back,
    who was blocked may not. A second run of the same file changes nothing, so one that broke off may simply
    come again.
    """
    whole = Listed()
    told: _Told = _nothing
    async for lines in _batches(content):
        if not whole.lines and lines[0].lower().startswith(EXPORTED):
            told = _as_exported
        async with db.tenant(workspace_id) as tx:
            part = await _suppress(
                tx, workspace_id=workspace_id, lines=lines, told=told, reason=reason, detail=detail
            )
        room = MOST_REFUSED - len(whole.refused)
        whole.refused += [Rejected(index=whole.lines + r.index, reason=r.reason) for r in part.refused[:room]]
        whole.lines += part.lines
        whole.changed += part.changed
        whole.refused_lines += part.refused_lines
    return whole


async def lift_listed(tx: Tx, *, workspace_id: int, lines: Sequence[str]) -> int:
    """Take each line off the list, and return how many entries went. The status of leads stays as it is."""
    lifted = sum(
        [
            await suppression.remove(tx, workspace_id=workspace_id, channel=channel, addresses=addresses)
            for (channel, _), addresses in _read(lines, Listed(), _nothing).items()
        ]
    )
    await _note(tx, "suppression.lifted", workspace_id, lifted)
    return lifted


async def suppressions_csv(db: Database, *, workspace_id: int) -> AsyncIterator[bytes]:
    """Yield the whole list as CSV, page by page. What comes out can go in again as it is."""
    yield guarded_csv([HEADER])
    cursor = None
    while True:
        async with db.tenant(workspace_id) as tx:
            page = await suppression.list_suppressions(
                tx, workspace_id=workspace_id, limit=ROWS_AT_ONCE, cursor=cursor
            )
        yield guarded_csv(
            (row.address, row.channel, row.reason, row.detail, row.created_at.isoformat())
            for row in page.items
        )
        cursor = page.next_cursor
        if cursor is None:
            return


async def _note(tx: Tx, action: str, workspace_id: int, count: int, **details: Any) -> None:
    """Note how many entries changed, and none of them by name: the list itself holds the addresses."""
    if not count:
        audit.unchanged(tx)
        return
    await audit.note(tx, workspace_id=workspace_id, action=action, details={"entries": count, **details})


def _read(
    lines: Sequence[str], found: Listed, told: _Told
) -> dict[tuple[Channel, SuppressionReason | None], list[str]]:
    """Sort what the lines name by channel and reason, and note in `found` what is wrong with the others."""
    sorted_out: dict[tuple[Channel, SuppressionReason | None], list[str]] = {}
    for index, line in enumerate(lines):
        found.lines += 1
        cell = _GUARDED.sub(r"\1", _FIRST_CELL.split(line, maxsplit=1)[0].strip().strip('"'))
        if not cell or cell.lower() in _HEADERS:
            continue
        try:
            channels, address = _entry(cell)
        except ValueError as error:
            found.refused_lines += 1
            found.refused.append(Rejected(index=index, reason=str(error)))
            continue
        only, reason = told(line)
        for channel in (only,) if only in channels else channels:
            sorted_out.setdefault((channel, reason), []).append(address)
    return sorted_out


def _nothing(_: str) -> tuple[Channel | None, SuppressionReason | None]:
    return None, None


def _as_exported(line: str) -> tuple[Channel | None, SuppressionReason | None]:
    """Return the channel and the reason of a line as they were exported; None for what is none."""
    _, channel, reason, *_ = [*(cell.strip().strip('"') for cell in line.split(",", 3)), "", "", ""]
    known = reason in set(SuppressionReason) - {SuppressionReason.ERASED}
    return (
        Channel(channel) if channel in set(Channel) else None,
        SuppressionReason(reason) if known else None,
    )


def _entry(text: str) -> tuple[tuple[Channel, ...], str]:
    """Return what a line names, in the form that is compared.

    Raises:
        ValueError: it names nothing; the message says so to a person.
    """
    if "@" in text[1:]:
        return (Channel.EMAIL,), normalise.email(text)
    if normalise.phone_digits(text):
        return (Channel.SMS, Channel.WHATSAPP), normalise.phone(text)
    try:
        return (Channel.EMAIL,), normalise.email("x@" + text.removeprefix("@"))[1:]
    except ValueError as error:
        shown = normalise.shown(text)
        raise ValueError(f"“{shown}” is not an e-mail address, a domain or a phone number") from error


async def _batches(content: AsyncIterator[bytes]) -> AsyncIterator[list[str]]:
    """Cut a file into lists of lines. Bytes that are not UTF-8 spoil their line and no other."""
    rest = b""
    lines: list[str] = []
    async for chunk in content:
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[:LONGEST_LINE]
        lines += [line.decode("utf-8-sig", "replace") for line in whole]
        while len(lines) >= LINES_AT_ONCE:
            yield lines[:LINES_AT_ONCE]
            lines = lines[LINES_AT_ONCE:]
    if rest:
        lines.append(rest.decode("utf-8-sig", "replace"))
    if lines:
        yield lines

"""`bench soak`: campaigns one after the other, while memory and the books of what was sent are watched."""

import time
from dataclasses import dataclass
from pathlib import Path

from mailgenius.cli.bench.rooms import Room, room
from mailgenius.cli.bench.sending import add_leads, send_campaign
from mailgenius.cli.output import say
from mailgenius.ops.bench_sink import BenchFailed, Sink, running_sink
from mailgenius.processes.roles import Role

MESSAGES = 5000
WARM_ROUNDS = 2
"""Rounds after which memory should no longer grow."""
MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Round:
    """One campaign."""

    rate: float
    memory_mib: int


@dataclass(frozen=True, kw_only=True)
class SoakResult:
    """What `bench soak` saw. Limit is the fastest round's rate, ratio the last round's over it."""

    rate: float
    limit: float
    ratio: float
    rounds: int
    messages: int
    memory_mib: int
    growth_mib: int
    """Memory of the engine and the jobs process at the end over that after the first rounds."""


async def bench_soak(seconds: int) -> SoakResult:
    """Send campaigns until the time is over.

    Raises:
        BenchFailed: a message is missing at the sink, or arrived twice.
    """
    rounds: list[Round] = []
    deadline = time.monotonic() + seconds
    async with room(Role.ENGINE, Role.JOBS) as here, running_sink(here.folder) as sink:
        await add_leads(here, MESSAGES)
        while time.monotonic() < deadline or not rounds:
            took = await send_campaign(here, sink, MESSAGES, name=f"Round {len(rounds) + 1}")
            rounds.append(Round(rate=MESSAGES / took, memory_mib=_memory(here)))
            _check_books(sink, len(rounds))
            say(f"round {len(rounds)}: {rounds[-1].rate:,.0f} messages/s, {rounds[-1].memory_mib} MiB")
    fastest = max(each.rate for each in rounds)
    return SoakResult(
        rate=round(sum(each.rate for each in rounds) / len(rounds)),
        limit=round(fastest),
        ratio=round(rounds[-1].rate / fastest, 3),
        rounds=len(rounds),
        messages=len(rounds) * MESSAGES,
        memory_mib=rounds[-1].memory_mib,
        growth_mib=rounds[-1].memory_mib - rounds[min(WARM_ROUNDS, len(rounds)) - 1].memory_mib,
    )


def _check_books(sink: Sink, number: int) -> None:
    """See that every message of the round is at the sink, once."""
    taken = sink.take()
    if len(taken) != MESSAGES or len(set(taken)) != MESSAGES:
        raise BenchFailed(
            detail=f"round {number}: {len(taken)} came, {len(set(taken))} different, of {MESSAGES}"
        )


def _memory(here: Room) -> int:
    """Return the resident memory of the room's processes in MiB."""
    kib = 0
    for pid in here.installation.supervisor.pids.values():
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        kib += int(status.partition("VmRSS:")[2].split()[0])
    return kib * 1024 // MIB

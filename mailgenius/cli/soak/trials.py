"""The table of the soak: each trial's number, what it shows, and what became of it."""

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from mailgenius.cli.soak import halting, killing, outages, posting, refusing, sharing, steering
from mailgenius.cli.soak.house import House, SoakStuck
from mailgenius.cli.soak.verdict import Verdict
from mailgenius.kit.errors import MailGeniusError


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One line of the table."""

    number: int
    fault: str
    condition: str
    run: Callable[[House], Awaitable[Verdict]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A trial that was run."""

    number: int
    fault: str
    figure: str
    condition: str
    passed: bool
    seconds: float

    @property
    def verdict(self) -> str:
        return "passed" if self.passed else "FAILED"


TRIALS = (
    Trial(
        number=1,
        fault="SIGKILL of a random one of two engines, again and again",
        condition="lost 0, twice 0; unknown <= window x kills; work resumes <= 30 s",
        run=killing.kill_preferring_no_duplicate,
    ),
    Trial(
        number=2,
        fault="the same for messages that prefer delivery",
        condition="lost 0; twice <= window x kills, each recorded as a repeat",
        run=killing.kill_preferring_delivery,
    ),
    Trial(
        number=3,
        fault="the database crashes, is away, and comes back",
        condition="lost 0, twice 0, nobody has to do anything",
        run=outages.crash_database,
    ),
    Trial(
        number=4,
        fault="the mail server hangs up at each phase",
        condition="before the final dot: lost 0, twice 0; after it: all unknown, none sent again",
        run=refusing.cut_at_each_phase,
    ),
    Trial(
        number=5,
        fault="the mail server refuses 10 % for good and 10 % for now",
        condition="books differ by 0; retries of a 5xx 0; waits within 20 % of the table",
        run=refusing.refuse_some,
    ),
    Trial(
        number=6,
        fault="four schedulers launch campaigns in the same second",
        condition="recipients exact, twice 0, every campaign finished",
        run=sharing.launch_from_four,
    ),
    Trial(
        number=7,
        fault="pause and resume, again and again, then cancel",
        condition="lost 0, twice 0; 2 s after the answer nothing leaves",
        run=steering.pause_and_resume,
    ),
    Trial(
        number=8,
        fault="rolling restarts by SIGTERM under load",
        condition="lost 0, twice 0, unknown 0, drain <= 30 s",
        run=killing.restart_in_turn,
    ),
    Trial(
        number=9,
        fault="people unsubscribe, bounce or complain during their campaign",
        condition="messages that leave later than 5 s after: 0",
        run=steering.leave_meanwhile,
    ),
    Trial(
        number=10,
        fault="poison messages among the others",
        condition="all others delivered; the poison parked with the reason after <= 5 attempts",
        run=refusing.poison,
    ),
    Trial(
        number=11,
        fault="one workspace queues very many, another sends a few that somebody waits for",
        condition="99 % of these leave within 5 s",
        run=sharing.wait_behind_many,
    ),
    Trial(
        number=12,
        fault="the clock jumps by five minutes both ways; leases of a dead engine",
        condition="nothing sent early, nothing stuck",
        run=outages.set_clock,
    ),
    Trial(
        number=13,
        fault="a provider by HTTP says 429 and loses answers, while engines are killed",
        condition="lost 0, twice 0; lost answers unknown, or sent again where keys are known; 429 kept",
        run=posting.post,
    ),
    Trial(
        number=14,
        fault="a campaign meets many dead addresses",
        condition="paused within 500 further messages; goes on when resumed; lost 0, twice 0",
        run=halting.meet_dead_addresses,
    ),
)


async def run_trials(house: House, only: Collection[int]) -> list[Row]:
    """Run the trials with these numbers, or all, one after the other."""
    rows = []
    for trial in TRIALS:
        if only and trial.number not in only:
            continue
        house.say(f"{trial.number}. {trial.fault}")
        started = time.monotonic()
        try:
            verdict = await trial.run(house)
        except (SoakStuck, MailGeniusError) as error:
            verdict = Verdict(figure=error.message, passed=False)
        row = Row(
            number=trial.number,
            fault=trial.fault,
            figure=verdict.figure,
            condition=trial.condition,
            passed=verdict.passed,
            seconds=round(time.monotonic() - started, 1),
        )
        house.say(f"   {row.verdict} in {row.seconds:.0f} s: {row.figure}")
        rows.append(row)
    return rows

"""The command `mailgenius soak`."""

import asyncio
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from mailgenius.cli.exits import Exit
from mailgenius.cli.output import AsJson, print_json, say
from mailgenius.cli.soak.house import house
from mailgenius.cli.soak.trials import TRIALS, Row, run_trials
from mailgenius.kit.config import load_settings
from mailgenius.kit.errors import invalid
from mailgenius.processes.supervisor import stopping_on_signals


def soak(
    only: Annotated[str, typer.Option(help="Numbers of the trials to run, such as 1,4,5.")] = "",
    scale: Annotated[
        float, typer.Option(min=0.0001, max=1.0, help="How large: 1 is the promised size, 0.1 a tenth.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Play faults on a throw-away installation and count what arrives. Fails when a promise is broken."""
    rows = uvloop.run(_soak(_numbers(only), scale))
    if as_json:
        print_json({"scale": scale, "passed": all(row.passed for row in rows), "trials": rows})
    else:
        _print(rows)
    if not all(row.passed for row in rows):
        raise typer.Exit(Exit.DEFECT)


async def _soak(only: set[int], scale: float) -> list[Row]:
    playing = asyncio.ensure_future(_play(only, scale))
    with stopping_on_signals(playing.cancel):
        try:
            return await playing
        except asyncio.CancelledError:
            raise typer.Exit(Exit.DEFECT) from None


async def _play(only: set[int], scale: float) -> list[Row]:
    async with house(home=load_settings().home, scale=scale, say=say) as made:
        return await run_trials(made, only)


def _numbers(only: str) -> set[int]:
    known = {str(trial.number) for trial in TRIALS}
    wanted = {word.strip() for word in only.split(",") if word.strip()}
    if unknown := sorted(wanted - known):
        raise invalid("only", f"must be numbers from 1 to {len(TRIALS)}, not {', '.join(unknown)}")
    return {int(word) for word in wanted}


def _print(rows: list[Row]) -> None:
    table = Table(
        "#", "test", "figure", "pass condition", "verdict", "s", header_style="bold", show_lines=True
    )
    for row in rows:
        table.add_row(
            str(row.number), row.fault, row.figure, row.condition, row.verdict, f"{row.seconds:.0f}"
        )
    Console(highlight=False).print(table)

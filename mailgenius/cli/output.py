"""What a command prints: words and tables for people, one last line of JSON for programs, progress bars."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mailgenius.kit.errors import MailGeniusError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]

_people = Console(highlight=False)
_unbounded = Console(highlight=False, width=10_000)
"""What is not a terminal: a row is a line there, for `grep` and its kin."""
_beside = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Tell a person something. Goes to stderr, so that stdout holds results alone."""
    _beside.print(text, markup=False, soft_wrap=True)


def show(result: object, text: str, *, as_json: bool) -> None:
    """Print the result of a command: its JSON, or the words for a person."""
    if as_json:
        print_json(result)
    else:
        _people.print(text, markup=False, soft_wrap=True)


def show_rows(rows: Sequence[object], columns: Mapping[str, str], *, as_json: bool) -> None:
    """Print a list: `{"items": […]}`, or a table of some fields.

    Args:
        rows: dataclasses.
        columns: heading by field name.
        as_json: whether a program reads.
    """
    if as_json:
        print_json({"items": rows})
        return
    if not rows:
        _people.print("Nothing here yet.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, heading in columns.items():
        # An id is typed into the next command: whatever else has to give way, it stays whole.
        table.add_column(heading, no_wrap=name == "id" or name.endswith("_id"))
    for row in rows:
        table.add_row(*(_cell(getattr(row, name)) for name in columns))
    (_people if _people.is_terminal else _unbounded).print(table)


def show_fields(result: object, fields: Mapping[str, object], *, as_json: bool) -> None:
    """Print one thing: its JSON, or a column of labels and values."""
    if as_json:
        print_json(result)
        return
    width = max(map(len, fields), default=0)
    for label, value in fields.items():
        _people.print(f"{label:<{width}}  {_cell(value)}", markup=False, soft_wrap=True)


def print_json(value: object) -> None:
    print(
        json.dumps(json_ready(msgspec.to_builtins(value)), ensure_ascii=False, separators=(",", ":")),
        flush=True,
    )


def print_error(error: MailGeniusError, *, as_json: bool) -> None:
    """Say what is wrong, and where."""
    problems = [{"field": problem.field, "message": problem.message} for problem in error.problems]
    if as_json:
        print_json({"error": {"kind": error.kind, "message": error.message, "problems": problems}})
    _beside.print(f"Error: {error.message}", style="red", markup=False, soft_wrap=True)
    for problem in error.problems:
        _beside.print(f"  {problem.field}: {problem.message}", markup=False, soft_wrap=True)


def json_ready(value: Any, key: str = "") -> Any:
    """Write ids as texts, as the JSON API does: JavaScript cannot hold 64-bit numbers."""
    if isinstance(value, dict):
        return {name: json_ready(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [json_ready(item, key.removesuffix("s")) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and (key == "id" or key.endswith("_id")):
        return str(value)
    return value


@contextmanager
def progress(label: str) -> Iterator["Bar"]:
    """Show a bar on stderr while the block runs, when a person watches; otherwise stay silent."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=_beside, transient=True, disable=not _beside.is_terminal,
    )  # fmt: skip
    with bar:
        yield Bar(bar, label)


class Bar:
    """One line of progress."""

    def __init__(self, bar: Progress, label: str) -> None:
        self._bar = bar
        self._task = bar.add_task(label, total=None)

    def at(self, done: int, total: int | None) -> None:
        self._bar.update(self._task, completed=done, total=total)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return ", ".join(map(str, value))
    return str(value)

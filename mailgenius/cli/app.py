"""The root command and its entry: gathers the groups, and turns errors into words and exit codes."""

import logging
import sys
from typing import Annotated

import typer

from mailgenius import __version__
from mailgenius.cli import (
    api_keys,
    campaigns,
    connections,
    installation,
    leads,
    outbox,
    templates,
    users,
    workspaces,
)
from mailgenius.cli.bench import command as bench
from mailgenius.cli.demo.command import demo
from mailgenius.cli.exits import exit_of
from mailgenius.cli.output import print_error
from mailgenius.kit import logs
from mailgenius.kit.errors import MailGeniusError

app = typer.Typer(
    name="mailgenius",
    help="Self-hosted, multi-channel sending at high volume: no message lost, none sent twice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(installation.run)
app.command("demo")(demo)
app.command("migrate")(installation.migrate)
app.command("doctor")(installation.doctor)
app.add_typer(workspaces.app, name="workspace")
app.add_typer(users.app, name="user")
app.add_typer(api_keys.app, name="apikey")
app.add_typer(connections.app, name="connection")
app.add_typer(templates.app, name="template")
app.add_typer(leads.app, name="leads")
app.add_typer(campaigns.app, name="campaign")
app.add_typer(outbox.app, name="outbox")
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"mailgenius {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Run with a command; every command explains itself with --help."""


def main() -> None:
    """Run the command line. Expected errors become words and an exit code; defects keep their traceback."""
    logs.configure(level=logging.WARNING)
    try:
        app()
    except MailGeniusError as error:
        print_error(error, as_json="--json" in sys.argv)
        sys.exit(exit_of(error))

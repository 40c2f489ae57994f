"""The root command and its entry: what commands there are, and errors turned into words and exit codes.

A command loads its own part of the product when it is asked for, and nothing of the others: that is most of
the time that a short command takes.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated

import typer

from mailgenius import __version__
from mailgenius.cli.exits import exit_of
from mailgenius.cli.output import print_error
from mailgenius.kit import logs
from mailgenius.kit.errors import MailGeniusError


@dataclass(frozen=True, slots=True)
class Entry:
    """A command or a group of commands: its word, where it is, and its line in the list."""

    name: str
    source: str
    """`module:attribute`: a function, or the Typer of a group."""
    help: str

    def load(self) -> object:
        module, _, attribute = self.source.partition(":")
        return getattr(import_module(f"mailgenius.cli.{module}"), attribute)


ENTRIES = (
    Entry(
        "run",
        "installation:run",
        "Run the installation, or some of its roles, until Ctrl-C or SIGTERM.",
    ),
    Entry(
        "demo",
        "demo.command:demo",
        "Start with 10,000 sample leads and a campaign sent through the sandbox:"
        " nothing leaves this machine.",
    ),
    Entry("migrate", "installation:migrate", "Bring the database to this release. `run` does it by itself."),
    Entry("doctor", "installation:doctor", "Examine the installation and say how to mend what is wrong."),
    Entry("status", "status:status", "Say how the sending goes at this moment, over all workspaces."),
    Entry("workspace", "workspaces:app", "Workspaces: the tenants of this installation."),
    Entry("user", "users:app", "People who can sign in."),
    Entry("apikey", "api_keys:app", "Keys for the JSON API."),
    Entry(
        "connection", "connections:app", "Connections: accounts at providers, which messages leave through."
    ),
    Entry("domain", "sender_domains:app", "Sender domains: their DNS records and DKIM keys."),
    Entry("topic", "topics:app", "Topics: what a workspace writes about."),
    Entry("template", "templates:app", "Templates: what messages say."),
    Entry("leads", "leads:app", "Leads: the people that messages go to."),
    Entry("segment", "segments:app", "Segments: saved conditions on leads."),
    Entry("campaign", "campaigns:app", "Campaigns: one message to many."),
    Entry("message", "messages:app", "Messages: single ones, to one person each."),
    Entry(
        "dead-letters",
        "dead_letters:app",
        "Messages that ended without success: explained, replayed, discarded.",
    ),
    Entry("audit", "audit:audit_log", "Say who did what, when and from where."),
    Entry("outbox", "outbox:app", "The sandbox's outbox: messages that never left this machine."),
    Entry(
        "bench", "bench.command:app", "How fast this machine is, beside its own limit. Leaves nothing behind."
    ),
    Entry(
        "soak",
        "soak.command:soak",
        "Play faults on a throw-away installation and count what arrives. Fails when a promise is broken.",
    ),
)
"""In the order of the list. A test compares the lines with what the commands say of themselves."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"mailgenius {__version__}")
        raise typer.Exit


def root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Run with a command; every command explains itself with --help."""


def build_app(loaded: Sequence[Entry] = ENTRIES) -> typer.Typer:
    """Build the command line with these commands; the others are only listed."""
    app = typer.Typer(
        name="mailgenius",
        help="Self-hosted, multi-channel sending at high volume: no message lost, none sent twice.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(root)
    for entry in ENTRIES:
        found = entry.load() if entry in loaded else _only_listed
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=entry.name)
        elif callable(found):
            app.command(entry.name, help=entry.help if found is _only_listed else None)(found)
    return app


def _only_listed() -> None:
    raise AssertionError("A command that is called must have been loaded.")


def main() -> None:
    """Run the command line. Expected errors become words and an exit code; defects keep their traceback."""
    logs.configure(level="warning")
    # No option of the root takes a value, so the first word that is not one names the command.
    word = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    app = build_app([entry for entry in ENTRIES if entry.name == word])
    try:
        app()
    except MailGeniusError as error:
        print_error(error, as_json="--json" in sys.argv)
        sys.exit(exit_of(error))

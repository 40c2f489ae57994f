"""The commands `mailgenius outbox …`: what the sandbox has received."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mailgenius.channels.sandbox.outbox import Outbox, OutboxEntry, OutboxMessage
from mailgenius.cli.output import AsJson, print_json, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.errors import NotFound
from mailgenius.kit.services import Services

app = typer.Typer(help="The sandbox's outbox: messages that never left this machine.", no_args_is_help=True)


class NotInOutbox(NotFound):
    """There is no such message in the outbox."""


@app.command("list")
def list_messages(
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
    recipient: Annotated[str, typer.Option(help="Part of the recipient's address.")] = "",
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """List the messages that the sandbox received, newest first."""

    async def work(services: Services) -> Sequence[OutboxEntry]:
        workspace_id = await workspace_id_of(services, workspace)
        return Outbox(services.settings.home).list(workspace_id, recipient_contains=recipient, limit=limit)

    columns = {"message_id": "Id", "recipient": "To", "subject": "Subject", "received_at": "Received"}
    show_rows(run(work), columns, as_json=as_json)


@app.command("show")
def show_message(
    message_id: Annotated[
        int, typer.Argument(metavar="ID", help="Id of the message, as `outbox list` shows it.")
    ],
    raw: Annotated[bool, typer.Option("--raw", help="Print the message as it was handed over.")] = False,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Show one message of the sandbox: its headers and its text."""

    async def work(services: Services) -> OutboxMessage:
        workspace_id = await workspace_id_of(services, workspace)
        message = Outbox(services.settings.home).get(workspace_id, message_id)
        if message is None:
            raise NotInOutbox
        return message

    message = run(work)
    if as_json:
        shown = {
            "entry": message.entry,
            "headers": message.headers,
            "text": message.text,
            "html": message.html,
        }
        print_json(shown)
    elif raw:
        print(message.raw.decode("utf-8", "replace"))
    else:
        print("\n".join(f"{name}: {value}" for name, value in message.headers))
        print(f"\n{message.text}")

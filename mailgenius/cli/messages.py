"""The commands `mailgenius message …`."""

import json
from datetime import datetime
from typing import Annotated

import typer

from mailgenius.cli.output import AsJson, show, show_fields, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.engine.ledger.model import MessageRow, MessageState
from mailgenius.engine.ledger.takings import Attempt, MessageDetail
from mailgenius.kit.audit import service as audit
from mailgenius.kit.errors import invalid
from mailgenius.kit.services import Services
from mailgenius.product.messages import service as messages
from mailgenius.product.messages.model import (
    CAMPAIGN_PRIORITY,
    TRANSACTIONAL_PRIORITY,
    Make,
    MessageInput,
    Words,
)

app = typer.Typer(help="Messages: single ones, to one person each.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="Id of the message.")]


@app.command("send")
def send(
    to: Annotated[str, typer.Argument(help="An address; empty with --lead.")] = "",
    lead: Annotated[int | None, typer.Option(help="Id of the lead to write to.")] = None,
    template: Annotated[int | None, typer.Option(help="Id of the template.")] = None,
    subject: Annotated[str, typer.Option(help="Instead of a template, with --text or --html.")] = "",
    text: Annotated[str, typer.Option(help="The message as plain text.")] = "",
    html: Annotated[str, typer.Option(help="The message as HTML.")] = "",
    sender: Annotated[str, typer.Option(help="The workspace's own sender when absent.")] = "",
    connection: Annotated[int | None, typer.Option(help="Id of the connection; else one is chosen.")] = None,
    data: Annotated[str, typer.Option(help='What templates see as data: {"code": "17"}.')] = "",
    at: Annotated[
        datetime | None, typer.Option(help="Not before this moment, in this machine's time.")
    ] = None,
    campaign_priority: Annotated[
        bool, typer.Option("--campaign-priority", help="Behind transactional messages.")
    ] = False,
    transactional: Annotated[
        bool, typer.Option("--transactional", help="Also to people who unsubscribed.")
    ] = False,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Send one message. It is stored for good when the command ends."""
    words = Words(subject=subject, html=html, text=text) if subject or html or text else None
    message = MessageInput(
        make=Make(
            template_id=template,
            words=words,
            sender_email=sender,
            connection_id=connection,
            priority=CAMPAIGN_PRIORITY if campaign_priority else TRANSACTIONAL_PRIORITY,
            transactional=transactional,
        ),
        to=to,
        lead_id=lead,
        data=_object(data),
        send_at=None if at is None else at.astimezone(),
    )

    async def work(services: Services) -> int:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            sent = await messages.send(tx, workspace_id=workspace_id, message=message)
            await audit.note(tx, workspace_id=workspace_id, action="message.sent", object_id=sent)
            return sent

    message_id = run(work)
    show({"id": message_id}, f"Message {message_id} is on its way", as_json=as_json)


@app.command("show")
def show_message(message_id: Id, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Show a message and what happened at each attempt."""

    async def work(services: Services) -> tuple[MessageDetail, list[Attempt]]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            found = await messages.get(tx, workspace_id=workspace_id, message_id=message_id)
            return found, await messages.attempts(tx, workspace_id=workspace_id, message=found)

    found, attempts = run(work)
    names = ("id", "state", "address", "lead_id", "source", "subject", "due_at", "error", "updated_at")
    shown = {name: getattr(found, name) for name in names}
    show_fields({"message": found, "attempts": attempts}, shown, as_json=as_json)
    if attempts and not as_json:
        show_rows(
            attempts,
            {"number": "Attempt", "at": "At", "outcome": "Outcome", "code": "Code", "reason": "Reason"},
            as_json=False,
        )


@app.command("list")
def list_messages(
    state: Annotated[MessageState | None, typer.Option(help="Only messages in this state.")] = None,
    lead: Annotated[int | None, typer.Option(help="Only messages to this lead.")] = None,
    address: Annotated[str, typer.Option(help="Only messages to this address that is no lead's.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """List messages, newest first, those of campaigns too."""

    async def work(services: Services) -> list[MessageRow]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            page = await messages.list_messages(
                tx,
                workspace_id=workspace_id,
                state=state,
                lead_id=lead,
                address=address or None,
                limit=limit,
            )
        return list(page.items)

    columns = {"id": "Id", "address": "To", "state": "State", "attempts": "Attempts", "updated_at": "Changed"}
    show_rows(run(work), columns, as_json=as_json)


@app.command("cancel")
def cancel(message_id: Id, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Call off a message that has not left."""

    async def work(services: Services) -> None:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            await messages.cancel(tx, workspace_id=workspace_id, message_id=message_id)

    run(work)
    show({"id": message_id}, f"Message {message_id} is called off", as_json=as_json)


def _object(text: str) -> dict[str, object] | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise invalid("--data", f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid("--data", "must be a JSON object")
    return value

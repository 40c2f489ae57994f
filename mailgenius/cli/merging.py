"""The command `mailgenius leads merge …`: one lead goes into another, for good."""

from typing import Annotated

import typer

from mailgenius.cli.output import AsJson, show_fields
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.services import Services
from mailgenius.product.joins import service as joins
from mailgenius.product.joins.model import Joined
from mailgenius.product.leads.joining import Side


def merge(
    kept: Annotated[int, typer.Argument(help="Id of the lead that stays.")],
    other: Annotated[int, typer.Argument(help="Id of the lead that goes into it.")],
    take: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROPERTY",
            help="Of what both have, take the other's: email, phone, external_id, name, fields.city."
            " Repeat it.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Merge a lead and all that is known of it into another. It cannot be undone.

    Tags are united, the stricter status stays, and nobody who left is written to again.
    """
    if not yes:
        typer.confirm(f"Merge lead {other} into lead {kept}? This cannot be undone.", abort=True)
    choices = dict.fromkeys(take or (), Side.OTHER)

    async def work(services: Services) -> Joined:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await joins.join(
                tx, workspace_id=workspace_id, kept_id=kept, other_id=other, choices=choices
            )

    done = run(work)
    lead = done.lead
    shown = {
        "id": lead.id,
        "removed_id": done.removed_id,
        "email": lead.email,
        "phone": lead.phone,
        "external_id": lead.external_id,
        "name": lead.name,
        "status": lead.status,
        "messages_moved": done.moved.messages,
        "events_moved": done.moved.events,
        "called_off": done.called_off,
    }
    show_fields(shown, shown, as_json=as_json)

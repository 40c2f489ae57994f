"""What a person may ask for, on the command line: `leads personal-data` and `leads erase`."""

from pathlib import Path
from typing import Annotated

import typer

from mailgenius.cli.output import AsJson, show_fields
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.services import Services
from mailgenius.product.privacy import service as privacy
from mailgenius.product.privacy.model import Erasure, Person

Email = Annotated[str, typer.Argument(help="The person's e-mail.")]


def personal_data(
    email: Email,
    out: Annotated[Path, typer.Option(help="Where the archive goes.")] = Path("person.zip"),
    workspace: WorkspaceName = "",
) -> None:
    """Write everything about a person into an archive: for who asks what is known of them."""

    async def work(services: Services) -> bytes:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return privacy.as_zip(
                await privacy.everything_about(tx, workspace_id=workspace_id, person=Person(email=email))
            )

    out.write_bytes(run(work))


def erase(
    email: Email,
    confirm: Annotated[
        str, typer.Option(prompt="Type the e-mail again to erase for good", help="The e-mail again.")
    ],
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Erase a person: everything about them goes, and nothing takes them in again. Not to be undone."""

    async def work(services: Services) -> Erasure:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await privacy.erase(
                tx, workspace_id=workspace_id, person=Person(email=email), typed=confirm
            )

    done = run(work)
    shown = {"erasure": done.id, **done.counts, "segments": [str(each) for each in done.segment_ids]}
    show_fields(shown, shown, as_json=as_json)

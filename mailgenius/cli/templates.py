"""The commands `mailgenius template …`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mailgenius.cli.output import AsJson, show, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.services import Services
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import Syntax, Template, TemplateInput

app = typer.Typer(help="Templates: what messages say.", no_args_is_help=True)

SourceFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="The body: a file ending in .html or .mjml.")
]
MANY = 500


@app.command("create")
def create(
    file: SourceFile,
    subject: Annotated[str, typer.Option(help="Subject line; may hold merge fields.")],
    name: Annotated[str, typer.Option(help="Its name; the file's when left out.")] = "",
    preheader: Annotated[str, typer.Option(help="The line that inboxes show after the subject.")] = "",
    text: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="File of the plain text part; derived when left out."),
    ] = None,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Create a template from a file."""
    template = TemplateInput(
        name=name or file.stem,
        subject=subject,
        preheader=preheader,
        syntax=Syntax.MJML if file.suffix.lower() == ".mjml" else Syntax.HTML,
        source=file.read_text(encoding="utf-8"),
        text=text.read_text(encoding="utf-8") if text else "",
    )

    async def work(services: Services) -> Template:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await templates.create(tx, workspace_id=workspace_id, template=template)

    made = run(work)
    show(made, f"Template {made.id} ({made.name}) created.", as_json=as_json)


@app.command("list")
def list_all(workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """List the templates of a workspace, newest first."""

    async def work(services: Services) -> Sequence[Template]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return (await templates.list_templates(tx, workspace_id=workspace_id, limit=MANY)).items

    columns = {"id": "Id", "name": "Name", "subject": "Subject", "syntax": "Syntax", "updated_at": "Changed"}
    show_rows(run(work), columns, as_json=as_json)

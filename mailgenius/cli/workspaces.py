"""The commands `mailgenius workspace …`."""

import typer

from mailgenius.cli.output import AsJson, show, show_rows
from mailgenius.cli.session import run
from mailgenius.kit.services import Services
from mailgenius.processes.start import FIRST_OWNER_EMAIL
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import UserNotFound
from mailgenius.product.workspaces.model import Workspace

app = typer.Typer(help="Workspaces: the tenants of this installation.", no_args_is_help=True)


@app.command("create")
def create(
    name: str = typer.Argument(help="Its name, unique in this installation."),
    owner: str = typer.Option("", help="E-mail address of its owner; the installation's when left out."),
    timezone: str = typer.Option("America/Sao_Paulo", help="Time zone of its people."),
    locale: str = typer.Option("en", help="Language of new members' screens: en or pt_BR."),
    as_json: AsJson = False,
) -> None:
    """Create a workspace."""

    async def work(services: Services) -> Workspace:
        async with services.db.trusted() as tx:
            user = await workspaces.find_user(tx, email=owner or FIRST_OWNER_EMAIL)
            if owner and user is None:
                raise UserNotFound
            return await workspaces.create_workspace(
                tx, name=name, owner_user_id=user.id if user else None, timezone=timezone, locale=locale
            )

    made = run(work)
    show(made, f"Workspace {made.name} created.", as_json=as_json)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the workspaces."""

    async def work(services: Services) -> list[Workspace]:
        async with services.db.trusted() as tx:
            return await workspaces.list_workspaces(tx)

    columns = {"id": "Id", "name": "Name", "timezone": "Time zone", "created_at": "Created"}
    show_rows(run(work), columns, as_json=as_json)

"""The commands `mailgenius apikey …`."""

import typer

from mailgenius.cli.output import AsJson, show, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_named
from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import ALL_SCOPES, ApiKey, NewApiKey

app = typer.Typer(help="Keys for the JSON API.", no_args_is_help=True)


@app.command("create")
def create(
    name: str = typer.Option("command line", help="What the key is for."),
    scope: list[str] = typer.Option(
        [ALL_SCOPES], help="What it may do, such as leads:write; may be repeated."
    ),
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Create a key. It is shown once."""

    async def work(services: Services) -> NewApiKey:
        async with services.db.trusted() as tx:
            found = await workspace_named(tx, workspace)
            return await workspaces.create_api_key(
                tx, workspace_id=found.id, name=name, scopes=scope, created_by=None
            )

    made = run(work)
    result = {
        "key": made.key,
        "id": made.api_key.id,
        "name": made.api_key.name,
        "scopes": made.api_key.scopes,
    }
    show(result, made.key, as_json=as_json)


@app.command("list")
def list_keys(workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """List the keys of a workspace, without their secret part."""

    async def work(services: Services) -> list[ApiKey]:
        async with services.db.trusted() as tx:
            found = await workspace_named(tx, workspace)
            return await workspaces.list_api_keys(tx, workspace_id=found.id)

    columns = {"id": "Id", "name": "Name", "prefix": "Begins", "scopes": "Scopes", "last_used_at": "Used"}
    show_rows(run(work), columns | {"revoked_at": "Revoked"}, as_json=as_json)


@app.command("revoke")
def revoke(
    api_key_id: int = typer.Argument(metavar="ID", help="Id of the key, as `apikey list` shows it."),
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on."""

    async def work(services: Services) -> ApiKey:
        async with services.db.trusted() as tx:
            found = await workspace_named(tx, workspace)
            return await workspaces.revoke_api_key(tx, workspace_id=found.id, api_key_id=api_key_id)

    revoked = run(work)
    show(revoked, f"Key {revoked.name} is refused from now on.", as_json=as_json)

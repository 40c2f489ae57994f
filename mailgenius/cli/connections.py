"""The commands `mailgenius connection …`."""

from typing import Annotated

import typer

from mailgenius.channels.contract import Channel
from mailgenius.cli.output import AsJson, show, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Connection, Limits
from mailgenius.kit.errors import invalid
from mailgenius.kit.services import Services

app = typer.Typer(
    help="Connections: accounts at providers, which messages leave through.", no_args_is_help=True
)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Its name, unique in the workspace.")],
    provider: Annotated[
        str, typer.Option(help="smtp, http, or sandbox: a local outbox that nothing leaves.")
    ] = "smtp",
    channel: Annotated[Channel, typer.Option(help="How its messages travel.")] = Channel.EMAIL,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting, such as host=mail.example.com; repeat it."
        ),
    ] = None,
    per_second: Annotated[int | None, typer.Option(min=1, help="Messages a second at most.")] = None,
    per_day: Annotated[
        int | None, typer.Option(min=1, help="Messages a day at most, counted in UTC.")
    ] = None,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Create a connection. Nothing is sent and nothing is tried."""
    settings = _settings(setting or [])

    async def work(services: Services) -> Connection:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await connections.create(
                tx,
                workspace_id=workspace_id,
                name=name,
                channel=channel,
                provider=provider,
                settings=settings,
                limits=Limits(per_second=per_second, per_day=per_day),
                keys=services.keys,
            )

    made = run(work)
    show(made, f"Connection {made.id} ({made.name}) created.", as_json=as_json)


@app.command("list")
def list_all(workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """List the connections of a workspace."""

    async def work(services: Services) -> list[Connection]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await connections.list_connections(tx, workspace_id=workspace_id)

    columns = {
        "id": "Id",
        "name": "Name",
        "provider": "Provider",
        "per_second": "Per second",
        "per_day": "Per day",
    }
    show_rows(run(work), columns | {"last_error": "Trouble"}, as_json=as_json)


def _settings(pairs: list[str]) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise invalid("--set", f"{pair}: write it as KEY=VALUE")
        settings[key.strip()] = value
    return settings

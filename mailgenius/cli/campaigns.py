"""The commands `mailgenius campaign …`."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from mailgenius.cli.campaign_spec import CampaignSpec, create_campaign, read_spec
from mailgenius.cli.output import AsJson, progress, show, show_fields, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.services import Services
from mailgenius.processes.roles import Child
from mailgenius.processes.standing_in import standing_in
from mailgenius.product.analytics import service as analytics
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignState

app = typer.Typer(help="Campaigns: one message to many.", no_args_is_help=True)

CampaignId = Annotated[
    int, typer.Argument(metavar="ID", help="Id of the campaign, as `campaign list` shows it.")
]
ENDED = {CampaignState.FINISHED, CampaignState.CANCELLED}
LOOK_EVERY_S = 0.25
MANY = 500
Steer = Callable[..., Awaitable[Campaign]]


@app.command("launch")
def launch(
    spec: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON file that describes the campaign.")
    ],
    wait: Annotated[
        bool, typer.Option("--wait", help="Stay until every message has reached an end.")
    ] = False,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Create a campaign from a file and launch it.

    With --wait and no running installation, this command sends the messages itself.
    """
    described = read_spec(spec)

    async def work(services: Services) -> dict[str, object]:
        workspace_id = await workspace_id_of(services, workspace)
        campaign = await _launch(services, workspace_id, described)
        if not wait:
            return {"id": campaign.id, "name": campaign.name, "state": campaign.state}
        started = time.monotonic()
        async with standing_in(services, Child.JOBS, Child.ENGINE):
            await _until_ended(services, workspace_id, campaign.id)
        took = time.monotonic() - started
        return await _report(services, workspace_id, campaign.id) | {"seconds": round(took, 2)}

    result = run(work)
    show_fields(result, result, as_json=as_json)


@app.command("show")
def show_campaign(campaign_id: CampaignId, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Show a campaign with its results so far."""

    async def work(services: Services) -> dict[str, object]:
        return await _report(services, await workspace_id_of(services, workspace), campaign_id)

    result = run(work)
    show_fields(result, result, as_json=as_json)


@app.command("list")
def list_all(workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """List the campaigns of a workspace, newest first."""

    async def work(services: Services) -> Sequence[Campaign]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return (await campaigns.list_campaigns(tx, workspace_id=workspace_id, limit=MANY)).items

    columns = {
        "id": "Id",
        "name": "Name",
        "state": "State",
        "frozen_count": "Recipients",
        "launched_at": "Launched",
    }
    show_rows(run(work), columns, as_json=as_json)


@app.command("pause")
def pause(campaign_id: CampaignId, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Stop a campaign from sending, until it is resumed."""
    _steer(campaigns.pause, campaign_id, workspace, as_json=as_json)


@app.command("resume")
def resume(campaign_id: CampaignId, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Let a paused campaign go on."""
    _steer(campaigns.resume, campaign_id, workspace, as_json=as_json)


@app.command("cancel")
def cancel(campaign_id: CampaignId, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Stop a campaign for good. What has left stays sent."""
    _steer(campaigns.cancel, campaign_id, workspace, as_json=as_json)


def _steer(act: Steer, campaign_id: int, workspace: str, *, as_json: bool) -> None:
    async def work(services: Services) -> Campaign:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await act(tx, workspace_id=workspace_id, campaign_id=campaign_id)

    campaign = run(work)
    show(campaign, f"{campaign.name} is {campaign.state}.", as_json=as_json)


async def _launch(services: Services, workspace_id: int, described: CampaignSpec) -> Campaign:
    async with services.db.trusted() as tx:
        draft = await create_campaign(tx, workspace_id=workspace_id, spec=described, keys=services.keys)
        return await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=draft.id)


async def _until_ended(services: Services, workspace_id: int, campaign_id: int) -> None:
    """Wait for the end of a campaign, showing how far it is."""
    with progress("Sending") as bar:
        while True:
            async with services.db.tenant(workspace_id) as tx:
                campaign = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
                done, total = await _progress(tx, workspace_id, campaign)
            bar.at(done, total)
            if campaign.state in ENDED:
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def _progress(tx: Tx, workspace_id: int, campaign: Campaign) -> tuple[int, int | None]:
    if campaign.order_id is None:
        return 0, None
    results = await analytics.campaign_results(tx, workspace_id=workspace_id, order_id=campaign.order_id)
    return results.sent, results.total


_REPORTED = (
    "total",
    "sent",
    "delivered",
    "opened_unique",
    "clicked_unique",
    "replied",
    "unsubscribed",
    "bounced",
)


async def _report(services: Services, workspace_id: int, campaign_id: int) -> dict[str, object]:
    async with services.db.tenant(workspace_id) as tx:
        campaign = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        report: dict[str, object] = {"id": campaign.id, "name": campaign.name, "state": campaign.state}
        if campaign.order_id is None:
            return report
        results = await analytics.campaign_results(tx, workspace_id=workspace_id, order_id=campaign.order_id)
    return report | {"counts": results.counts} | {name: getattr(results, name) for name in _REPORTED}

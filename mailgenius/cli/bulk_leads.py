"""The command `mailgenius leads bulk …`: one act on all leads that match, followed to its end."""

import asyncio
from typing import Annotated

import typer

from mailgenius.cli.exits import Exit
from mailgenius.cli.lead_filters import Meant, pair_of, with_lead_filter
from mailgenius.cli.output import AsJson, progress, show_fields
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.services import Services
from mailgenius.processes.roles import Child
from mailgenius.processes.standing_in import standing_in
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import OPEN, BulkAct, BulkState, LeadAct
from mailgenius.product.leads.model import LeadStatus
from mailgenius.product.segments import service as segments

LOOK_EVERY_S = 0.2


@with_lead_filter
def bulk(
    act: Annotated[LeadAct, typer.Argument(help="What to do to each lead.")],
    meant: Meant,
    with_tag: Annotated[
        list[str] | None, typer.Option(help="The tag to add or to remove; repeat it.")
    ] = None,
    to_status: Annotated[LeadStatus | None, typer.Option(help="The status to give.")] = None,
    set_field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="A custom field to set, such as city=Recife; without a value it is taken away. Repeat it.",
        ),
    ] = None,
    expected: Annotated[
        int | None,
        typer.Option(help="How many leads you mean; another number is refused. Deleting needs it.", min=0),
    ] = None,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Act on all leads that `leads list` shows for the same filter, and wait for the end.

    Without a filter it is every lead. Stopped half-way, the installation goes on with it.
    """

    async def work(services: Services) -> BulkAct:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.trusted() as tx:
            started = await leads.start_bulk(
                tx,
                workspace_id=workspace_id,
                act=act,
                wanted=await segments.within(
                    tx, workspace_id=workspace_id, segment_id=meant.segment_id, wanted=meant.wanted
                ),
                tags=with_tag or (),
                status=to_status,
                fields=_values(set_field or []),
                expected=expected,
            )
        return await _ended(services, workspace_id, started)

    _show(run(work), as_json=as_json)


def _show(done: BulkAct, *, as_json: bool) -> None:
    """Tell what became of an act; one that did not come to its end is an error."""
    shown = {name: getattr(done, name) for name in ("id", "state", "total", "done", "changed")}
    show_fields(shown, shown, as_json=as_json)
    if done.state is not BulkState.DONE:
        raise typer.Exit(Exit.DEFECT)


def _values(pairs: list[str]) -> dict[str, str | None]:
    """Read the fields to set; an empty value takes one away."""
    read = (pair_of(pair, option="--set-field") for pair in pairs)
    return {key: value or None for key, value in read}


async def _ended(services: Services, workspace_id: int, act: BulkAct) -> BulkAct:
    """Follow an act until it is done, cancelled or failed."""
    async with standing_in(services, Child.JOBS):
        with progress("Leads") as bar:
            while act.state in OPEN:
                await asyncio.sleep(LOOK_EVERY_S)
                async with services.db.tenant(workspace_id) as tx:
                    act = await leads.bulk_act(tx, workspace_id=workspace_id, act_id=act.id)
                bar.at(act.done, max(act.total, act.done))
    return act

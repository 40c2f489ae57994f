"""The command `mailgenius leads export …`: leads into a file, by the same job as from a page."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from mailgenius.cli.exits import Exit
from mailgenius.cli.lead_filters import Meant, with_lead_filter
from mailgenius.cli.output import AsJson, progress, show
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.services import Services
from mailgenius.processes.roles import Child
from mailgenius.processes.standing_in import standing_in
from mailgenius.product.exports import service as exports
from mailgenius.product.exports.model import Export, Format
from mailgenius.product.leads.bulk_model import BulkState
from mailgenius.product.segments import service as segments

LOOK_EVERY_S = 0.2


@with_lead_filter
def export(
    file: Annotated[
        Path, typer.Argument(dir_okay=False, help="The file to write; .xlsx makes a spreadsheet, else CSV.")
    ],
    meant: Meant,
    column: Annotated[
        list[str] | None,
        typer.Option(help="A column, such as email or fields.city; repeat it. Without any: the usual ones."),
    ] = None,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Write leads into a CSV or XLSX file, with a column for each custom field.

    Cells of a CSV that a spreadsheet would run as a formula begin with an apostrophe; an import takes it off.
    """

    async def work(services: Services) -> Export:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.trusted() as tx:
            wanted = await segments.within(
                tx, workspace_id=workspace_id, segment_id=meant.segment_id, wanted=meant.wanted
            )
            begun = await exports.start(
                tx,
                workspace_id=workspace_id,
                wanted=wanted,
                columns=column or (),
                format=Format.XLSX if file.suffix.lower() == ".xlsx" else Format.CSV,
            )
        async with standing_in(services, Child.JOBS):
            done = await _ended(services, workspace_id, begun)
        if done.state is BulkState.DONE:
            await services.storage.get_to(done.file_key(workspace_id), file)
        return done

    done = run(work)
    if done.state is not BulkState.DONE:
        typer.echo(f"There is no file: {done.error or done.state}", err=True)
        raise typer.Exit(Exit.DEFECT)
    shown = {"id": done.id, "file": str(file), "leads": done.written}
    show(shown, f"{done.written} leads written to {file}", as_json=as_json)


async def _ended(services: Services, workspace_id: int, begun: Export) -> Export:
    """Follow an export until it is done, stopped or failed."""
    found = begun
    with progress("Leads") as bar:
        while found.running:
            await asyncio.sleep(LOOK_EVERY_S)
            async with services.db.tenant(workspace_id) as tx:
                found = await exports.get(tx, workspace_id=workspace_id, export_id=begun.id)
            bar.at(found.written, found.total or found.written or 1)
    return found

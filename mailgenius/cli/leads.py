"""The commands `mailgenius leads …`."""

from pathlib import Path
from typing import Annotated

import typer

from mailgenius.cli.bulk_leads import bulk
from mailgenius.cli.exits import Exit
from mailgenius.cli.exporting import export
from mailgenius.cli.importing import import_ended, start_import
from mailgenius.cli.lead_filters import Meant, with_lead_filter
from mailgenius.cli.merging import merge
from mailgenius.cli.output import AsJson, progress, show, show_fields, show_rows
from mailgenius.cli.privacy import erase, personal_data
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.errors import invalid
from mailgenius.kit.services import Services
from mailgenius.processes.roles import Child
from mailgenius.processes.standing_in import standing_in
from mailgenius.product.imports.model import Import, ImportState
from mailgenius.product.leads.model import LeadPage, Mode
from mailgenius.product.segments import service as segments

app = typer.Typer(help="Leads: the people that messages go to.", no_args_is_help=True)

app.command("bulk")(bulk)
app.command("export")(export)
app.command("merge")(merge)
app.command("personal-data")(personal_data)
app.command("erase")(erase)

PAGE = 500


@app.command("import")
def import_leads(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV or XLSX file.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=TARGET",
            help="What a column is, such as Mail=email, City=field:city, or a new field with its type:"
            " Age=field:age:number, Plan=field:plan:choice:gold|silver. Repeat it. Without any, columns are"
            " guessed from the headers.",
        ),
    ] = None,
    mode: Annotated[Mode, typer.Option(help="What happens to leads that exist already.")] = Mode.MERGE,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag for every lead of the file; repeat it.")
    ] = None,
    consent_source: Annotated[str, typer.Option(help="Where these people agreed to be written to.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would happen, and store no lead.")
    ] = False,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Import leads and wait for the end. Rejected rows cost only themselves; the report tells how many."""
    chosen = _mapping(mapping or [])

    async def work(services: Services) -> Import:
        workspace_id = await workspace_id_of(services, workspace)
        started = await start_import(
            services,
            workspace_id=workspace_id,
            path=file,
            mapping=chosen,
            mode=mode,
            tags=tag or (),
            consent_source=consent_source,
            dry_run=dry_run,
        )
        async with standing_in(services, Child.JOBS):
            with progress("Trying" if dry_run else "Importing") as bar:
                return await import_ended(
                    services,
                    workspace_id=workspace_id,
                    import_id=started.id,
                    seen=lambda found: bar.at(found.rows_read, found.rows_total),
                )

    done = run(work)
    names = ("rows_read", "rows_created", "rows_updated", "rows_unchanged", "rows_rejected")
    shown = {"id": done.id, "state": done.state, "dry_run": done.dry_run, "error": done.error} | {
        name: getattr(done, name) for name in names
    }
    show_fields(shown, shown, as_json=as_json)
    if done.state is not ImportState.DONE:
        raise typer.Exit(Exit.DEFECT)


@app.command("list")
@with_lead_filter
def list_leads(
    meant: Meant,
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="How many at most.")] = 20,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """List or search leads, newest first."""

    async def work(services: Services) -> LeadPage:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.trusted() as tx:
            return await segments.list_leads(
                tx, workspace_id=workspace_id, segment_id=meant.segment_id, wanted=meant.wanted, limit=limit
            )

    page = run(work)
    if as_json:
        show(page, "", as_json=True)
        return
    columns = {
        "id": "Id",
        "email": "E-mail",
        "phone": "Phone",
        "name": "Name",
        "status": "Status",
        "tags": "Tags",
    }
    show_rows(page.items, columns, as_json=False)
    show(page, f"{'about ' if page.total_is_estimate else ''}{page.total} in all", as_json=False)


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, sign, target = pair.rpartition("=")
        if not sign:
            raise invalid("--map", f"{pair}: write it as COLUMN=TARGET")
        mapping[column] = target.strip()
    return mapping

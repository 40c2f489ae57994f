"""The commands `mailgenius leads …`."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from mailgenius.cli.bulk_leads import bulk
from mailgenius.cli.exits import Exit
from mailgenius.cli.importing import import_ended, start_import
from mailgenius.cli.output import AsJson, progress, show, show_fields, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.errors import invalid
from mailgenius.kit.services import Services
from mailgenius.processes.roles import Child
from mailgenius.processes.standing_in import standing_in
from mailgenius.product.imports.model import Import, ImportState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Lead, LeadPage, LeadStatus, Mode

app = typer.Typer(help="Leads: the people that messages go to.", no_args_is_help=True)

app.command("bulk")(bulk)

PAGE = 500
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("email", "phone", "external_id", "name", "status", "tags", "consent_at", "consent_source")
Tag = Annotated[str, typer.Option(help="Only leads with this tag.")]
Status = Annotated[LeadStatus | None, typer.Option(help="Only leads in this status.")]


@app.command("import")
def import_leads(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV or XLSX file.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=TARGET",
            help="What a column is, such as Mail=email or City=field:city;"
            " repeat it. Without any, columns are guessed from the headers.",
        ),
    ] = None,
    mode: Annotated[Mode, typer.Option(help="What happens to leads that exist already.")] = Mode.MERGE,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag for every lead of the file; repeat it.")
    ] = None,
    consent_source: Annotated[str, typer.Option(help="Where these people agreed to be written to.")] = "",
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
        )
        async with standing_in(services, Child.JOBS):
            with progress("Importing") as bar:
                return await import_ended(
                    services,
                    workspace_id=workspace_id,
                    import_id=started.id,
                    seen=lambda found: bar.at(found.rows_read, found.rows_total),
                )

    done = run(work)
    names = ("rows_read", "rows_created", "rows_updated", "rows_unchanged", "rows_rejected")
    shown = {"id": done.id, "state": done.state, "error": done.error} | {
        name: getattr(done, name) for name in names
    }
    show_fields(shown, shown, as_json=as_json)
    if done.state is not ImportState.DONE:
        raise typer.Exit(Exit.DEFECT)


@app.command("list")
def list_leads(
    search: Annotated[
        str, typer.Option(help="Words or beginnings: of e-mail, name, phone, external id.")
    ] = "",
    tag: Tag = "",
    status: Status = None,
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="How many at most.")] = 20,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """List or search leads, newest first."""

    async def work(services: Services) -> LeadPage:
        workspace_id = await workspace_id_of(services, workspace)
        return await _page(services, workspace_id, search=search, tag=tag, status=status, limit=limit)

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


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The CSV file to write.")],
    search: Annotated[str, typer.Option(help="As in `leads list`.")] = "",
    tag: Tag = "",
    status: Status = None,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Write leads into a CSV file, with a column for each custom field."""

    async def work(services: Services) -> int:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            keys = [field.key for field in await leads.fields(tx, workspace_id=workspace_id)]
        written = 0
        cursor: str | None = None
        with file.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            writer.writerow([*COLUMNS, *keys])
            while True:
                page = await _page(
                    services, workspace_id, search=search, tag=tag, status=status, limit=PAGE, cursor=cursor
                )
                writer.writerows(list(_cells(lead, keys)) for lead in page.items)
                written += len(page.items)
                cursor = page.next_cursor
                if cursor is None:
                    return written

    written = run(work)
    show({"file": str(file), "leads": written}, f"{written} leads written to {file}", as_json=as_json)


async def _page(
    services: Services,
    workspace_id: int,
    *,
    search: str,
    tag: str,
    status: LeadStatus | None,
    limit: int,
    cursor: str | None = None,
) -> LeadPage:
    async with services.db.trusted() as tx:
        return await leads.search(
            tx,
            workspace_id=workspace_id,
            text=search,
            tag=tag or None,
            status=status,
            limit=limit,
            cursor=cursor,
        )


def _cells(lead: Lead, keys: list[str]) -> Iterator[str]:
    """Yield a lead as cells. What a spreadsheet would run as a formula is made plain text."""
    known = [getattr(lead, column) for column in COLUMNS]
    for value in [*known, *(lead.fields.get(key) for key in keys)]:
        text = ";".join(value) if isinstance(value, tuple | list) else "" if value is None else str(value)
        harmless = not text.startswith(FORMULA_STARTS) or (text[0] == "+" and text[1:].isdigit())
        yield text if harmless else f"'{text}"


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, sign, target = pair.rpartition("=")
        if not sign:
            raise invalid("--map", f"{pair}: write it as COLUMN=TARGET")
        mapping[column] = target.strip()
    return mapping

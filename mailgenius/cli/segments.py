"""The commands `mailgenius segment …`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mailgenius.cli.output import AsJson, show, show_fields, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.errors import invalid
from mailgenius.kit.services import Services
from mailgenius.product.segments import service as segments
from mailgenius.product.segments.model import Segment

app = typer.Typer(help="Segments: saved conditions on leads.", no_args_is_help=True)

PAGE = 500
SegmentId = Annotated[int, typer.Argument(metavar="ID", help="Id of the segment.", show_default=False)]


@app.command("list")
def list_segments(
    search: Annotated[str, typer.Option(help="A part of the name.")] = "",
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """List segments, newest first."""

    async def work(services: Services) -> list[Segment]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            page = await segments.list_segments(tx, workspace_id=workspace_id, search=search, limit=PAGE)
            return list(page.items)

    columns = {"id": "Id", "name": "Name", "members": "Members", "counted_at": "Counted"}
    show_rows(run(work), columns, as_json=as_json)


@app.command("create")
def create(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The tree as JSON.")],
    name: Annotated[str, typer.Option(help="What people call it; the file's name when absent.")] = "",
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Create a segment from a file with its tree, and say what it means."""
    tree = _tree(file)

    async def work(services: Services) -> tuple[Segment, str]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            made = await segments.create(tx, workspace_id=workspace_id, name=name or file.stem, tree=tree)
            said = await segments.describe_tree(tx, workspace_id=workspace_id, tree=tree, locale="en")
            return made, said

    made, said = run(work)
    show_fields(made, {"Id": made.id, "Name": made.name, "Means": said}, as_json=as_json)


@app.command("count")
def count(segment: SegmentId, workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """Count the members of a segment, one by one."""

    async def work(services: Services) -> int | None:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.trusted() as tx:
            return await segments.count(tx, workspace_id=workspace_id, segment_id=segment)

    found = run(work)
    if found is None:
        raise invalid("segment", "no longer fits the fields of the workspace: open it and correct it")
    show({"id": segment, "members": found}, f"{found} members", as_json=as_json)


def _tree(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise invalid(str(file), "is not JSON") from error

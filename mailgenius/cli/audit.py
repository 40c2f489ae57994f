"""The command `mailgenius audit`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from mailgenius.cli.output import AsJson, print_json, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import Entry, Wanted
from mailgenius.kit.doers import DoerKind
from mailgenius.kit.errors import invalid
from mailgenius.kit.services import Services

DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Day = Annotated[datetime | None, typer.Option(formats=DAYS, help="In this machine's time.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    at: datetime
    who: str
    address: str
    action: str
    object: str


def audit_log(
    who: Annotated[DoerKind | None, typer.Option(help="Only what was done in this way.")] = None,
    action: Annotated[str, typer.Option(help="Only this act, such as campaign.launched.")] = "",
    about: Annotated[
        str, typer.Option("--object", help="Only about this: KIND, or KIND:ID such as campaign:7.")
    ] = "",
    since: Day = None,
    until: Day = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Of all workspaces, and of what concerns none.")
    ] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Write all that match to the standard output, as CSV.")
    ] = False,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Say who did what, when and from where."""
    if csv and everywhere:
        raise invalid("--csv", "is of one workspace at a time")
    kind, _, number = about.partition(":")
    wanted = Wanted(
        doer_kind=who,
        action=action,
        object_kind=kind,
        object_id=number,
        since=since and since.astimezone(),
        until=until and until.astimezone(),
    )

    async def work(services: Services) -> Sequence[Entry]:
        if everywhere:
            async with services.db.trusted() as tx:
                return (await audit.list_everywhere(tx, wanted=wanted, limit=limit)).items
        workspace_id = await workspace_id_of(services, workspace)
        if csv:
            await _write(services, workspace_id, wanted)
            return ()
        async with services.db.tenant(workspace_id) as tx:
            page = await audit.list_entries(tx, workspace_id=workspace_id, wanted=wanted, limit=limit)
        return page.items

    found = run(work)
    if csv:
        return
    if as_json:
        print_json({"items": found})
        return
    columns = {"at": "When", "who": "Who", "address": "From", "action": "Act", "object": "Object"}
    show_rows([_row(entry) for entry in found], columns, as_json=False)


async def _write(services: Services, workspace_id: int, wanted: Wanted) -> None:
    async with services.db.tenant(workspace_id) as tx:
        await audit.note(tx, workspace_id=workspace_id, action="audit_log.exported")
    async for part in audit.entries_csv(services.db, workspace_id=workspace_id, wanted=wanted):
        sys.stdout.buffer.write(part)
    sys.stdout.flush()


def _row(entry: Entry) -> _Row:
    return _Row(
        at=entry.at,
        who=entry.doer_name or entry.doer_kind,
        address=entry.address,
        action=entry.action,
        object=" ".join(filter(None, (entry.object_kind, entry.object_id, entry.object_name))),
    )

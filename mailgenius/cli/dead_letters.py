"""The commands `mailgenius dead-letters …`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

import typer

from mailgenius.cli.output import AsJson, show, show_fields, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_id_of
from mailgenius.engine.dead_letters import service as dead_letters
from mailgenius.engine.dead_letters.model import Act, DeadFilter, DeadLetter, Done, Explanation
from mailgenius.engine.ledger.model import DEAD
from mailgenius.kit.doers import SYSTEM
from mailgenius.kit.errors import invalid
from mailgenius.kit.services import Services

app = typer.Typer(
    help="Messages that ended without success: explained, replayed, discarded.", no_args_is_help=True
)

State = Annotated[str, typer.Option(help="Only rejected, unknown or expired ones.")]
Code = Annotated[str, typer.Option(help='Only this code, such as "550 5.1.1".')]
Reason = Annotated[str, typer.Option(help="Only where the provider's words hold this.")]
Campaign = Annotated[int | None, typer.Option(help="Only messages of this campaign.")]
Since = Annotated[datetime | None, typer.Option(help="Only failures from this moment on.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Ids of messages; none with --all.")]
Every = Annotated[bool, typer.Option("--all", help="All that match the filters.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

COLUMNS = {"id": "Message", "state": "State", "code": "Code", "reason": "Reason", "address": "To", "at": "At"}


@app.command("list")
def list_dead(
    state: State = "",
    code: Code = "",
    reason: Reason = "",
    campaign: Campaign = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """List dead letters, the newest first."""
    wanted = _filter(state, code, reason, campaign, since)

    async def work(services: Services) -> Sequence[DeadLetter]:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.trusted() as tx:
            page = await dead_letters.list_dead(tx, workspace_id=workspace_id, wanted=wanted, limit=limit)
        return page.items

    show_rows(run(work), COLUMNS, as_json=as_json)


@app.command("explain")
def explain(
    message_id: Annotated[int, typer.Argument(help="Id of the message.")],
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Tell what happened at each attempt, what it means and what to do."""

    async def work(services: Services) -> Explanation:
        workspace_id = await workspace_id_of(services, workspace)
        async with services.db.tenant(workspace_id) as tx:
            return await dead_letters.explain(tx, workspace_id=workspace_id, message_id=message_id)

    found = run(work)
    shown = {
        "Message": found.letter.id,
        "To": found.letter.address,
        "State": found.letter.state,
        "Provider": f"{found.letter.code} {found.letter.reason}".strip(),
        "Meaning": found.advice.meaning,
        "What to do": found.advice.remedy,
    }
    show_fields(found, shown, as_json=as_json)
    if not as_json:
        columns = {"number": "Attempt", "at": "At", "outcome": "Outcome", "code": "Code", "reason": "Reason"}
        show_rows(found.attempts, columns, as_json=False)


def _add_command(name: str, act: Act, *, about: str, asks: Callable[[DeadFilter], str]) -> None:
    """Make the command that does `act`; `asks` tells what to ask before it is done to all that match."""

    def command(
        ids: Ids = None,
        every: Every = False,
        state: State = "",
        code: Code = "",
        reason: Reason = "",
        campaign: Campaign = None,
        since: Since = None,
        yes: Yes = False,
        workspace: WorkspaceName = "",
        as_json: AsJson = False,
    ) -> None:
        wanted = _filter(state, code, reason, campaign, since)
        question = asks(wanted)
        if every and question and not yes:
            typer.confirm(question, abort=True)
        _act(act, ids or [], wanted if every else None, workspace, as_json=as_json)

    command.__doc__ = about
    app.command(name)(command)


def _asks_to_replay(wanted: DeadFilter) -> str:
    if wanted.state not in {None, "unknown"}:
        return ""
    return "Messages whose state is unknown may arrive twice. Replay all that match?"


_add_command(
    "replay",
    Act.REPLAYED,
    about="Queue dead letters again, each as a new attempt. Unknown ones may arrive twice.",
    asks=_asks_to_replay,
)
_add_command(
    "discard",
    Act.DISCARDED,
    about="Take dead letters off the list. In reports they stay as they are.",
    asks=lambda _: "Discard all that match?",
)


def _act(act: Act, ids: list[int], wanted: DeadFilter | None, workspace: str, *, as_json: bool) -> None:
    """Do it at once, by ids or by filter: a command is its own job and waits for the end."""
    if bool(ids) == (wanted is not None):
        raise invalid("IDS", "give either ids or --all")

    async def work(services: Services) -> Done:
        workspace_id = await workspace_id_of(services, workspace)
        if wanted is None:
            async with services.db.tenant(workspace_id) as tx:
                do = dead_letters.replay if act is Act.REPLAYED else dead_letters.discard
                return await do(tx, workspace_id=workspace_id, message_ids=ids, done_by=None)
        async with services.db.trusted() as tx:
            started = await dead_letters.start_run(
                tx, workspace_id=workspace_id, act=act, wanted=wanted, done_by=None
            )
        more = True
        while more:
            # A step is the installation's own work: that it was asked for is noted above.
            async with services.db.acting(SYSTEM).trusted() as tx:
                more = await dead_letters.run_next(tx, workspace_id=workspace_id, run_id=started.id)
        async with services.db.trusted() as tx:
            ended = await dead_letters.get_run(tx, workspace_id=workspace_id, run_id=started.id)
        return Done(done=ended.done, skipped=ended.skipped)

    done = run(work)
    show(done, f"{done.done} {act.value}, {done.skipped} skipped", as_json=as_json)


def _filter(state: str, code: str, reason: str, campaign: int | None, since: datetime | None) -> DeadFilter:
    if state and state not in set(DEAD):
        raise invalid("--state", "must be rejected, unknown or expired")
    return DeadFilter(
        state=state or None,
        code=code or None,
        campaign_id=campaign,
        reason=reason,
        since=None if since is None else since.astimezone(),
    )

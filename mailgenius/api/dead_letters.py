"""Dead letters by JSON: list, explain, replay, discard."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Response, Router, get, post
from litestar.params import JSONBody, QueryParameter

from mailgenius.api.access import needs
from mailgenius.api.bodies import Cursor, Limit, MessageId, RunId
from mailgenius.api.call import Call, Caller, Done
from mailgenius.api.dead_letter_shapes import (
    DeadChoice,
    DeadLetterPage,
    DoneAnswer,
    ExplanationAnswer,
    RunAnswer,
    dead_letter_answer,
    explanation_answer,
    run_answer,
)
from mailgenius.engine.dead_letters import service as dead_letters
from mailgenius.engine.dead_letters.model import Act, DeadFilter
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import checked_limit
from mailgenius.product.workspaces.model import Permission


@get(
    "/dead-letters",
    opt=needs(Permission.MESSAGES_READ),
    summary="List dead letters",
    description="Messages that ended as rejected, unknown or expired and that nobody has dealt with, newest"
    " first.",
)
async def list_dead_letters(
    call: Caller,
    *,
    in_state: Annotated[
        Literal["rejected", "unknown", "expired"] | None, QueryParameter(name="state")
    ] = None,
    code: Annotated[str | None, QueryParameter(description="Such as `550 5.1.1`.")] = None,
    campaign_id: Annotated[str | None, QueryParameter(pattern=r"^[1-9][0-9]{0,17}$")] = None,
    reason: Annotated[
        str, QueryParameter(max_length=200, description="A part of the provider's words.")
    ] = "",
    since: Annotated[datetime | None, QueryParameter(description="Failed at this moment or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(description="Failed before this moment.")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> DeadLetterPage:
    for name, value in (("since", since), ("until", until)):
        if value is not None and value.tzinfo is None:
            raise invalid(name, "needs a time zone")
    wanted = DeadFilter(
        state=in_state,
        code=code,
        campaign_id=None if campaign_id is None else int(campaign_id),
        reason=reason,
        since=since,
        until=until,
    )
    # Trusted, because row-level security would hide the index from a search in the words.
    async with call.trusted() as tx:
        page = await dead_letters.list_dead(
            tx, workspace_id=call.workspace_id, wanted=wanted, limit=checked_limit(limit), cursor=cursor
        )
    return DeadLetterPage(
        items=[dead_letter_answer(item) for item in page.items], next_cursor=page.next_cursor
    )


@get(
    "/dead-letters/{message_id:int}",
    opt=needs(Permission.MESSAGES_READ),
    summary="Explain a dead letter",
    description="What happened at each attempt in the provider's own words, what it means, and what to do.",
)
async def explain_dead_letter(call: Caller, message_id: MessageId) -> ExplanationAnswer:
    async with call.tenant() as tx:
        found = await dead_letters.explain(tx, workspace_id=call.workspace_id, message_id=message_id)
    return explanation_answer(found)


@post(
    "/dead-letters/replay",
    status_code=200,
    opt=needs(Permission.MESSAGES_SEND),
    summary="Replay dead letters",
    description="Queues them again, each as a new attempt. Those whose state is `unknown` may arrive twice."
    " Ids are done at once; a filter by a job, whose progress `run` tells.",
)
async def replay_dead_letters(call: Caller, data: JSONBody[DeadChoice]) -> Response[DoneAnswer]:
    return await _act(call, data, Act.REPLAYED)


@post(
    "/dead-letters/discard",
    status_code=200,
    opt=needs(Permission.MESSAGES_SEND),
    summary="Discard dead letters",
    description="Takes them off the list. In reports they stay as they are.",
)
async def discard_dead_letters(call: Caller, data: JSONBody[DeadChoice]) -> Response[DoneAnswer]:
    return await _act(call, data, Act.DISCARDED)


@get(
    "/dead-letters/runs/{run_id:int}",
    opt=needs(Permission.MESSAGES_READ),
    summary="Read how far a replay or discarding of many is",
)
async def get_dead_letter_run(call: Caller, run_id: RunId) -> RunAnswer:
    async with call.tenant() as tx:
        return run_answer(await dead_letters.get_run(tx, workspace_id=call.workspace_id, run_id=run_id))


async def _act(call: Call, choice: DeadChoice, act: Act) -> Response[DoneAnswer]:
    if (choice.ids is None) == (choice.filter is None):
        raise invalid("ids", "give either ids or a filter")

    async def work(tx: Tx) -> Done:
        names: dict[str, Any] = {"workspace_id": call.workspace_id, "done_by": call.actor.user_id}
        if choice.filter is not None:
            run = await dead_letters.start_run(tx, act=act, wanted=choice.filter.as_filter(), **names)
            return Done(body=DoneAnswer(done=0, skipped=0, run=run_answer(run)), status=200)
        ids = [int(each) for each in choice.ids or ()]
        if act is Act.REPLAYED:
            found = await dead_letters.replay(tx, message_ids=ids, **names)
        else:
            found = await dead_letters.discard(tx, message_ids=ids, **names)
        return Done(body=DoneAnswer(done=found.done, skipped=found.skipped, run=None), status=200)

    return await call.once(work)


router = Router(
    "",
    route_handlers=[
        list_dead_letters,
        explain_dead_letter,
        replay_dead_letters,
        discard_dead_letters,
        get_dead_letter_run,
    ],
    tags=["Dead letters"],
)

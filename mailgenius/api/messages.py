"""Messages by JSON: send one or many, read, list, call off."""

from datetime import datetime
from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.params import JSONBody, QueryParameter

from mailgenius.api.access import needs
from mailgenius.api.bodies import Cursor, Limit, MessageId
from mailgenius.api.call import Caller, Done
from mailgenius.api.campaign_shapes import MessagePage, message_answer
from mailgenius.api.message_shapes import (
    MessageBatch,
    MessageBody,
    MessageDetailAnswer,
    SentAnswer,
    TakenAnswer,
    TakenBatch,
    detail_answer,
    taken_answer,
)
from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import checked_limit
from mailgenius.product.messages import service as messages
from mailgenius.product.workspaces.model import Permission

BATCH_BYTES = 32 << 20


@post(
    "/messages",
    opt=needs(Permission.MESSAGES_SEND) | unnoted("taken in by thousands: each message tells it itself"),
    summary="Send a message",
    description="To a lead or to an address, from a template or with content of its own. The answer comes"
    " when the message is stored for good: from then on it is sent once, or listed with the reason.",
)
async def send_message(call: Caller, data: JSONBody[MessageBody]) -> Response[SentAnswer]:
    async def work(tx: Tx) -> Done:
        message_id = await messages.send(tx, workspace_id=call.workspace_id, message=data.as_input())
        return Done(body=SentAnswer(id=str(message_id)))

    return await call.once(work)


@post(
    "/messages/batch",
    status_code=200,
    opt=needs(Permission.MESSAGES_SEND) | unnoted("taken in by thousands: each message tells it itself"),
    request_max_body_size=BATCH_BYTES,
    summary="Send many messages",
    description="Each message stands for itself: one that is wrong does not stop the others. Fastest when all"
    " share a template and differ in `data`.",
)
async def send_messages(call: Caller, data: JSONBody[MessageBatch]) -> Response[TakenBatch]:
    async def work(tx: Tx) -> Done:
        wrong = call.wrong_items
        inputs = [each for place, each in enumerate(data.inputs()) if place not in wrong]
        sent = iter(await messages.send_batch(tx, workspace_id=call.workspace_id, messages=inputs))
        items = [
            TakenAnswer(errors=[wrong[place]]) if place in wrong else taken_answer(next(sent))
            for place in range(len(data.messages))
        ]
        accepted = sum(item.id is not None for item in items)
        return Done(
            body=TakenBatch(accepted=accepted, rejected=len(items) - accepted, items=items), status=200
        )

    return await call.once(work)


@get(
    "/messages",
    opt=needs(Permission.MESSAGES_READ),
    summary="List messages",
    description="Newest first, of campaigns too. With a `state` a page may be short or empty while"
    " `next_cursor` says that more follow. What is on the wire at the moment is listed as `queued`.",
)
async def list_all_messages(
    call: Caller,
    *,
    in_state: Annotated[MessageState | None, QueryParameter(name="state")] = None,
    lead_id: Annotated[str | None, QueryParameter(pattern=r"^[1-9][0-9]{0,17}$")] = None,
    address: Annotated[
        str | None, QueryParameter(description="Messages to this address that were sent to no lead.")
    ] = None,
    since: Annotated[
        datetime | None, QueryParameter(description="Only messages made at this moment or later.")
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> MessagePage:
    if since is not None and since.tzinfo is None:
        raise invalid("since", "needs a time zone")
    async with call.tenant() as tx:
        page = await messages.list_messages(
            tx,
            workspace_id=call.workspace_id,
            state=in_state,
            lead_id=None if lead_id is None else int(lead_id),
            address=address,
            since=since,
            limit=checked_limit(limit),
            cursor=cursor,
        )
    return MessagePage(items=[message_answer(item) for item in page.items], next_cursor=page.next_cursor)


@get(
    "/messages/{message_id:int}",
    opt=needs(Permission.MESSAGES_READ),
    summary="Read a message and its attempts",
)
async def get_message(call: Caller, message_id: MessageId) -> MessageDetailAnswer:
    async with call.tenant() as tx:
        message = await messages.get(tx, workspace_id=call.workspace_id, message_id=message_id)
        attempts = await messages.attempts(tx, workspace_id=call.workspace_id, message=message)
        told = await messages.feedback(tx, workspace_id=call.workspace_id, message_id=message_id)
    return detail_answer(message, attempts, told)


@delete(
    "/messages/{message_id:int}",
    opt=needs(Permission.MESSAGES_SEND),
    summary="Call a message off",
    description="While it waits for its time or its turn; afterwards the answer is 409. It stays listed as"
    " cancelled.",
)
async def cancel_message(call: Caller, message_id: MessageId) -> None:
    async with call.tenant() as tx:
        await messages.cancel(tx, workspace_id=call.workspace_id, message_id=message_id)


router = Router(
    "",
    route_handlers=[send_message, send_messages, list_all_messages, get_message, cancel_message],
    tags=["Messages"],
)

"""How the sending of a workspace goes at this moment."""

from datetime import datetime
from typing import Annotated

from litestar import Router, get
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Id
from mailgenius.api.call import Caller
from mailgenius.channels.contract import Channel
from mailgenius.engine.connections.model import CircuitState
from mailgenius.ops import operations
from mailgenius.ops.operations import Sending
from mailgenius.product.workspaces.model import Permission


class QueueAnswer(Answer):
    """What waits and what is under way in one channel at one priority."""

    channel: Channel
    priority: Annotated[int, Meta(description="0: transactional, 10: campaigns. Lower goes first.")]
    queued: Annotated[int, Meta(description="Messages that have not left.")]
    deferred: Annotated[int, Meta(description="Messages that wait for another attempt.")]
    on_wire: Annotated[int, Meta(description="Messages that a provider may have at this moment.")]
    oldest_seconds: Annotated[float, Meta(description="How long the batch waits that goes first.")]


class DeferredAnswer(Answer):
    """Messages that wait for one reason."""

    waits_for: Annotated[
        str,
        Meta(
            description="`retry` after an attempt; else `pace`, `asked` (by the provider), `warm_up`,"
            " `quiet_hours`, `frequency_cap` or `scheduled`."
        ),
    ]
    code: Annotated[str, Meta(description="The provider's code at the last attempt; empty without one.")]
    example: Annotated[str, Meta(description="What a provider said to one of them.")]
    messages: int


class CircuitAnswer(Answer):
    """A connection that does not work at the moment."""

    connection_id: Id
    name: str
    state: Annotated[CircuitState, Meta(description="`open`: left alone; `half_open`: tried by one engine.")]
    failures: Annotated[int, Meta(description="How often in a row it has failed.")]
    reason: str
    opened_at: datetime
    retry_at: datetime


class OperationsAnswer(Answer):
    """How the sending goes."""

    queues: list[QueueAnswer]
    deferred: Annotated[
        list[DeferredAnswer],
        Meta(description="By reason. Some thousand messages are asked; the queues have the whole number."),
    ]
    circuits: list[CircuitAnswer]
    unknown: Annotated[int, Meta(description="Messages without an answer, of the last 7 days.")]
    sent_this_hour: int
    engines_alive: Annotated[int, Meta(description="Of the installation: engines serve every workspace.")]


@get(
    "/operations",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Say how the sending goes",
    tags=["Workspace"],
)
async def get_operations(call: Caller) -> OperationsAnswer:
    # Trusted, because it asks for the engines, which belong to no workspace.
    async with call.trusted() as tx:
        found = await operations.sending(tx, workspace_id=call.workspace_id)
    return _answer(found)


def _answer(found: Sending) -> OperationsAnswer:
    return OperationsAnswer(
        queues=[
            QueueAnswer(
                channel=Channel(queue.channel),
                priority=queue.priority,
                queued=queue.queued,
                deferred=queue.deferred,
                on_wire=queue.on_wire,
                oldest_seconds=round(queue.oldest_seconds, 1),
            )
            for queue in found.queues
        ],
        deferred=[
            DeferredAnswer(
                waits_for=each.waits_for, code=each.code, example=each.example, messages=each.messages
            )
            for each in found.deferred
        ],
        circuits=[
            CircuitAnswer(
                connection_id=str(circuit.connection_id),
                name=circuit.name,
                state=circuit.state,
                failures=circuit.failures,
                reason=circuit.reason,
                opened_at=circuit.opened_at,
                retry_at=circuit.retry_at,
            )
            for circuit in found.circuits
        ],
        unknown=found.unknown,
        sent_this_hour=found.sent_this_hour,
        engines_alive=found.engines_alive,
    )


router = Router("", route_handlers=[get_operations])

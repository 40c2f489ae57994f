"""The command `mailgenius status`."""

from dataclasses import dataclass

from mailgenius.cli.output import AsJson, print_json, show_fields, show_rows
from mailgenius.cli.session import run
from mailgenius.kit.services import Services
from mailgenius.ops import operations
from mailgenius.ops.operations import House, Sending

QUEUE_COLUMNS = {
    "channel": "Channel",
    "priority": "Priority",
    "queued": "Waiting",
    "on_wire": "On the wire",
    "oldest": "Oldest",
    "deferred": "Another attempt later",
}
ENGINE_COLUMNS = {
    "host": "Machine",
    "pid": "Process",
    "state": "State",
    "rate": "Messages/s",
    "busy": "Busy",
    "memory": "Memory",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _QueueRow:
    channel: str
    priority: int
    queued: int
    on_wire: int
    oldest: str
    deferred: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _EngineRow:
    host: str
    pid: int
    state: str
    rate: int
    busy: str
    memory: str


def status(as_json: AsJson = False) -> None:
    """Say how the sending goes at this moment, over all workspaces."""

    async def work(services: Services) -> tuple[Sending, House]:
        async with services.db.trusted() as tx:
            return await operations.sending(tx, workspace_id=None), await operations.house(tx)

    sending, house = run(work)
    if as_json:
        print_json({"sending": sending, "house": house})
        return
    show_fields(sending, _figures(sending, house), as_json=False)
    if sending.queues:
        print()
        show_rows(_queues(sending), QUEUE_COLUMNS, as_json=False)
    if house.engines:
        print()
        show_rows(_engines(house), ENGINE_COLUMNS, as_json=False)
    if sending.circuits:
        print()
        columns = {"name": "Connection left alone", "state": "State", "retry_at": "Until", "reason": "Reason"}
        show_rows(sending.circuits, columns, as_json=False)
    if sending.deferred:
        print()
        columns = {"name": "Waits for", "messages": "Messages", "example": "Such as"}
        show_rows(sending.deferred, columns, as_json=False)


def _figures(sending: Sending, house: House) -> dict[str, object]:
    return {
        "Waiting to leave": sending.queued,
        "Oldest waits": f"{sending.oldest_seconds:.0f} s",
        "Leaving now": f"{house.rate:.0f} a second",
        "Sent this hour": sending.sent_this_hour,
        "Without an answer": f"{sending.unknown} in the last 7 days",
        "Engines alive": sending.engines_alive,
        "Books": _books(house),
        "Jobs": f"{house.jobs.waiting} waiting, {house.jobs.running} running, {house.jobs.failed} given up",
    }


def _books(house: House) -> str:
    if house.books is None:
        return "not checked yet"
    if house.books.counted_difference or house.books.orders_out_of_balance:
        return f"OUT OF BALANCE by {house.books.counted_difference} messages"
    return "balance"


def _queues(sending: Sending) -> list[_QueueRow]:
    return [
        _QueueRow(
            channel=queue.channel,
            priority=queue.priority,
            queued=queue.queued,
            on_wire=queue.on_wire,
            oldest=f"{queue.oldest_seconds:.0f} s" if queue.due_batches else "–",
            deferred=queue.deferred,
        )
        for queue in sending.queues
    ]


def _engines(house: House) -> list[_EngineRow]:
    return [
        _EngineRow(
            host=engine.host,
            pid=engine.pid,
            state=engine.state.value,
            rate=round(engine.rate),
            busy=f"{engine.busy:.0%}",
            memory=f"{engine.memory_bytes >> 20} MiB",
        )
        for engine in house.engines
    ]

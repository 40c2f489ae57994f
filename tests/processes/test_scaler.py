"""The scaler over real processes and a real database."""

import asyncio
import socket
from pathlib import Path

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.processes.scaler import Scaler
from mailgenius.processes.scaling import Span
from mailgenius.processes.supervisor import ChildCommand, Supervisor
from tests.factories.engine import make_order
from tests.processes.test_supervisor import DRAINS, child, lines, until

TELL = Query(
    "tell",
    "An engine tells that it is busy.",
    """
INSERT INTO engines (id, host, pid, state, seen_at, rate, busy, batches, memory_bytes, samples)
VALUES (%(pid)s::text, %(host)s, %(pid)s, 'working', now() + interval '1 hour', 900, %(busy)s, 24, 1, '[]')
""",
)


async def test_an_engine_comes_when_work_waits_and_the_engines_here_are_busy(
    db: Database, workspace_id: int, tmp_path: Path
):
    def command(number: int) -> ChildCommand:
        return child(DRAINS, tmp_path / f"engine{number}", f"engine{number}")

    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=300)
    stop = asyncio.Event()
    supervisor = Supervisor([command(1)])
    scaler = Scaler(db, supervisor, command=command, span=Span(1, 2))
    async with asyncio.TaskGroup() as group:
        group.create_task(supervisor.run(stop))
        group.create_task(scaler.run(stop))
        try:
            await until(lambda: lines(tmp_path / "engine1"))
            async with db.trusted() as tx:
                await tx.execute(TELL, pid=supervisor.pids["engine1"], host=socket.gethostname(), busy=1.0)
                await tx.execute(TELL, pid=1, host="elsewhere", busy=0.0)
            await until(lambda: lines(tmp_path / "engine2"))
        finally:
            stop.set()
    assert lines(tmp_path / "engine2") == ["started", "drained"]

"""Where a bench works: a throw-away installation with its database server, engines, and orders for them."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mailgenius.channels.contract import Channel
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Limits
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import OrderContent, Policy
from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.migrations import migrate
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.jobs import Jobs, JobTable

CAMPAIGN = 10
"""The priority of campaigns."""


@contextmanager
def scratch_folder(home: Path | None, *, prefix: str = "mailgenius-bench-") -> Iterator[Path]:
    """Make a folder of one's own in `home`, or in the system's place, and leave nothing of it behind."""
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
    # As root the database runs as another account, which must be able to enter.
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_installation(home: Path | None) -> Iterator[Settings]:
    """Give settings of an installation in a scratch folder; its embedded PostgreSQL runs inside the block."""
    with scratch_folder(home) as folder:
        settings = load_settings({"MAILGENIUS_HOME": str(folder)})
        server = EmbeddedPostgres(settings.home)
        migrate(server.acquire())
        try:
            yield settings
        finally:
            server.release()


def database_of(settings: Settings, *tables: JobTable) -> Database:
    """Return the database of such an installation, which knows no jobs but these."""
    return Database(EmbeddedPostgres(settings.home).url, Jobs(tables), keys=Keys(settings.secret_key))


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a process works for such an installation."""
    return {**os.environ, "MAILGENIUS_HOME": str(settings.home), "MAILGENIUS_DATABASE_URL": ""}


async def start_engine(settings: Settings, log: IO[str]) -> asyncio.subprocess.Process:
    """Start an engine as the supervisor does."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "mailgenius.processes", "engine", "--parent", str(os.getpid()),
        "--roles", "engine", env=environment(settings), stdout=log, stderr=log,
    )  # fmt: skip


async def connect(
    tx: Tx,
    *,
    workspace_id: int,
    settings: dict[str, str | int],
    keys: Keys,
    name: str = "Sink",
    limits: Limits | None = None,
    provider: str = "smtp",
) -> int:
    """Make a connection by e-mail with these settings and return its id."""
    made = await connections.create(
        tx,
        workspace_id=workspace_id,
        name=name,
        channel=Channel.EMAIL,
        provider=provider,
        settings=settings,
        limits=limits or Limits(),
        keys=keys,
    )
    return made.id


async def open_order(
    tx: Tx,
    *,
    workspace_id: int,
    connection_id: int,
    content: OrderContent,
    priority: int = CAMPAIGN,
    policy: Policy = Policy.PREFER_NO_DUPLICATE,
    per_minute: int | None = None,
) -> int:
    """Open an order by e-mail that belongs to no campaign, and return its id."""
    return await intake.open_order(
        tx,
        workspace_id=workspace_id,
        source="api",
        source_id=None,
        channel=Channel.EMAIL,
        priority=priority,
        connection_id=connection_id,
        content=content,
        policy=policy,
        per_minute=per_minute,
    )

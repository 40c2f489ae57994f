"""Opens this installation for one command, and turns an async piece of work into a plain call."""

import os
import pwd
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, TypeVar

import typer
import uvloop

from mailgenius.kit.config import load_settings
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.doers import Doer, DoerKind
from mailgenius.kit.errors import invalid
from mailgenius.kit.services import Services
from mailgenius.processes.address import with_remembered
from mailgenius.processes.services import prepared_services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import WorkspaceNotFound
from mailgenius.product.workspaces.model import Workspace

T = TypeVar("T")
CONNECTIONS = 16
"""A command may have to stand in for the engine and the jobs process."""

WorkspaceName = Annotated[
    str,
    typer.Option("--workspace", "-w", help="Name of the workspace; may be left out while there is only one."),
]


def run(work: Callable[[Services], Awaitable[T]]) -> T:
    """Open the installation, do the work, and return its result."""

    async def opened() -> T:
        async with installation_services() as services:
            return await work(services)

    return uvloop.run(opened())


@asynccontextmanager
async def installation_services() -> AsyncIterator[Services]:
    """Open the services of this home: its database is started when it does not run, and migrated.

    What a command changes stands in the audit log under the account of the machine that runs it.
    """
    async with prepared_services(with_remembered(load_settings()), connections=CONNECTIONS) as services:
        yield replace(services, db=services.db.acting(doer_here(), answerable=True))


def doer_here() -> Doer:
    """Return who runs this command: what the system itself says, and no variable that may be set."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"
    return Doer(kind=DoerKind.COMMAND_LINE, name=name, address=socket.gethostname())


async def workspace_named(tx: Tx, name: str) -> Workspace:
    """Find a workspace by name; without one, the only one there is. Wants a trusted transaction.

    Raises:
        WorkspaceNotFound: no workspace has this name.
        Invalid: no name was given, and there is not exactly one workspace.
    """
    if name:
        found = await workspaces.find_workspace(tx, name=name)
        if found is None:
            raise WorkspaceNotFound
        return found
    every = await workspaces.list_workspaces(tx)
    if len(every) != 1:
        names = ", ".join(workspace.name for workspace in every) or "none yet"
        raise invalid("--workspace", f"must be given; there are: {names}")
    return every[0]


async def workspace_id_of(services: Services, name: str) -> int:
    """Return the id of a workspace by name; see workspace_named."""
    async with services.db.trusted() as tx:
        return (await workspace_named(tx, name)).id

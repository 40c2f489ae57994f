"""Workspaces: the first run of an installation, create, find, change."""

import zoneinfo

from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changes
from mailgenius.kit.db.errors import UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.workspaces import queries
from mailgenius.product.workspaces.errors import WorkspaceNameTaken
from mailgenius.product.workspaces.model import LOCALES, FirstOwner, Role, Workspace
from mailgenius.product.workspaces.service.people import create_user, normal_email

NAME_LENGTH = 100
SENDER_NAME_LENGTH = 100


async def ensure_owner(
    tx: Tx, *, email: str = "owner@localhost", name: str = "Owner", workspace: str = "My workspace"
) -> FirstOwner | None:
    """Create the installation's owner and a first workspace when nobody exists yet.

    A second run, or a second process at the same time, finds somebody and returns None.
    """
    await queries.lock_first_run(tx)
    if await queries.any_user(tx):
        return None
    made = await create_user(tx, email=email, name=name, installation_owner=True)
    first = await create_workspace(tx, name=workspace, owner_user_id=made.user.id)
    return FirstOwner(user=made.user, password=made.password or "", workspace=first)


async def create_workspace(
    tx: Tx,
    *,
    name: str,
    owner_user_id: int | None = None,
    timezone: str = "America/Sao_Paulo",
    locale: str = "en",
) -> Workspace:
    """Create a workspace, and make a person its owner when one is named.

    Raises:
        WorkspaceNameTaken: another workspace has this name, whatever the case of the letters.
    """
    name = name.strip()
    _check(name=name, timezone=timezone, locale=locale)
    try:
        workspace = await queries.insert_workspace(tx, name=name, timezone=timezone, locale=locale)
    except UniqueConflict as error:
        raise WorkspaceNameTaken from error
    if owner_user_id is not None:
        await queries.insert_member(tx, workspace_id=workspace.id, user_id=owner_user_id, role=Role.OWNER)
    await audit.note(
        tx,
        workspace_id=workspace.id,
        action="workspace.created",
        object_id=workspace.id,
        name=workspace.name,
        details={"owner_user_id": owner_user_id},
    )
    return workspace


async def get_workspace(tx: Tx, *, workspace_id: int) -> Workspace:
    """Return a workspace. A tenant's transaction sees only its own."""
    return await queries.get_workspace(tx, workspace_id=workspace_id)


async def find_workspace(tx: Tx, *, name: str) -> Workspace | None:
    return await queries.find_workspace(tx, name=name.strip())


async def list_workspaces(tx: Tx, *, user_id: int | None = None) -> list[Workspace]:
    """Return the workspaces of one person, or all of the installation."""
    return await queries.list_workspaces(tx, user_id=user_id)


async def update_workspace(
    tx: Tx, *, workspace_id: int, name: str, timezone: str, locale: str, sender_name: str, sender_email: str
) -> Workspace:
    """Change a workspace's name, habits and default sender. Works in a tenant's transaction.

    Raises:
        WorkspaceNameTaken: another workspace has this name.
    """
    name, sender_name = name.strip(), sender_name.strip()
    _check(name=name, timezone=timezone, locale=locale, sender_name=sender_name)
    if sender_email.strip():
        sender_email = _sender(sender_email)
    before = await queries.get_workspace(tx, workspace_id=workspace_id)
    try:
        after = await queries.update_workspace(
            tx,
            workspace_id=workspace_id,
            name=name,
            timezone=timezone,
            locale=locale,
            sender_name=sender_name,
            sender_email=sender_email.strip(),
        )
    except UniqueConflict as error:
        raise WorkspaceNameTaken from error
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action="workspace.changed",
        object_id=workspace_id,
        name=after.name,
        details=changes(before, after, "name", "timezone", "locale", "sender_name", "sender_email"),
    )
    return after


def _sender(email: str) -> str:
    try:
        return normal_email(email)
    except Invalid as error:
        raise Invalid(problems=[Problem("sender_email", "is not an e-mail address")]) from error


def _check(*, name: str, timezone: str, locale: str, sender_name: str = "") -> None:
    problems = []
    if not name:
        problems.append(Problem("name", "is needed"))
    if len(name) > NAME_LENGTH:
        problems.append(Problem("name", f"must have at most {NAME_LENGTH} characters"))
    if not _is_timezone(timezone):
        problems.append(Problem("timezone", "is not a time zone, such as America/Sao_Paulo"))
    if locale not in LOCALES:
        problems.append(Problem("locale", "is not a language of this release"))
    if len(sender_name) > SENDER_NAME_LENGTH or any(ord(letter) < ord(" ") for letter in sender_name):
        problems.append(Problem("sender_name", "must be one line of at most 100 characters"))
    if problems:
        raise Invalid(problems=problems)


def _is_timezone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

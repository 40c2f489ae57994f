"""Workspaces, people, sessions and keys for tests."""

import secrets
from collections.abc import Sequence

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import (
    ROLE_PERMISSIONS,
    Actor,
    NewApiKey,
    NewSession,
    Role,
    User,
    Workspace,
)

PASSWORD = "correct horse battery"


async def make_workspace(tx: Tx, *, name: str = "", owner_user_id: int | None = None) -> Workspace:
    return await workspaces.create_workspace(
        tx, name=name or f"Workspace {secrets.token_hex(4)}", owner_user_id=owner_user_id
    )


async def make_user(
    tx: Tx, *, email: str = "", name: str = "Ana", must_change_password: bool = False
) -> User:
    made = await workspaces.create_user(
        tx,
        email=email or f"{secrets.token_hex(4)}@example.com",
        name=name,
        password=PASSWORD,
        must_change_password=must_change_password,
    )
    return made.user


async def make_owner(tx: Tx, *, workspace_id: int, email: str = "") -> User:
    """A person who owns the workspace, even one without members."""
    return await make_member(tx, workspace_id=workspace_id, role=Role.OWNER, email=email)


async def make_member(tx: Tx, *, workspace_id: int, role: Role = Role.EDITOR, email: str = "") -> User:
    user = await make_user(tx, email=email)
    boss = Actor(workspace_id=workspace_id, permissions=ROLE_PERMISSIONS[Role.OWNER], role=Role.OWNER)
    await workspaces.add_member(tx, workspace_id=workspace_id, email=user.email, name="", role=role, by=boss)
    return user


async def make_session(db: Database, *, email: str, password: str = PASSWORD) -> NewSession:
    return await workspaces.sign_in(db, email=email, password=password, ip="192.0.2.1", user_agent="tests")


async def make_api_key(tx: Tx, *, workspace_id: int, scopes: Sequence[str] = ("*",)) -> NewApiKey:
    return await workspaces.create_api_key(
        tx, workspace_id=workspace_id, name="Test key", scopes=scopes, created_by=None
    )


def actor(workspace_id: int, role: Role, *, user_id: int | None = None) -> Actor:
    return Actor(workspace_id=workspace_id, permissions=ROLE_PERMISSIONS[role], user_id=user_id, role=role)

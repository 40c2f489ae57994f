"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.workspaces import rows
from mailgenius.product.workspaces.errors import (
    ApiKeyNotFound,
    MemberNotFound,
    UserNotFound,
    WorkspaceNotFound,
)
from mailgenius.product.workspaces.model import Answer, ApiKey, Member, Role, User, Workspace

_SQL = load_queries(__file__)


async def lock_first_run(tx: Tx) -> None:
    await tx.execute(_SQL["lock-first-run"])


async def any_user(tx: Tx) -> bool:
    return bool(await tx.value(_SQL["any-user"]))


async def insert_workspace(tx: Tx, *, name: str, timezone: str, locale: str) -> Workspace:
    return await tx.one(Workspace, _SQL["insert-workspace"], name=name, timezone=timezone, locale=locale)


async def get_workspace(tx: Tx, *, workspace_id: int) -> Workspace:
    return await tx.one(
        Workspace, _SQL["get-workspace"], missing=WorkspaceNotFound, workspace_id=workspace_id
    )


async def find_workspace(tx: Tx, *, name: str) -> Workspace | None:
    return await tx.first(Workspace, _SQL["find-workspace"], name=name)


async def list_workspaces(tx: Tx, *, user_id: int | None) -> list[Workspace]:
    return await tx.all(Workspace, _SQL["list-workspaces"], user_id=user_id)


async def update_workspace(
    tx: Tx, *, workspace_id: int, name: str, timezone: str, locale: str, sender_name: str, sender_email: str
) -> Workspace:
    return await tx.one(
        Workspace,
        _SQL["update-workspace"],
        missing=WorkspaceNotFound,
        workspace_id=workspace_id,
        name=name,
        timezone=timezone,
        locale=locale,
        sender_name=sender_name,
        sender_email=sender_email,
    )


async def insert_user(
    tx: Tx,
    *,
    email: str,
    name: str,
    password_hash: str,
    must_change_password: bool,
    installation_owner: bool,
) -> User:
    return await tx.one(
        User,
        _SQL["insert-user"],
        email=email,
        name=name,
        password_hash=password_hash,
        must_change_password=must_change_password,
        installation_owner=installation_owner,
    )


async def get_user(tx: Tx, *, user_id: int) -> User:
    return await tx.one(User, _SQL["get-user"], missing=UserNotFound, user_id=user_id)


async def find_user(tx: Tx, *, email: str) -> User | None:
    return await tx.first(User, _SQL["find-user"], email=email)


async def password_by_email(tx: Tx, *, email: str) -> rows.StoredPassword | None:
    return await tx.first(rows.StoredPassword, _SQL["password-by-email"], email=email)


async def password_by_id(tx: Tx, *, user_id: int) -> rows.StoredPassword:
    return await tx.one(rows.StoredPassword, _SQL["password-by-id"], missing=UserNotFound, user_id=user_id)


async def set_password(tx: Tx, *, user_id: int, password_hash: str, must_change_password: bool) -> None:
    await tx.execute(
        _SQL["set-password"],
        user_id=user_id,
        password_hash=password_hash,
        must_change_password=must_change_password,
    )


async def update_profile(tx: Tx, *, user_id: int, name: str, locale: str, theme: str) -> User:
    return await tx.one(
        User,
        _SQL["update-profile"],
        missing=UserNotFound,
        user_id=user_id,
        name=name,
        locale=locale,
        theme=theme,
    )


async def mark_signed_in(tx: Tx, *, user_id: int, now: datetime) -> None:
    await tx.execute(_SQL["mark-signed-in"], user_id=user_id, now=now)


async def insert_member(tx: Tx, *, workspace_id: int, user_id: int, role: Role) -> bool:
    """Return whether the person is a member only since now."""
    added = await tx.execute(_SQL["insert-member"], workspace_id=workspace_id, user_id=user_id, role=role)
    return added == 1


async def list_members(tx: Tx, *, workspace_id: int) -> list[Member]:
    return await tx.all(Member, _SQL["list-members"], workspace_id=workspace_id)


async def get_member(tx: Tx, *, workspace_id: int, user_id: int) -> Member:
    return await tx.one(
        Member, _SQL["get-member"], missing=MemberNotFound, workspace_id=workspace_id, user_id=user_id
    )


async def lock_owners(tx: Tx, *, workspace_id: int) -> list[int]:
    return [row[0] for row in await tx.rows(_SQL["lock-owners"], workspace_id=workspace_id)]


async def set_role(tx: Tx, *, workspace_id: int, user_id: int, role: Role) -> None:
    await tx.execute(_SQL["set-role"], workspace_id=workspace_id, user_id=user_id, role=role)


async def delete_member(tx: Tx, *, workspace_id: int, user_id: int) -> None:
    await tx.execute(_SQL["delete-member"], workspace_id=workspace_id, user_id=user_id)


async def default_workspace(tx: Tx, *, user_id: int) -> int | None:
    found: int | None = await tx.value(_SQL["default-workspace"], user_id=user_id)
    return found


async def insert_session(tx: Tx, *, started: rows.StartedSession) -> None:
    await tx.execute(_SQL["insert-session"], **asdict(started))


async def get_session(tx: Tx, *, id_hash: bytes, now: datetime) -> rows.StoredSession | None:
    return await tx.first(rows.StoredSession, _SQL["get-session"], id_hash=id_hash, now=now)


async def touch_session(tx: Tx, *, id_hash: bytes, now: datetime, expires_at: datetime) -> None:
    await tx.execute(_SQL["touch-session"], id_hash=id_hash, now=now, expires_at=expires_at)


async def set_session_workspace(tx: Tx, *, id_hash: bytes, workspace_id: int) -> bool:
    """Return whether the person is a member there and the session moved."""
    moved = await tx.execute(_SQL["set-session-workspace"], id_hash=id_hash, workspace_id=workspace_id)
    return moved == 1


async def delete_session(tx: Tx, *, id_hash: bytes) -> rows.EndedSession | None:
    return await tx.first(rows.EndedSession, _SQL["delete-session"], id_hash=id_hash)


async def delete_sessions_of_user(tx: Tx, *, user_id: int, kept: bytes | None) -> None:
    await tx.execute(_SQL["delete-sessions-of-user"], user_id=user_id, kept=kept)


async def delete_sessions_in_workspace(tx: Tx, *, user_id: int, workspace_id: int) -> None:
    await tx.execute(_SQL["delete-sessions-in-workspace"], user_id=user_id, workspace_id=workspace_id)


async def count_attempt(
    tx: Tx, *, key_hashes: Sequence[bytes], now: datetime, window_end: datetime
) -> list[rows.CountedAttempts]:
    return await tx.all(
        rows.CountedAttempts,
        _SQL["count-attempt"],
        key_hashes=sorted(key_hashes),
        now=now,
        window_end=window_end,
    )


async def forgive_attempt(tx: Tx, *, key_hash: bytes) -> None:
    await tx.execute(_SQL["forgive-attempt"], key_hash=key_hash)


async def forget_attempts(tx: Tx, *, key_hash: bytes) -> None:
    await tx.execute(_SQL["forget-attempts"], key_hash=key_hash)


async def insert_api_key(
    tx: Tx,
    *,
    workspace_id: int,
    name: str,
    prefix: str,
    key_hash: bytes,
    scopes: Sequence[str],
    created_by: int | None,
) -> ApiKey:
    return await tx.one(
        ApiKey,
        _SQL["insert-api-key"],
        workspace_id=workspace_id,
        name=name,
        prefix=prefix,
        key_hash=key_hash,
        scopes=list(scopes),
        created_by=created_by,
    )


async def list_api_keys(tx: Tx, *, workspace_id: int) -> list[ApiKey]:
    return await tx.all(ApiKey, _SQL["list-api-keys"], workspace_id=workspace_id)


async def get_api_key(tx: Tx, *, workspace_id: int, api_key_id: int) -> ApiKey:
    return await tx.one(
        ApiKey,
        _SQL["get-api-key"],
        missing=ApiKeyNotFound,
        workspace_id=workspace_id,
        api_key_id=api_key_id,
    )


async def revoke_api_key(tx: Tx, *, workspace_id: int, api_key_id: int, now: datetime) -> ApiKey:
    return await tx.one(
        ApiKey,
        _SQL["revoke-api-key"],
        missing=ApiKeyNotFound,
        workspace_id=workspace_id,
        api_key_id=api_key_id,
        now=now,
    )


async def actor_by_key(tx: Tx, *, key_hash: bytes) -> rows.StoredKey | None:
    return await tx.first(rows.StoredKey, _SQL["actor-by-key"], key_hash=key_hash)


async def mark_key_used(
    tx: Tx, *, workspace_id: int, api_key_id: int, now: datetime, stale: datetime
) -> None:
    await tx.execute(
        _SQL["mark-key-used"], workspace_id=workspace_id, api_key_id=api_key_id, now=now, stale=stale
    )


async def lock_idempotency_key(tx: Tx, *, workspace_id: int, key: str) -> bool:
    return bool(await tx.value(_SQL["lock-idempotency-key"], workspace_id=workspace_id, key=key))


async def get_answer(tx: Tx, *, workspace_id: int, key: str, after: datetime) -> rows.StoredAnswer | None:
    return await tx.first(
        rows.StoredAnswer, _SQL["get-answer"], workspace_id=workspace_id, key=key, after=after
    )


async def put_answer(
    tx: Tx, *, workspace_id: int, key: str, request_hash: bytes, answer: Answer, now: datetime
) -> None:
    await tx.execute(
        _SQL["put-answer"],
        workspace_id=workspace_id,
        key=key,
        request_hash=request_hash,
        status=answer.status,
        content_type=answer.content_type,
        body=answer.body,
        now=now,
    )


async def delete_old_answers(tx: Tx, *, before: datetime) -> int:
    return await tx.execute(_SQL["delete-old-answers"], before=before)


async def delete_old_sessions(tx: Tx, *, now: datetime) -> int:
    return await tx.execute(_SQL["delete-old-sessions"], now=now)


async def delete_old_attempts(tx: Tx, *, now: datetime) -> int:
    return await tx.execute(_SQL["delete-old-attempts"], now=now)

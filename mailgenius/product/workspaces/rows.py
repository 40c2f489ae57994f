"""Rows as the statements of this area give them, before the service turns them into what callers see."""

from dataclasses import dataclass
from datetime import datetime

from mailgenius.product.workspaces.model import Role, Session, User


@dataclass(frozen=True, kw_only=True, slots=True)
class StartedSession:
    """A session to be stored. Its token is not: only the hash of it."""

    id_hash: bytes
    user_id: int
    workspace_id: int | None
    csrf_token: str
    ip: str
    user_agent: str
    now: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedSession:
    user_id: int
    email: str
    workspace_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredPassword:
    id: int
    password_hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredKey:
    workspace_id: int
    id: int
    name: str
    scopes: tuple[str, ...]
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAnswer:
    request_hash: bytes
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedAttempts:
    failures: int
    window_end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSession:
    """A session row joined with its person and their role."""

    csrf_token: str
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    workspace_id: int | None
    role: Role | None
    id: int
    email: str
    name: str
    must_change_password: bool
    installation_owner: bool
    locale: str
    theme: str
    last_sign_in_at: datetime | None
    created_at: datetime

    def session(self, *, expires_at: datetime) -> Session:
        user = User(
            id=self.id,
            email=self.email,
            name=self.name,
            must_change_password=self.must_change_password,
            installation_owner=self.installation_owner,
            locale=self.locale,
            theme=self.theme,
            last_sign_in_at=self.last_sign_in_at,
            created_at=self.created_at,
        )
        return Session(
            user=user,
            workspace_id=self.workspace_id,
            role=self.role,
            csrf_token=self.csrf_token,
            expires_at=expires_at,
        )

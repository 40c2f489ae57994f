"""Rows and values of this area: workspaces, people, roles and what they may do, sessions, API keys."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailgenius.kit.doers import Doer, DoerKind
from mailgenius.kit.errors import Forbidden

LOCALES = ("en", "pt_BR")
THEMES = ("auto", "light", "dark")
ALL_SCOPES = "*"
"""The scope of an API key that may do everything."""


class Role(StrEnum):
    """What a member is in one workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Permission(StrEnum):
    """One thing that an actor may be allowed to do. Also the scopes of an API key."""

    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CAMPAIGNS_SEND = "campaigns:send"
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"
    MESSAGES_REPORT = "messages:report"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"
    WORKSPACE_MANAGE = "workspace:manage"


_READ = frozenset(
    {
        Permission.LEADS_READ,
        Permission.TEMPLATES_READ,
        Permission.CAMPAIGNS_READ,
        Permission.MESSAGES_READ,
        Permission.CONNECTIONS_READ,
    }
)
_WRITE = frozenset(
    {
        Permission.LEADS_WRITE,
        Permission.TEMPLATES_WRITE,
        Permission.CAMPAIGNS_WRITE,
        Permission.CAMPAIGNS_SEND,
        Permission.MESSAGES_SEND,
        Permission.MESSAGES_REPORT,
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _READ,
    Role.EDITOR: _READ | _WRITE,
    Role.ADMIN: _READ | _WRITE | {Permission.CONNECTIONS_WRITE, Permission.WORKSPACE_MANAGE},
    Role.OWNER: frozenset(Permission),  # And alone in charge of owners: see service/members.py.
}


# Not in errors.py, because the actor itself raises it, and a model imports nothing of its area.
class NotAllowed(Forbidden):
    """You need the permission {permission} to do this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts in a workspace, a person or an API key, and what they may do there."""

    workspace_id: int
    permissions: frozenset[Permission]
    user_id: int | None = None
    api_key_id: int | None = None
    role: Role | None = None
    name: str = ""
    """The e-mail address of the person, or the name of the key."""

    def as_doer(self, *, address: str) -> Doer:
        """Return the actor as the audit log names it."""
        if self.api_key_id is not None:
            return Doer(kind=DoerKind.API_KEY, id=self.api_key_id, name=self.name, address=address)
        return Doer(kind=DoerKind.PERSON, id=self.user_id, name=self.name, address=address)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Stop here unless the actor has the permission.

        Raises:
            NotAllowed: it does not.
        """
        if permission not in self.permissions:
            raise NotAllowed(permission=permission)


def permissions_of_scopes(scopes: Iterable[str]) -> frozenset[Permission]:
    """Turn stored scopes into permissions. Scopes that this release does not know grant nothing."""
    granted = set(scopes)
    if ALL_SCOPES in granted:
        return frozenset(Permission)
    return frozenset(permission for permission in Permission if permission.value in granted)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    id: int
    name: str
    timezone: str
    locale: str
    sender_name: str
    sender_email: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person who can sign in. `locale` is empty while the browser decides."""

    id: int
    email: str
    name: str
    must_change_password: bool
    installation_owner: bool
    locale: str
    theme: str
    last_sign_in_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUser:
    """A person just created. The password is known only here, to be shown once; None when it was given."""

    user: User
    password: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstOwner:
    """What the first run of an installation creates. The password is shown once."""

    user: User
    password: str = field(repr=False)
    workspace: Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    user_id: int
    email: str
    name: str
    role: Role
    created_at: datetime
    last_sign_in_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMember:
    """A member just added. The password is set only when the person is new, to be shown once."""

    member: Member
    password: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A signed-in browser. Without a workspace the person is a member of none at present."""

    user: User
    workspace_id: int | None
    role: Role | None
    csrf_token: str = field(repr=False)
    expires_at: datetime

    @property
    def actor(self) -> Actor | None:
        """The person as an actor in the chosen workspace."""
        if self.workspace_id is None or self.role is None:
            return None
        return Actor(
            workspace_id=self.workspace_id,
            permissions=ROLE_PERMISSIONS[self.role],
            user_id=self.user.id,
            role=self.role,
            name=self.user.email,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSession:
    """A session just started. The token goes into the cookie and is stored nowhere."""

    token: str = field(repr=False)
    session: Session


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """A key as it may be shown: its first characters, never the whole."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewApiKey:
    """A key just created. The whole key is known only here, to be shown once."""

    key: str = field(repr=False)
    api_key: ApiKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was answered to a request that carried an Idempotency-Key."""

    status: int
    content_type: str
    body: bytes

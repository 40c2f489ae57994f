"""Forms of the settings: workspace, members, API keys, profile."""

from dataclasses import dataclass, field
from functools import cache
from typing import Final, Self
from zoneinfo import available_timezones

from babel.dates import get_timezone_location

from mailgenius.product.workspaces.model import (
    ALL_SCOPES,
    LOCALES,
    THEMES,
    Permission,
    Role,
    User,
    Workspace,
)
from mailgenius.web.forms.reading import FormReader, Posted
from mailgenius.web.i18n import Locale, _

WORKSPACE_FIELDS: Final = ("name", "timezone", "locale", "sender_name", "sender_email")
MEMBER_FIELDS: Final = ("email", "name", "role")
API_KEY_FIELDS: Final = ("name", "scopes")
PROFILE_FIELDS: Final = ("name", "locale", "theme")

_REGIONS: Final = (
    "America",
    "Europe",
    "Africa",
    "Asia",
    "Australia",
    "Atlantic",
    "Indian",
    "Pacific",
    "Antarctica",
)


@dataclass(frozen=True, kw_only=True)
class WorkspaceForm:
    """A workspace's name, habits and default sender."""

    name: str = ""
    timezone: str = ""
    locale: str = ""
    sender_name: str = ""
    sender_email: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        return cls(**{name: getattr(workspace, name) for name in WORKSPACE_FIELDS})

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        return cls(
            name=form.text("name", limit=100, required=True),
            timezone=form.text("timezone", limit=64, required=True),
            locale=form.choice("locale", LOCALES, default=LOCALES[0]),
            sender_name=form.text("sender_name", limit=100),
            sender_email=form.text("sender_email", limit=254),
            errors=form.errors,
        )


@dataclass(frozen=True, kw_only=True)
class MemberForm:
    """A person to add."""

    email: str = ""
    name: str = ""
    role: Role = Role.EDITOR
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        return cls(
            email=form.text("email", limit=254, required=True),
            name=form.text("name", limit=100),
            role=form.choice("role", Role, default=Role.VIEWER),
            errors=form.errors,
        )


@dataclass(frozen=True, kw_only=True)
class ApiKeyForm:
    """A key to make: everything, or chosen permissions."""

    name: str = ""
    everything: bool = True
    permissions: tuple[Permission, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        everything = form.choice("access", ("all", "some"), default="some") == "all"
        permissions = tuple(form.chosen("scopes", Permission))
        name = form.text("name", limit=100, required=True)
        if not everything and not permissions:
            form.refuse("scopes", _("Choose at least one permission."))
        return cls(name=name, everything=everything, permissions=permissions, errors=form.errors)

    @property
    def scopes(self) -> list[str]:
        return [ALL_SCOPES] if self.everything else [permission.value for permission in self.permissions]


@dataclass(frozen=True, kw_only=True)
class ProfileForm:
    """What a person says about themselves. An empty locale lets the browser decide."""

    name: str = ""
    locale: str = ""
    theme: str = "auto"
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(name=user.name, locale=user.locale, theme=user.theme)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        return cls(
            name=form.text("name", limit=100),
            locale=form.choice("locale", LOCALES, default=""),
            theme=form.choice("theme", THEMES, default="auto"),
            errors=form.errors,
        )


@cache
def timezone_options(locale: Locale) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every time zone that this machine knows, by the name of its city, grouped for a select field.

    Takes most of a second for the first caller of a locale, who runs it in a thread.
    """
    zones = available_timezones()
    groups = [
        (
            region,
            sorted(
                (
                    (zone, get_timezone_location(zone, locale=locale, return_city=True))
                    for zone in zones
                    if zone.startswith(f"{region}/")
                ),
                key=lambda option: option[1],
            ),
        )
        for region in _REGIONS
    ]
    return [("UTC", [("UTC", "UTC")]), *(group for group in groups if group[1])]

"""What every provider does with the settings it is given, before anything is opened."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from mailgenius.channels.errors import BadConnectionSettings
from mailgenius.kit.errors import Problem


class Validates(Protocol):
    """The part of a provider that judges settings."""

    def validate(self, settings: Mapping[str, Any]) -> dict[str, str]: ...


def faults_of(
    settings: Mapping[str, Any], *, known: Collection[str], found: Mapping[str, str]
) -> dict[str, str]:
    """Return what is wrong by key: settings that do not exist, and what the provider found itself."""
    return {key: "There is no such setting." for key in settings if key not in known} | dict(found)


def refuse_faulty(provider: Validates, settings: Mapping[str, Any]) -> None:
    """Stop before a connection is opened with settings that cannot work.

    Raises:
        BadConnectionSettings: what is wrong, by key.
    """
    if faults := provider.validate(settings):
        raise BadConnectionSettings(problems=[Problem(key, text) for key, text in faults.items()])

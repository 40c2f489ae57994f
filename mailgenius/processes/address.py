"""Remembers in the home folder under which address the pages were served last.

An engine started without the pages, or inside a command, must write the same address into messages. What the
operator sets in MAILGENIUS_BASE_URL always comes first.
"""

from dataclasses import replace

from mailgenius.kit.config import Settings


def remember(settings: Settings) -> None:
    """Write the address down for processes that do not serve it."""
    (settings.home / "address").write_text(settings.base_url + "\n", encoding="utf-8")


def with_remembered(settings: Settings) -> Settings:
    """Return settings with the remembered address, unless the operator chose one."""
    path = settings.home / "address"
    if settings.base_url != Settings.base_url or not path.exists():
        return settings
    return replace(settings, base_url=path.read_text(encoding="utf-8").strip())

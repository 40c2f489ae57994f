"""Examines an installation from below the doors: Python, home folder, secret key, files, database, books.

It changes nothing, but for the note of what the books said last. A store of files is tried with a file,
which goes again.
Each finding says what was looked at, how it is, and how to mend it. The command line adds the port and the
assets, which lie above this storey.
"""

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import random_token
from mailgenius.kit.db.migrations import MINIMUM_SERVER, pending, server_version
from mailgenius.kit.errors import MailGeniusError, Unavailable
from mailgenius.kit.storage import open_storage
from mailgenius.ops import conservation, secret_key
from mailgenius.ops.secret_key import SecretKeyDiffers

OLDEST_PYTHON = (3, 11)
GIB = 1 << 30
DISK_BROKEN = GIB
DISK_WARNING = 5 * GIB
TRIAL = "doctor"
"""The folder of the store in which it is tried, and what is written there."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Verdict(StrEnum):
    """How a thing is."""

    GOOD = "good"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at. `mending` is empty when nothing needs to be done."""

    check: str
    verdict: Verdict
    detail: str
    mending: str = ""


def good(check: str, detail: str) -> Finding:
    return Finding(check=check, verdict=Verdict.GOOD, detail=detail)


def warning(check: str, detail: str, mending: str) -> Finding:
    return Finding(check=check, verdict=Verdict.WARNING, detail=detail, mending=mending)


def broken(check: str, detail: str, mending: str) -> Finding:
    return Finding(check=check, verdict=Verdict.BROKEN, detail=detail, mending=mending)


def examine(settings: Settings, database_url: Callable[[], str]) -> Sequence[Finding]:
    """Look at everything once.

    Args:
        settings: of this installation.
        database_url: gives the URL of a running server, or raises Unavailable when it cannot be had.
    """
    findings = [_python(), _home(settings), _disk(settings), _secret_key(settings), _base_url(settings)]
    if settings.storage_url:
        findings.append(asyncio.run(_files(settings)))
    try:
        url = database_url()
        version = server_version(url)
    except Unavailable as error:
        return [*findings, _no_database(settings, error)]
    migrations = _migrations(url)
    deeper = [*_other_key(url, settings), _books(url)] if migrations.verdict is Verdict.GOOD else []
    return [*findings, _server(version), migrations, *deeper]


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return broken("Python", found, "Install Python 3.11 or newer and set up again.")
    return good("Python", found)


def _home(settings: Settings) -> Finding:
    if not os.access(settings.home, os.R_OK | os.W_OK | os.X_OK):
        mending = "Give this account the folder (chown), or choose another with MAILGENIUS_HOME."
        return broken("Home folder", f"{settings.home} cannot be written", mending)
    return good("Home folder", str(settings.home))


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.home).free
    detail = f"{free / GIB:.1f} GiB free"
    mending = "Free some space, or move MAILGENIUS_HOME to a larger disk."
    if free < DISK_BROKEN:
        return broken("Disk", detail, mending)
    if free < DISK_WARNING:
        return warning("Disk", detail, mending)
    return good("Disk", detail)


def _secret_key(settings: Settings) -> Finding:
    path = settings.home / "secret.key"
    if path.exists() and path.stat().st_mode & OTHERS:
        return warning("Secret key", f"other accounts can read {path}", f"Run: chmod 600 {path}")
    return good("Secret key", "present; keep a copy of it with your backups")


def _base_url(settings: Settings) -> Finding:
    local = urlsplit(settings.base_url).hostname in {"127.0.0.1", "localhost", "::1"}
    if local or not settings.https:
        mending = "Before you send to real people, set MAILGENIUS_BASE_URL to your public https:// address."
        return warning("Address in messages", settings.base_url, mending)
    return good("Address in messages", settings.base_url)


async def _files(settings: Settings) -> Finding:
    """Do in the store of files what the product does there: write, read, list, remove."""
    folder = f"{TRIAL}/{random_token(8)}"
    key = f"{folder}/file"
    try:
        storage = open_storage(settings)
        await storage.put_piece(key, TRIAL.encode())
        read = b"".join([chunk async for chunk in await storage.content(key)])
        await storage.delete_folder(folder)
    except MailGeniusError as error:
        told = error.problems[0].message if error.problems else error.message
        mending = (
            "See that the bucket of MAILGENIUS_STORAGE_URL exists and that the account of AWS_ACCESS_KEY_ID"
        )
        return broken("Files", told, f"{mending} may list, read, write and delete in it.")
    if read != TRIAL.encode():
        return broken("Files", "what was read is not what was written", "See what answers for the store.")
    return good("Files", settings.storage_url)


def _no_database(settings: Settings, error: Unavailable) -> Finding:
    if settings.embedded:
        mending = f"Read {settings.home / 'postgres.log'}; its last lines say why the server does not start."
    else:
        mending = "See that the server of MAILGENIUS_DATABASE_URL runs and lets this account in."
    return broken("Database", error.message, mending)


def _server(version: int) -> Finding:
    found = f"PostgreSQL {version // 10000}.{version % 10000}"
    if version < MINIMUM_SERVER:
        return broken("Database", found, f"Move to PostgreSQL {MINIMUM_SERVER // 10000} or newer.")
    return good("Database", found)


def _migrations(url: str) -> Finding:
    missing = pending(url)
    if missing:
        return broken("Migrations", f"missing: {', '.join(missing)}", "Run: mailgenius migrate")
    return good("Migrations", "all applied")


def _other_key(url: str, settings: Settings) -> Sequence[Finding]:
    """Say that the database belongs to another secret key, if it does."""
    try:
        asyncio.run(secret_key.check(url, settings))
    except SecretKeyDiffers:
        mending = (
            "Give this machine the key of the others. If it is lost for good: mailgenius migrate --new-key"
        )
        return [broken("Secret key of the database", "another one", mending)]
    return []


def _books(url: str) -> Finding:
    """Count every message: what was taken in must be what the counters and the rows say."""
    found = asyncio.run(conservation.count_rows(url))
    if found.orders_out_of_balance:
        detail = f"out by {found.counted_difference} messages, in {found.orders_out_of_balance} orders"
        mending = "This is a defect of MailGenius. Keep the database as it is and report what the log says."
        return broken("Books", detail, mending)
    return good("Books", f"{found.taken} messages taken in, each in one state")

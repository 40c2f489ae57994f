"""People who can sign in: create, change, and their passwords."""

import asyncio
import re
import secrets
from collections.abc import Mapping
from typing import Any

from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import INSTALLATION, changes
from mailgenius.kit.crypto import fingerprint, hash_password, verify_password
from mailgenius.kit.db.errors import UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem, invalid
from mailgenius.product.workspaces import queries
from mailgenius.product.workspaces.errors import EmailTaken, WrongPassword
from mailgenius.product.workspaces.model import LOCALES, THEMES, NewUser, User

PASSWORD_LENGTH = range(10, 1025)
"""Ten characters at least; an upper bound, because hashing is paid by the byte."""
NAME_LENGTH = 100
# A first owner is owner@localhost, so a dot in the domain is not asked for.
_EMAIL = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,190}")
# Letters and digits that nobody mistakes for each other when typing them from a terminal.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


async def create_user(
    tx: Tx,
    *,
    email: str,
    name: str,
    password: str | None = None,
    must_change_password: bool = True,
    installation_owner: bool = False,
) -> NewUser:
    """Create a person. Without a password a random one is made and returned, to be shown once.

    Raises:
        EmailTaken: somebody has this address.
    """
    email = normal_email(email)
    made = None if password is not None else random_password()
    chosen = password if password is not None else made or ""
    check_password(chosen, field="password", email=email)
    try:
        user = await queries.insert_user(
            tx,
            email=email,
            name=_checked_name(name),
            password_hash=await asyncio.to_thread(hash_password, chosen),
            must_change_password=must_change_password,
            installation_owner=installation_owner,
        )
    except UniqueConflict as error:
        raise EmailTaken from error
    return NewUser(user=user, password=made)


async def get_user(tx: Tx, *, user_id: int) -> User:
    return await queries.get_user(tx, user_id=user_id)


async def find_user(tx: Tx, *, email: str) -> User | None:
    return await queries.find_user(tx, email=email.strip().lower())


async def update_profile(tx: Tx, *, user_id: int, name: str, locale: str, theme: str) -> User:
    """Change what a person says about themselves. An empty locale lets the browser decide."""
    problems = []
    if locale and locale not in LOCALES:
        problems.append(Problem("locale", "is not a language of this release"))
    if theme not in THEMES:
        problems.append(Problem("theme", "must be auto, light or dark"))
    if problems:
        raise Invalid(problems=problems)
    before = await queries.get_user(tx, user_id=user_id)
    after = await queries.update_profile(
        tx, user_id=user_id, name=_checked_name(name), locale=locale, theme=theme
    )
    if before.name == after.name:
        audit.unchanged(tx)  # How the pages look to one person is nobody else's business.
    else:
        await _note(tx, "user.renamed", after, changes(before, after, "name"))
    return after


async def change_password(tx: Tx, *, user_id: int, current: str, new: str, token: str | None = None) -> None:
    """Change a password and end every session of the person but the one of `token`.

    Raises:
        WrongPassword: `current` is not the present password.
    """
    user = await queries.get_user(tx, user_id=user_id)
    stored = await queries.password_by_id(tx, user_id=user_id)
    if not await asyncio.to_thread(verify_password, stored.password_hash, current):
        raise WrongPassword(problems=[Problem("current", "is wrong")])
    check_password(new, field="new", email=user.email)
    if new == current:
        raise invalid("new", "must differ from the current password")
    await queries.set_password(
        tx,
        user_id=user_id,
        password_hash=await asyncio.to_thread(hash_password, new),
        must_change_password=False,
    )
    await queries.delete_sessions_of_user(
        tx, user_id=user_id, kept=fingerprint(token) if token is not None else None
    )
    await _note(tx, "user.password_changed", user)


async def reset_password(tx: Tx, *, user_id: int) -> str:
    """Give a person a random password, to be changed at the next sign-in, and end all their sessions."""
    password = random_password()
    await queries.set_password(
        tx,
        user_id=user_id,
        password_hash=await asyncio.to_thread(hash_password, password),
        must_change_password=True,
    )
    await queries.delete_sessions_of_user(tx, user_id=user_id, kept=None)
    await _note(tx, "user.password_reset", await queries.get_user(tx, user_id=user_id))
    return password


async def log_of(tx: Tx, *, user_id: int) -> int:
    """Return the workspace in whose log stands what concerns a person alone: where they were last."""
    found = await queries.default_workspace(tx, user_id=user_id)
    return INSTALLATION if found is None else found


async def _note(tx: Tx, action: str, user: User, details: Mapping[str, Any] | None = None) -> None:
    await audit.note(
        tx,
        workspace_id=await log_of(tx, user_id=user.id),
        action=action,
        object_id=user.id,
        name=user.email,
        details=details,
    )


def random_password() -> str:
    """Return 16 easily typed characters in four groups: 79 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def normal_email(email: str) -> str:
    """Return an address in the form that people are stored by."""
    email = email.strip().lower()
    if not _EMAIL.fullmatch(email):
        raise invalid("email", "is not an e-mail address")
    return email


def check_password(password: str, *, field: str, email: str) -> None:
    """Refuse passwords that are too short, too long, or the person's own address."""
    if len(password) < PASSWORD_LENGTH.start:
        raise invalid(field, f"must have at least {PASSWORD_LENGTH.start} characters")
    if len(password) >= PASSWORD_LENGTH.stop:
        raise invalid(field, f"must have at most {PASSWORD_LENGTH.stop - 1} characters")
    if password.lower() == email:
        raise invalid(field, "must not be the e-mail address")


def _checked_name(name: str) -> str:
    name = name.strip()
    if len(name) > NAME_LENGTH:
        raise invalid("name", f"must have at most {NAME_LENGTH} characters")
    return name

"""Sign-in and the sessions that follow, with throttling of failed attempts."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import INSTALLATION
from mailgenius.kit.crypto import fingerprint, random_token, verify_password
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.doers import DoerKind
from mailgenius.kit.visitors import network_of
from mailgenius.product.workspaces import queries
from mailgenius.product.workspaces.errors import TooManyAttempts, WorkspaceNotFound, WrongCredentials
from mailgenius.product.workspaces.model import NewSession, Session
from mailgenius.product.workspaces.rows import StartedSession
from mailgenius.product.workspaces.service.people import log_of

IDLE_LIFE = timedelta(days=14)
"""A session ends when it was not used for this long."""
WHOLE_LIFE = timedelta(days=90)
"""A session ends after this time however much it was used."""
TOUCH_EVERY = timedelta(minutes=1)
ATTEMPTS = 10
ATTEMPT_WINDOW = timedelta(minutes=15)
USER_AGENT_LENGTH = 300


async def sign_in(db: Database, *, email: str, password: str, ip: str, user_agent: str) -> NewSession:
    """Start a session for the right e-mail address and password.

    This one takes the database instead of a transaction. An attempt is counted and committed before the
    password is looked at, and taken back when it was right: so a failure still counts after the error, many
    guesses at once do not slip through, and no connection is held during the slow hash.

    Raises:
        TooManyAttempts: ten attempts from this address, or on this e-mail, failed within 15 minutes.
        WrongCredentials: nobody has this e-mail and password; the answer takes as long in both cases.
    """
    email = email.strip().lower()
    by_email, by_ip = fingerprint(f"email {email}"), fingerprint(f"ip {network_of(ip)}")
    now = clock.now()
    async with db.trusted() as tx:
        counted = await queries.count_attempt(
            tx, key_hashes=[by_email, by_ip], now=now, window_end=now + ATTEMPT_WINDOW
        )
        stored = await queries.password_by_email(tx, email=email)
        if max(attempts.failures for attempts in counted) == ATTEMPTS + 1:
            # Once, and not for each try that follows: the log must not be for strangers to fill.
            await _note_failure(tx, "user.sign_in_blocked", email, stored.id if stored else None)
    blocked_until = [attempts.window_end for attempts in counted if attempts.failures > ATTEMPTS]
    if blocked_until:
        raise TooManyAttempts(minutes=_minutes(max(blocked_until) - now))
    known = stored.password_hash if stored else None
    if not await asyncio.to_thread(verify_password, known, password) or stored is None:
        async with db.trusted() as tx:
            await _note_failure(tx, "user.sign_in_failed", email, stored.id if stored else None)
        raise WrongCredentials
    async with db.trusted() as tx:
        await queries.forget_attempts(tx, key_hash=by_email)
        # The network's other failures stay: signing in to one account must not excuse guesses at others.
        await queries.forgive_attempt(tx, key_hash=by_ip)
        return await _start(tx, user_id=stored.id, ip=ip, user_agent=user_agent, now=now)


async def session_of(tx: Tx, *, token: str) -> Session | None:
    """Return the live session of a cookie's token, and move its end forward, at most once a minute."""
    now = clock.now()
    id_hash = fingerprint(token)
    stored = await queries.get_session(tx, id_hash=id_hash, now=now)
    if stored is None:
        return None
    expires_at = stored.expires_at
    if stored.last_seen_at <= now - TOUCH_EVERY:
        expires_at = min(now + IDLE_LIFE, stored.started_at + WHOLE_LIFE)
        await queries.touch_session(tx, id_hash=id_hash, now=now, expires_at=expires_at)
    return stored.session(expires_at=expires_at)


async def sign_out(tx: Tx, *, token: str) -> None:
    """End a session. Ending one that is over already is fine."""
    ended = await queries.delete_session(tx, id_hash=fingerprint(token))
    if ended is not None:
        await audit.note(
            tx,
            workspace_id=INSTALLATION if ended.workspace_id is None else ended.workspace_id,
            action="user.signed_out",
            object_id=ended.user_id,
            name=ended.email,
        )


async def switch_workspace(tx: Tx, *, token: str, workspace_id: int) -> None:
    """Take a session to another workspace of its person.

    Raises:
        WorkspaceNotFound: there is none, or the person is not a member of it.
    """
    if not await queries.set_session_workspace(tx, id_hash=fingerprint(token), workspace_id=workspace_id):
        raise WorkspaceNotFound
    await audit.note(
        tx, workspace_id=workspace_id, action="user.entered", object_id=tx.by.id or "", name=tx.by.name
    )


async def _note_failure(tx: Tx, action: str, email: str, user_id: int | None) -> None:
    """Note a sign-in that was refused. What unknown people typed is not kept: it may be a password."""
    await audit.note(
        tx,
        # Asked for unknown people too: the answer must take as long.
        workspace_id=await log_of(tx, user_id=user_id or 0),
        action=action,
        object_id=user_id or "",
        name=email if user_id is not None else "",
    )


async def _start(tx: Tx, *, user_id: int, ip: str, user_agent: str, now: datetime) -> NewSession:
    token = random_token()
    await queries.mark_signed_in(tx, user_id=user_id, now=now)
    started = StartedSession(
        id_hash=fingerprint(token),
        user_id=user_id,
        workspace_id=await queries.default_workspace(tx, user_id=user_id),
        csrf_token=random_token(),
        ip=ip,
        user_agent=user_agent[:USER_AGENT_LENGTH],
        now=now,
        expires_at=now + IDLE_LIFE,
    )
    await queries.insert_session(tx, started=started)
    session = await session_of(tx, token=token)
    if session is None:
        raise WrongCredentials  # The person was removed between the two steps.
    user = session.user
    await audit.note(
        tx,
        workspace_id=INSTALLATION if session.workspace_id is None else session.workspace_id,
        action="user.signed_in",
        object_id=user.id,
        name=user.email,
        by=replace(tx.by, kind=DoerKind.PERSON, id=user.id, name=user.email),
    )
    return NewSession(token=token, session=session)


def _minutes(wait: timedelta) -> int:
    return max(1, -(-int(wait.total_seconds()) // 60))

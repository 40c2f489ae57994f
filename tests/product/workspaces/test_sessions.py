"""Sign-in, throttling and the life of a session."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import (
    TooManyAttempts,
    WorkspaceNotFound,
    WrongCredentials,
    WrongPassword,
)
from mailgenius.product.workspaces.model import NewSession, Role, User
from tests.factories.workspaces import PASSWORD, actor, make_member, make_session, make_user

STORED_TOKENS = Query(
    "tokens", "What is stored of sessions.", "SELECT encode(id_hash, 'escape') FROM sessions"
)


@pytest.fixture
async def user(db: Database, workspace_id: int) -> User:
    async with db.trusted() as tx:
        return await make_member(tx, workspace_id=workspace_id, email="ana@example.com")


async def attempt(
    db: Database, *, email: str = "ana@example.com", password: str = "wrong password", ip: str = "192.0.2.1"
) -> NewSession:
    return await workspaces.sign_in(db, email=email, password=password, ip=ip, user_agent="tests")


async def test_sign_in_opens_the_workspace_of_the_person(db: Database, user: User, workspace_id: int):
    made = await attempt(db, email=" Ana@Example.com ", password=PASSWORD)
    async with db.trusted() as tx:
        session = await workspaces.session_of(tx, token=made.token)
        stored = await tx.rows(STORED_TOKENS)
    assert session is not None
    assert session.user.id == user.id
    assert (session.workspace_id, session.role) == (workspace_id, Role.EDITOR)
    assert session.actor is not None
    assert session.user.last_sign_in_at is not None
    assert made.token not in str(stored)
    assert made.token not in repr(made)


async def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(db: Database, user: User):
    with pytest.raises(WrongCredentials) as wrong:
        await attempt(db)
    with pytest.raises(WrongCredentials) as unknown:
        await attempt(db, email="nobody@example.com")
    assert wrong.value.message == unknown.value.message


async def test_ten_failures_on_one_email_block_it_from_everywhere(db: Database, user: User):
    for number in range(10):
        with pytest.raises(WrongCredentials):
            await attempt(db, ip=f"192.0.2.{number}")
    with pytest.raises(TooManyAttempts, match="15 minutes"):
        await attempt(db, password=PASSWORD, ip="198.51.100.1")


async def test_ten_failures_from_one_network_block_it_for_everybody(db: Database, user: User):
    for number in range(10):
        with pytest.raises(WrongCredentials):
            await attempt(db, email=f"guess{number}@example.com", ip=f"2001:db8::{number}")
    with pytest.raises(TooManyAttempts):
        await attempt(db, password=PASSWORD, ip="2001:db8::ffff")
    assert (await attempt(db, password=PASSWORD, ip="2001:db8:0:1::1")).session.user.id == user.id


async def test_the_block_ends_after_a_quarter_of_an_hour(db: Database, user: User):
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            await attempt(db)
    with clock.fixed(clock.now() + timedelta(minutes=16)):
        assert (await attempt(db, password=PASSWORD)).session.user.id == user.id


async def test_success_forgets_the_failures_of_the_email_but_not_of_the_network(db: Database, user: User):
    for _ in range(9):
        with pytest.raises(WrongCredentials):
            await attempt(db)
    await attempt(db, password=PASSWORD)
    with pytest.raises(WrongCredentials):
        await attempt(db)
    with pytest.raises(TooManyAttempts):
        await attempt(db)
    with pytest.raises(WrongCredentials):
        await attempt(db, ip="198.51.100.1")


@pytest.mark.parametrize(
    ("used_on", "ended_on"),
    [((10, 20, 30), 45), (range(10, 90, 10), 91)],
    ids=["when it is not used", "after ninety days however much it is used"],
)
async def test_a_session_slides_while_it_is_used_and_ends(
    db: Database, user: User, used_on: Sequence[int], ended_on: int
):
    start = clock.now()
    made = await make_session(db, email=user.email)
    for day in [*used_on, ended_on]:
        with clock.fixed(start + timedelta(days=day)):
            async with db.trusted() as tx:
                found = await workspaces.session_of(tx, token=made.token)
        assert (found is None) is (day == ended_on)


async def test_sign_out_ends_the_session(db: Database, user: User):
    made = await make_session(db, email=user.email)
    async with db.trusted() as tx:
        await workspaces.sign_out(tx, token=made.token)
        assert await workspaces.session_of(tx, token=made.token) is None


async def test_a_new_password_ends_every_other_session(db: Database, user: User):
    kept = await make_session(db, email=user.email)
    other = await make_session(db, email=user.email)
    async with db.trusted() as tx:
        await workspaces.change_password(
            tx, user_id=user.id, current=PASSWORD, new="another good one", token=kept.token
        )
    async with db.trusted() as tx:
        assert await workspaces.session_of(tx, token=kept.token) is not None
        assert await workspaces.session_of(tx, token=other.token) is None
    with pytest.raises(WrongCredentials):
        await make_session(db, email=user.email)
    assert await make_session(db, email=user.email, password="another good one")


async def test_a_new_password_needs_the_old_one_and_ten_characters(db: Database, user: User):
    async with db.trusted() as tx:
        with pytest.raises(WrongPassword):
            await workspaces.change_password(tx, user_id=user.id, current="no", new="another good one")
        for bad in ("short", user.email, PASSWORD):
            with pytest.raises(Invalid):
                await workspaces.change_password(tx, user_id=user.id, current=PASSWORD, new=bad)


async def test_a_reset_password_must_be_changed(db: Database, user: User):
    made = await make_session(db, email=user.email)
    async with db.trusted() as tx:
        password = await workspaces.reset_password(tx, user_id=user.id)
        assert await workspaces.session_of(tx, token=made.token) is None
    again = await make_session(db, email=user.email, password=password)
    assert again.session.user.must_change_password


async def test_switching_goes_only_where_the_person_is_a_member(
    db: Database, user: User, other_workspace_id: int
):
    made = await make_session(db, email=user.email)
    async with db.trusted() as tx:
        with pytest.raises(WorkspaceNotFound):
            await workspaces.switch_workspace(tx, token=made.token, workspace_id=other_workspace_id)
        await workspaces.add_member(
            tx,
            workspace_id=other_workspace_id,
            email=user.email,
            name="",
            role=Role.VIEWER,
            by=actor(other_workspace_id, Role.OWNER),
        )
        await workspaces.switch_workspace(tx, token=made.token, workspace_id=other_workspace_id)
        session = await workspaces.session_of(tx, token=made.token)
    assert session is not None
    assert (session.workspace_id, session.role) == (other_workspace_id, Role.VIEWER)
    # The next sign-in begins where the person was last.
    assert (await make_session(db, email=user.email)).session.workspace_id == other_workspace_id


async def test_a_person_without_a_workspace_has_a_session_but_acts_nowhere(db: Database):
    async with db.trusted() as tx:
        loner = await make_user(tx)
    made = await make_session(db, email=loner.email)
    assert made.session.workspace_id is None
    assert made.session.actor is None


async def test_the_sweep_forgets_ended_sessions_only(db: Database, user: User):
    made = await make_session(db, email=user.email)
    async with db.trusted() as tx:
        await workspaces.sweep(tx, now=clock.now())
        assert len(await tx.rows(STORED_TOKENS)) == 1
        await workspaces.sweep(tx, now=made.session.expires_at)
        assert await tx.rows(STORED_TOKENS) == []

"""Roles, what they may do, and the protection of owners."""

import asyncio
import itertools

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import (
    AlreadyMember,
    LastOwner,
    MemberNotFound,
    OnlyOwners,
)
from mailgenius.product.workspaces.model import ROLE_PERMISSIONS, NotAllowed, Permission, Role
from tests.factories.workspaces import actor, make_member, make_owner, make_session, make_user


def test_each_role_may_do_what_the_one_below_may_and_more():
    ladder = [ROLE_PERMISSIONS[role] for role in (Role.VIEWER, Role.EDITOR, Role.ADMIN, Role.OWNER)]
    assert all(low <= high for low, high in itertools.pairwise(ladder))
    assert all(permission.endswith(":read") for permission in ROLE_PERMISSIONS[Role.VIEWER])
    assert Permission.CAMPAIGNS_SEND in ROLE_PERMISSIONS[Role.EDITOR]
    assert Permission.WORKSPACE_MANAGE not in ROLE_PERMISSIONS[Role.EDITOR]


def test_an_actor_without_a_permission_is_stopped():
    with pytest.raises(NotAllowed, match="leads:write"):
        actor(1, Role.VIEWER).require(Permission.LEADS_WRITE)


async def test_a_new_person_gets_a_password_and_a_known_one_does_not(db: Database, workspace_id: int):
    boss = actor(workspace_id, Role.ADMIN)
    async with db.trusted() as tx:
        known = await make_user(tx)
        first = await workspaces.add_member(
            tx, workspace_id=workspace_id, email="New@Example.com", name="New", role=Role.EDITOR, by=boss
        )
        second = await workspaces.add_member(
            tx, workspace_id=workspace_id, email=known.email, name="", role=Role.VIEWER, by=boss
        )
    assert first.password is not None
    assert first.password not in repr(first)
    assert second.password is None
    session = (await make_session(db, email="new@example.com", password=first.password)).session
    assert session.user.must_change_password


async def test_nobody_is_a_member_twice(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        user = await make_member(tx, workspace_id=workspace_id)
        with pytest.raises(AlreadyMember):
            await workspaces.add_member(
                tx,
                workspace_id=workspace_id,
                email=user.email,
                name="",
                role=Role.VIEWER,
                by=actor(workspace_id, Role.ADMIN),
            )


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_only_admins_and_owners_manage_members(db: Database, workspace_id: int, role: Role):
    async with db.trusted() as tx:
        user = await make_member(tx, workspace_id=workspace_id)
        by = actor(workspace_id, role)
        with pytest.raises(NotAllowed):
            await workspaces.add_member(
                tx, workspace_id=workspace_id, email="x@example.com", name="", role=Role.VIEWER, by=by
            )
        with pytest.raises(NotAllowed):
            await workspaces.change_role(
                tx, workspace_id=workspace_id, user_id=user.id, role=Role.ADMIN, by=by
            )
        with pytest.raises(NotAllowed):
            await workspaces.remove_member(tx, workspace_id=workspace_id, user_id=user.id, by=by)


async def test_an_admin_cannot_touch_owners_or_become_one(db: Database, workspace_id: int):
    admin = actor(workspace_id, Role.ADMIN)
    async with db.trusted() as tx:
        owner = await make_owner(tx, workspace_id=workspace_id)
        await make_owner(tx, workspace_id=workspace_id)
        editor = await make_member(tx, workspace_id=workspace_id)
        with pytest.raises(OnlyOwners):
            await workspaces.change_role(
                tx, workspace_id=workspace_id, user_id=editor.id, role=Role.OWNER, by=admin
            )
        with pytest.raises(OnlyOwners):
            await workspaces.change_role(
                tx, workspace_id=workspace_id, user_id=owner.id, role=Role.VIEWER, by=admin
            )
        with pytest.raises(OnlyOwners):
            await workspaces.remove_member(tx, workspace_id=workspace_id, user_id=owner.id, by=admin)
        with pytest.raises(OnlyOwners):
            await workspaces.add_member(
                tx, workspace_id=workspace_id, email="x@example.com", name="", role=Role.OWNER, by=admin
            )


async def test_the_last_owner_stays(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        owner = await make_owner(tx, workspace_id=workspace_id)
        self = actor(workspace_id, Role.OWNER, user_id=owner.id)
        with pytest.raises(LastOwner):
            await workspaces.change_role(
                tx, workspace_id=workspace_id, user_id=owner.id, role=Role.ADMIN, by=self
            )
        with pytest.raises(LastOwner):
            await workspaces.remove_member(tx, workspace_id=workspace_id, user_id=owner.id, by=self)
        await make_owner(tx, workspace_id=workspace_id)
        await workspaces.remove_member(tx, workspace_id=workspace_id, user_id=owner.id, by=self)


async def test_two_owners_who_remove_each_other_at_once_leave_one(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        first = await make_owner(tx, workspace_id=workspace_id)
        second = await make_owner(tx, workspace_id=workspace_id)

    async def remove(user_id: int, by: int) -> None:
        async with db.trusted() as tx:
            await workspaces.remove_member(
                tx, workspace_id=workspace_id, user_id=user_id, by=actor(workspace_id, Role.OWNER, user_id=by)
            )

    results = await asyncio.gather(
        remove(first.id, second.id), remove(second.id, first.id), return_exceptions=True
    )
    assert [type(result) for result in results if result] == [LastOwner]
    async with db.trusted() as tx:
        assert len(await workspaces.list_members(tx, workspace_id=workspace_id)) == 1


async def test_a_removed_member_is_signed_out_of_that_workspace(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        user = await make_member(tx, workspace_id=workspace_id)
    made = await make_session(db, email=user.email)
    async with db.trusted() as tx:
        await workspaces.remove_member(
            tx, workspace_id=workspace_id, user_id=user.id, by=actor(workspace_id, Role.ADMIN)
        )
        assert await workspaces.session_of(tx, token=made.token) is None


async def test_a_new_role_holds_from_the_next_request(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        user = await make_member(tx, workspace_id=workspace_id, role=Role.EDITOR)
    made = await make_session(db, email=user.email)
    async with db.trusted() as tx:
        await workspaces.change_role(
            tx,
            workspace_id=workspace_id,
            user_id=user.id,
            role=Role.VIEWER,
            by=actor(workspace_id, Role.ADMIN),
        )
        session = await workspaces.session_of(tx, token=made.token)
    assert session is not None
    assert session.actor is not None
    assert not session.actor.may(Permission.LEADS_WRITE)


async def test_members_of_another_workspace_are_out_of_reach(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.trusted() as tx:
        theirs = await make_member(tx, workspace_id=other_workspace_id)
        ours = actor(workspace_id, Role.OWNER)
        with pytest.raises(MemberNotFound):
            await workspaces.remove_member(tx, workspace_id=workspace_id, user_id=theirs.id, by=ours)
        with pytest.raises(MemberNotFound):
            await workspaces.change_role(
                tx, workspace_id=workspace_id, user_id=theirs.id, role=Role.VIEWER, by=ours
            )
        assert await workspaces.list_members(tx, workspace_id=workspace_id) == []
        members = await workspaces.list_members(tx, workspace_id=other_workspace_id)
    assert [member.user_id for member in members] == [theirs.id]

"""Who belongs to a workspace, and as what. Owners alone are in charge of owners."""

from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.workspaces import queries
from mailgenius.product.workspaces.errors import AlreadyMember, LastOwner, OnlyOwners
from mailgenius.product.workspaces.model import Actor, Member, NewMember, Permission, Role
from mailgenius.product.workspaces.service.people import create_user, find_user, normal_email

_note: audit.Noting[Member] = audit.noting(lambda member: (member.user_id, member.email))


async def list_members(tx: Tx, *, workspace_id: int) -> list[Member]:
    """Return the members, owners first. Wants a trusted transaction, as everything here."""
    return await queries.list_members(tx, workspace_id=workspace_id)


async def add_member(tx: Tx, *, workspace_id: int, email: str, name: str, role: Role, by: Actor) -> NewMember:
    """Add a person, creating them when their e-mail address is new to the installation.

    Raises:
        AlreadyMember: they belong to the workspace already.
        OnlyOwners: somebody else than an owner tried to add an owner.
    """
    by.require(Permission.WORKSPACE_MANAGE)
    _guard_owners(by, role)
    email = normal_email(email)
    password = None
    user = await find_user(tx, email=email)
    if user is None:
        made = await create_user(tx, email=email, name=name)
        user, password = made.user, made.password
    if not await queries.insert_member(tx, workspace_id=workspace_id, user_id=user.id, role=role):
        raise AlreadyMember
    member = await queries.get_member(tx, workspace_id=workspace_id, user_id=user.id)
    await _note(
        tx, "member.added", member, workspace_id=workspace_id, role=role, new_account=password is not None
    )
    return NewMember(member=member, password=password)


async def change_role(tx: Tx, *, workspace_id: int, user_id: int, role: Role, by: Actor) -> Member:
    """Give a member another role. It holds from their next request on.

    Raises:
        LastOwner: the only owner would become something else.
        OnlyOwners: somebody else than an owner tried to make or unmake an owner.
    """
    by.require(Permission.WORKSPACE_MANAGE)
    owners = await queries.lock_owners(tx, workspace_id=workspace_id)
    member = await queries.get_member(tx, workspace_id=workspace_id, user_id=user_id)
    _guard_owners(by, role, member.role)
    if role is not Role.OWNER and owners == [user_id]:
        raise LastOwner
    await queries.set_role(tx, workspace_id=workspace_id, user_id=user_id, role=role)
    await _note(
        tx, "member.role_changed", member, workspace_id=workspace_id, role={"from": member.role, "to": role}
    )
    return await queries.get_member(tx, workspace_id=workspace_id, user_id=user_id)


async def remove_member(tx: Tx, *, workspace_id: int, user_id: int, by: Actor) -> None:
    """Take a person out of a workspace and end their sessions in it. Anybody may leave by themselves.

    Raises:
        LastOwner: the only owner would be gone.
        OnlyOwners: somebody else than an owner tried to remove an owner.
    """
    if by.user_id != user_id:
        by.require(Permission.WORKSPACE_MANAGE)
    owners = await queries.lock_owners(tx, workspace_id=workspace_id)
    member = await queries.get_member(tx, workspace_id=workspace_id, user_id=user_id)
    _guard_owners(by, member.role)
    if owners == [user_id]:
        raise LastOwner
    await queries.delete_member(tx, workspace_id=workspace_id, user_id=user_id)
    await queries.delete_sessions_in_workspace(tx, user_id=user_id, workspace_id=workspace_id)
    await _note(tx, "member.removed", member, workspace_id=workspace_id, role=member.role)


def _guard_owners(by: Actor, *roles: Role) -> None:
    """Stop an actor that is no owner, an API key among them, from touching owners."""
    if Role.OWNER in roles and by.role is not Role.OWNER:
        raise OnlyOwners

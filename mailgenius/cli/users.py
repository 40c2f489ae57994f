"""The commands `mailgenius user …`."""

from typing import Annotated

import typer

from mailgenius.cli.output import AsJson, show, show_rows
from mailgenius.cli.session import WorkspaceName, run, workspace_named
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import UserNotFound
from mailgenius.product.workspaces.model import Actor, Member, Permission, Role, User

app = typer.Typer(help="People who can sign in.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="E-mail address, with which the person signs in.")]


@app.command("create")
def create(
    email: Email,
    name: str = typer.Option("", help="Name of the person; the address when left out."),
    role: Role = typer.Option(Role.EDITOR, help="What they may do in the workspace."),
    workspace: WorkspaceName = "",
    as_json: AsJson = False,
) -> None:
    """Create a person and make them a member of a workspace. The password is shown once."""

    async def work(services: Services) -> dict[str, object]:
        async with services.db.trusted() as tx:
            found = await workspace_named(tx, workspace)
            added = await workspaces.add_member(
                tx,
                workspace_id=found.id,
                email=email,
                name=name or email.partition("@")[0],
                role=role,
                by=operator(found.id),
            )
            return {"user_id": added.member.user_id, "email": added.member.email, "role": added.member.role,
                    "workspace": found.name, "password": added.password}  # fmt: skip

    made = run(work)
    words = "They have an account already and keep their password."
    if made["password"]:
        words = f"Password: {made['password']} (shown once; changed at the first sign-in)"
    show(made, f"{made['email']} is {made['role']} of {made['workspace']}.\n{words}", as_json=as_json)


@app.command("list")
def list_members(workspace: WorkspaceName = "", as_json: AsJson = False) -> None:
    """List the members of a workspace."""

    async def work(services: Services) -> list[Member]:
        async with services.db.trusted() as tx:
            found = await workspace_named(tx, workspace)
            return await workspaces.list_members(tx, workspace_id=found.id)

    columns = {"user_id": "Id", "email": "E-mail", "name": "Name", "role": "Role"}
    show_rows(run(work), columns | {"last_sign_in_at": "Seen"}, as_json=as_json)


@app.command("reset-password")
def reset_password(email: Email, as_json: AsJson = False) -> None:
    """Give a person a new password, shown once, and sign them out everywhere."""

    async def work(services: Services) -> dict[str, object]:
        async with services.db.trusted() as tx:
            user = await person(tx, email)
            password = await workspaces.reset_password(tx, user_id=user.id)
            return {"user_id": user.id, "email": user.email, "password": password}

    changed = run(work)
    show(changed, f"New password of {changed['email']}: {changed['password']}", as_json=as_json)


async def person(tx: Tx, email: str) -> User:
    """Find somebody by address.

    Raises:
        UserNotFound: nobody has it.
    """
    user = await workspaces.find_user(tx, email=email)
    if user is None:
        raise UserNotFound
    return user


def operator(workspace_id: int) -> Actor:
    """Return the actor of the command line: who may run it on this machine may do everything."""
    return Actor(workspace_id=workspace_id, permissions=frozenset(Permission), role=Role.OWNER)

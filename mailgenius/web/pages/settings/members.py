"""Who belongs to the workspace: add people, change their role, remove them."""

from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.kit.errors import MailGeniusError
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import AlreadyMember
from mailgenius.product.workspaces.model import NewMember, Permission, Role
from mailgenius.web.forms.reading import FORM, FormReader, errors_of
from mailgenius.web.forms.settings import MEMBER_FIELDS, MemberForm
from mailgenius.web.i18n import N_, _
from mailgenius.web.templating import Flash
from mailgenius.web.visits import MEMBER, CurrentVisit, Page, Visit, needs

MEMBERS_PATH: Final = "/settings/members"

ROLE_TEXTS: Final = {
    Role.OWNER: N_("Everything, also other owners"),
    Role.ADMIN: N_("Everything but owners: members, keys, connections"),
    Role.EDITOR: N_("Leads, templates and campaigns, and sending"),
    Role.VIEWER: N_("Looks at everything, changes nothing"),
}


@get(MEMBERS_PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def members_page(visit: CurrentVisit) -> Page:
    async with visit.trusted() as tx:
        members = await workspaces.list_members(tx, workspace_id=visit.workspace_id)
    return visit.html(
        "settings/members.html",
        members=members,
        me=visit.user.id,
        revealed=visit.revealed,
        form=MemberForm(),
        errors={},
        **_role_choices(visit),
    )


@get(f"{MEMBERS_PATH}/new", opt=needs(Permission.WORKSPACE_MANAGE))
async def new_member_page(visit: CurrentVisit) -> Page:
    """The form of the dialog as a page of its own, for browsers without scripts."""
    return _form(visit, MemberForm(), {})


@post(MEMBERS_PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def add_member(visit: CurrentVisit) -> Page:
    form = MemberForm.read(await visit.request.form())
    errors = form.errors
    if errors:
        return _form(visit, form, errors)
    try:
        async with visit.trusted() as tx:
            added = await workspaces.add_member(
                tx,
                workspace_id=visit.workspace_id,
                email=form.email,
                name=form.name,
                role=form.role,
                by=visit.actor,
            )
    except MailGeniusError as error:
        default = "email" if isinstance(error, AlreadyMember) else FORM
        return _form(visit, form, errors_of(error, fields=MEMBER_FIELDS, default=default))
    return _added(visit, added)


@post(f"{MEMBERS_PATH}/{{user_id:int}}/role", opt=needs(Permission.WORKSPACE_MANAGE))
async def change_role(visit: CurrentVisit, user_id: FromPath[int]) -> Page:
    form = FormReader(await visit.request.form())
    role = form.choice("role", Role, default=Role.VIEWER)
    if form.errors or not form.raw("role"):
        return visit.redirect(MEMBERS_PATH, Flash("danger", _("Choose one of the list.")))
    async with visit.trusted() as tx:
        member = await workspaces.change_role(
            tx, workspace_id=visit.workspace_id, user_id=user_id, role=role, by=visit.actor
        )
    name = member.name or member.email
    return visit.redirect(MEMBERS_PATH, Flash("success", _("The role of %(name)s was changed.", name=name)))


@post(f"{MEMBERS_PATH}/{{user_id:int}}/remove", opt=MEMBER)
async def remove_member(visit: CurrentVisit, user_id: FromPath[int]) -> Page:
    """Take a person out. Anybody may leave; the rules ask for more when it is somebody else."""
    async with visit.trusted() as tx:
        await workspaces.remove_member(tx, workspace_id=visit.workspace_id, user_id=user_id, by=visit.actor)
    return visit.redirect(MEMBERS_PATH, Flash("success", _("The member was removed.")))


def _added(visit: Visit, added: NewMember) -> Page:
    name = added.member.name or added.member.email
    flash = Flash("success", _("%(name)s is a member now.", name=name))
    if added.password is None:
        return visit.redirect(MEMBERS_PATH, flash)
    reveal = {"email": added.member.email, "password": added.password}
    return visit.redirect(MEMBERS_PATH, flash, reveal=reveal)


def _form(visit: Visit, form: MemberForm, errors: dict[str, str]) -> Page:
    values = {"form": form, "errors": errors, **_role_choices(visit)}
    code = 422 if errors else 200
    if visit.page.is_htmx:
        return visit.block("settings/member_new.html", "form", code=code, **values)
    return visit.html("settings/member_new.html", code=code, **values)


def _role_choices(visit: Visit) -> dict[str, Any]:
    """The roles that this person may give: only owners make owners."""
    names = {
        Role.OWNER: _("Owner"),
        Role.ADMIN: _("Admin"),
        Role.EDITOR: _("Editor"),
        Role.VIEWER: _("Viewer"),
    }
    roles = [role for role in Role if role is not Role.OWNER or visit.actor.role is Role.OWNER]
    return {
        "roles": [(role, names[role]) for role in roles],
        "role_cards": [{"value": role, "title": names[role], "text": _(ROLE_TEXTS[role])} for role in roles],
        "is_owner": visit.actor.role is Role.OWNER,
    }


HANDLERS: Final = (members_page, new_member_page, add_member, change_role, remove_member)

"""Changing one's own password, as the first step of a newcomer and later in the profile."""

from mailgenius.kit.errors import Invalid
from mailgenius.product.workspaces import service as workspaces
from mailgenius.web.forms.auth import PASSWORD_FIELDS, PasswordForm
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.visits import Visit


async def change_own_password(visit: Visit) -> dict[str, str]:
    """Change it as the posted form says; return what is wrong, by field. Other browsers are signed out."""
    form = PasswordForm.read(await visit.request.form())
    if form.errors:
        return form.errors
    try:
        async with visit.trusted() as tx:
            await workspaces.change_password(
                tx, user_id=visit.user.id, current=form.current, new=form.new, token=visit.token
            )
    except Invalid as error:
        return errors_of(error, fields=PASSWORD_FIELDS)
    return {}

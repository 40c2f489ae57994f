"""One's own name, language, theme and password."""

from typing import Final

from litestar import get, post

from mailgenius.kit.errors import Invalid
from mailgenius.product.workspaces import service as workspaces
from mailgenius.web import i18n
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.forms.settings import PROFILE_FIELDS, ProfileForm
from mailgenius.web.i18n import LOCALE_NAMES, _
from mailgenius.web.pages.passwords import change_own_password
from mailgenius.web.templating import Flash
from mailgenius.web.visits import MEMBER, CurrentVisit, Page, Visit

PROFILE_PATH: Final = "/settings/profile"


@get(PROFILE_PATH, opt=MEMBER)
async def profile_page(visit: CurrentVisit) -> Page:
    return _profile(visit, ProfileForm.of(visit.user))


@post(PROFILE_PATH, opt=MEMBER)
async def save_profile(visit: CurrentVisit) -> Page:
    form = ProfileForm.read(await visit.request.form())
    errors = form.errors
    if not errors:
        try:
            async with visit.trusted() as tx:
                await workspaces.update_profile(
                    tx, user_id=visit.user.id, name=form.name, locale=form.locale, theme=form.theme
                )
        except Invalid as error:
            errors = errors_of(error, fields=PROFILE_FIELDS)
    if errors:
        return _profile(visit, form, errors)
    # The answer speaks the language that was just chosen.
    with i18n.use_locale(i18n.as_locale(form.locale) if form.locale else i18n.current_locale()):
        return visit.redirect(PROFILE_PATH, Flash("success", _("Profile saved.")))


@post(f"{PROFILE_PATH}/password", opt=MEMBER)
async def change_password(visit: CurrentVisit) -> Page:
    """Change the password; other browsers of this person are signed out."""
    errors = await change_own_password(visit)
    if errors:
        return _profile(visit, ProfileForm.of(visit.user), password_errors=errors)
    text = _("Your password is set. Other browsers were signed out.")
    return visit.redirect(PROFILE_PATH, Flash("success", text))


def _profile(
    visit: Visit,
    form: ProfileForm,
    errors: dict[str, str] | None = None,
    *,
    password_errors: dict[str, str] | None = None,
) -> Page:
    return visit.html(
        "settings/profile.html",
        code=422 if errors or password_errors else 200,
        form=form,
        errors=errors or {},
        password_errors=password_errors or {},
        locales=list(LOCALE_NAMES.items()),
    )


HANDLERS: Final = (profile_page, save_profile, change_password)

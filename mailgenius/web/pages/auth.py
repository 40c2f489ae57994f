"""Signing in and out, the first password, and what the frame's menus post: theme, language, workspace."""

from typing import Any, Final

from litestar import Router, get, post
from litestar.datastructures import Cookie

from mailgenius.kit.audit.model import unnoted
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import TooManyAttempts, WrongCredentials
from mailgenius.product.workspaces.model import LOCALES, THEMES
from mailgenius.web import security
from mailgenius.web.failures import NO_WORKSPACE_PATH, PASSWORD_PATH, SIGN_IN_PATH
from mailgenius.web.forms.auth import SignInForm
from mailgenius.web.forms.reading import FORM, FormReader
from mailgenius.web.i18n import _
from mailgenius.web.pages.passwords import change_own_password
from mailgenius.web.templating import Flash
from mailgenius.web.texts import message_of
from mailgenius.web.visits import ANYONE, NEWCOMER, SIGNED_IN, CurrentVisit, Page, Visit

WELCOME_PATH: Final = "/welcome"


@get(SIGN_IN_PATH, opt=ANYONE)
async def sign_in_page(visit: CurrentVisit) -> Page:
    next_path = security.safe_path(visit.asked("next"))
    if visit.session is not None:
        return visit.redirect(next_path)
    return visit.html("auth/sign_in.html", form=SignInForm(), next_path=next_path)


@post(SIGN_IN_PATH, opt=ANYONE | unnoted("leaves entries of its own, also when it fails"))
async def sign_in(visit: CurrentVisit) -> Page:
    posted = await visit.request.form()
    form = SignInForm.read(posted)
    next_path = security.safe_path(FormReader(posted).raw("next"))
    if form.errors:
        return _sign_in_again(visit, form, next_path, form.errors)
    settings = visit.services.settings
    try:
        started = await workspaces.sign_in(
            visit.db,
            email=form.email,
            password=form.password,
            ip=security.client_ip(visit.request, settings),
            user_agent=visit.request.headers.get("user-agent", ""),
        )
    except (WrongCredentials, TooManyAttempts) as error:
        return _sign_in_again(visit, form, next_path, {FORM: message_of(error)})
    if visit.token:
        # Signing in anew ends the session that this browser had: its id must not live on.
        async with visit.trusted() as tx:
            await workspaces.sign_out(tx, token=visit.token)
    path = PASSWORD_PATH if started.session.user.must_change_password else next_path
    return visit.redirect(
        path,
        cookies=[
            security.session_cookie(started.token, settings),
            security.no_cookie(security.GUEST_COOKIE, settings),
        ],
    )


@post("/sign-out", opt=NEWCOMER)
async def sign_out(visit: CurrentVisit) -> Page:
    async with visit.trusted() as tx:
        await workspaces.sign_out(tx, token=visit.token)
    return visit.redirect(
        SIGN_IN_PATH, cookies=[security.no_cookie(security.SESSION_COOKIE, visit.services.settings)]
    )


@get(PASSWORD_PATH, opt=NEWCOMER)
async def password_page(visit: CurrentVisit) -> Page:
    if not visit.user.must_change_password:
        return visit.redirect("/settings/profile")
    return visit.html("auth/password.html", errors={})


@post(PASSWORD_PATH, opt=NEWCOMER)
async def choose_password(visit: CurrentVisit) -> Page:
    """The first password of one's own. Later changes are made in the profile."""
    errors = await change_own_password(visit)
    if errors:
        return visit.html("auth/password.html", code=422, errors=errors)
    return visit.redirect(WELCOME_PATH, Flash("success", _("Your password is set.")))


@get(NO_WORKSPACE_PATH, opt=SIGNED_IN)
async def no_workspace(visit: CurrentVisit) -> Page:
    if visit.workspace is not None:
        return visit.redirect("/")
    return visit.html("auth/no_workspace.html", may_create=visit.user.installation_owner)


@post("/preferences", opt=ANYONE | unnoted("how the pages look to one person"))
async def preferences(visit: CurrentVisit) -> Page:
    """Theme and language, posted by the menus of the frame. A guest's language lives in a cookie."""
    form = FormReader(await visit.request.form())
    path = security.safe_path(form.raw("next"))
    locale, theme = form.raw("locale"), form.raw("theme")
    cookies: list[Cookie] = []
    if visit.session is None:
        if locale in LOCALES:
            cookies.append(security.locale_cookie(locale, visit.services.settings))
    else:
        user = visit.user
        async with visit.trusted() as tx:
            await workspaces.update_profile(
                tx,
                user_id=user.id,
                name=user.name,
                locale=locale if locale in LOCALES else user.locale,
                theme=theme if theme in THEMES else user.theme,
            )
    if visit.page.is_htmx:
        return visit.nothing()
    return visit.redirect(path, cookies=cookies)


@post("/workspace", opt=SIGNED_IN)
async def switch_workspace(visit: CurrentVisit) -> Page:
    """Go to another workspace. It opens on the dashboard: the page at hand belongs to the old one."""
    form = FormReader(await visit.request.form())
    for workspace_id in form.ids("workspace_id"):
        async with visit.trusted() as tx:
            await workspaces.switch_workspace(tx, token=visit.token, workspace_id=workspace_id)
    return visit.redirect("/")


def _sign_in_again(visit: Visit, form: SignInForm, next_path: str, errors: dict[str, Any]) -> Page:
    code = 422 if FORM not in errors else 401
    shown = SignInForm(email=form.email, errors=errors)
    return visit.html("auth/sign_in.html", code=code, form=shown, next_path=next_path)


router = Router(
    "/",
    route_handlers=[
        sign_in_page,
        sign_in,
        sign_out,
        password_page,
        choose_password,
        no_workspace,
        preferences,
        switch_workspace,
    ],
)

"""Sessions, cross-site checks, headers, redirects and errors of the screens."""

import re

import pytest
from litestar import Litestar

from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Role
from mailgenius.web import notes, security
from mailgenius.web.templating import Flash
from tests.factories.workspaces import PASSWORD
from tests.web.browser import ORIGIN, Browser, location
from tests.web.conftest import SignedIn, add_person


async def test_every_answer_carries_the_policy_and_a_fresh_nonce(guest: Browser):
    first, second = await guest.get("/sign-in"), await guest.get("/nothing-here")
    assert (first.status_code, second.status_code) == (200, 404)
    nonces = set()
    for answer in (first, second):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy.split("style-src-attr")[0]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        nonces.add(re.search(r"'nonce-([^']+)'", policy)[1])
    assert len(nonces) == 2
    assert (
        f'content="{re.search(r"nonce-([^@]+?).;", first.headers["content-security-policy"])[1]}"'
        in first.text
    )


async def test_pages_send_strangers_to_sign_in_and_back(
    guest: Browser, services: Services, workspace_id: int
):
    await add_person(services, workspace_id, email="ana@example.test", role=Role.OWNER)
    path = location(await guest.get("/settings/profile?tab=1"))
    assert path == "/sign-in?next=%2Fsettings%2Fprofile%3Ftab%3D1"
    page = await guest.get(path)
    assert 'name="next" value="/settings/profile?tab=1"' in page.text
    answer = await guest.post(
        "/sign-in", {"email": "Ana@example.test ", "password": PASSWORD, "next": "/settings/profile?tab=1"}
    )
    assert location(answer) == "/settings/profile?tab=1"
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("mg_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


async def test_a_fragment_without_a_session_says_401(guest: Browser):
    assert (await guest.get("/settings/profile", htmx=True)).status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.test",
        "https://evil.test/",
        "/\\evil.test",
        "evil",
        "/ok\r\nX: 1",
        "javascript:alert(1)",
        "/\tx",
    ],
)
def test_redirects_stay_on_this_site(wanted: str):
    assert security.safe_path(wanted) == "/"


def test_own_paths_are_kept():
    assert security.safe_path("/leads?search=a%20b&tag=x") == "/leads?search=a%20b&tag=x"


async def test_a_wrong_password_tells_nothing(guest: Browser, services: Services, workspace_id: int):
    await add_person(services, workspace_id, email="ana@example.test", role=Role.OWNER)
    texts = []
    for email in ("ana@example.test", "nobody@example.test"):
        await guest.get("/sign-in")
        answer = await guest.post("/sign-in", {"email": email, "password": "wrong password"})
        assert answer.status_code == 401
        texts.append(re.sub(r"nonce-\S+|content=\S+|value=\S+", "", answer.text))
    assert texts[0] == texts[1]
    assert "mg_session" not in guest.client.cookies


async def test_guessing_is_slowed_down(guest: Browser):
    await guest.get("/sign-in")
    for _ in range(10):
        await guest.post("/sign-in", {"email": "ana@example.test", "password": "wrong"})
    answer = await guest.post("/sign-in", {"email": "ana@example.test", "password": "wrong"})
    assert "Too many failed attempts" in answer.text


async def test_signing_in_makes_a_new_session_and_ends_the_old(signed_in: SignedIn, services: Services):
    browser = await signed_in(Role.OWNER)
    old = browser.client.cookies["mg_session"]
    await browser.post("/sign-in", {"email": "owner1@example.test", "password": PASSWORD})
    assert browser.client.cookies["mg_session"] != old
    async with services.db.trusted() as tx:
        assert await workspaces.session_of(tx, token=old) is None


async def test_signing_out_ends_the_session(signed_in: SignedIn, services: Services):
    browser = await signed_in(Role.VIEWER)
    token = browser.client.cookies["mg_session"]
    assert location(await browser.post("/sign-out")) == "/sign-in"
    async with services.db.trusted() as tx:
        assert await workspaces.session_of(tx, token=token) is None


@pytest.mark.parametrize("token", ["", "wrong", "x" * 43])
async def test_a_form_without_its_token_is_refused(signed_in: SignedIn, token: str):
    browser = await signed_in(Role.OWNER)
    browser.token = token
    answer = await browser.post("/preferences", {"theme": "dark"})
    assert answer.status_code == 403
    assert "another site" in answer.text


async def test_the_token_of_another_session_is_refused(signed_in: SignedIn):
    one, two = await signed_in(Role.OWNER), await signed_in(Role.OWNER)
    one.token = two.token
    assert (await one.post("/preferences", {"theme": "dark"})).status_code == 403


async def test_sign_in_itself_is_held_to_the_browser_that_asked(app: Litestar, guest: Browser):
    stranger = Browser(app)
    async with stranger.client:
        await stranger.get("/sign-in")
        await guest.get("/sign-in")
        guest.token = stranger.token
        answer = await guest.post("/sign-in", {"email": "a@b.test", "password": "x"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_cannot_post(signed_in: SignedIn, headers: dict[str, str]):
    browser = await signed_in(Role.OWNER)
    answer = await browser.post("/preferences", {"theme": "dark"}, headers=headers)
    assert answer.status_code == 403


async def test_a_proxied_host_is_ours_by_the_base_url(services: Services, signed_in: SignedIn):
    browser = await signed_in(Role.OWNER)
    origin = services.settings.base_url
    assert origin != ORIGIN
    answer = await browser.post("/preferences", {"theme": "dark"}, headers={"Origin": origin})
    assert location(answer) == "/"


async def test_htmx_sends_the_token_as_a_header(signed_in: SignedIn):
    browser = await signed_in(Role.OWNER)
    assert (await browser.post("/preferences", {"theme": "dark"}, htmx=True)).status_code == 204
    assert 'data-theme="dark"' in (await browser.get("/settings/profile")).text


async def test_a_given_password_must_be_changed_before_anything_else(
    guest: Browser, services: Services, workspace_id: int
):
    async with services.db.trusted() as tx:
        made = await workspaces.ensure_owner(tx)
    assert made is not None
    await guest.get("/sign-in")
    answer = await guest.post("/sign-in", {"email": made.user.email, "password": made.password})
    assert location(answer) == "/password"
    assert location(await guest.get("/settings")) == "/password"
    assert (await guest.get("/settings", htmx=True)).headers["hx-redirect"] == "/password"
    await guest.get("/password")
    short = await guest.post("/password", {"current": made.password, "new": "short", "again": "short"})
    assert short.status_code == 422
    assert "At least 10 characters" in short.text
    wrong = await guest.post("/password", {"current": "no", "new": PASSWORD, "again": PASSWORD})
    assert "The current password is wrong" in wrong.text or "Is wrong." in wrong.text
    differ = await guest.post("/password", {"current": made.password, "new": PASSWORD, "again": "other"})
    assert "The two passwords differ." in differ.text
    done = await guest.post("/password", {"current": made.password, "new": PASSWORD, "again": PASSWORD})
    assert location(done) == "/welcome"


async def test_a_person_without_a_workspace_is_told_so(app: Litestar, guest: Browser, services: Services):
    async with services.db.trusted() as tx:
        await workspaces.create_user(
            tx, email="lone@example.test", name="Lone", password=PASSWORD, must_change_password=False
        )
    await guest.get("/sign-in")
    await guest.post("/sign-in", {"email": "lone@example.test", "password": PASSWORD})
    assert location(await guest.get("/")) == "/no-workspace"
    assert "lone@example.test" in (await guest.get("/no-workspace")).text


async def test_every_route_says_who_may_come_in(app: Litestar):
    for route in app.routes:
        for handler in route.route_handlers:
            if handler.http_methods == {"OPTIONS"}:
                continue
            assert handler.opt.get("access") or handler.opt.get("no_visit"), route.path


async def test_pages_speak_the_language_of_the_browser_or_of_the_person(
    app: Litestar, guest: Browser, signed_in: SignedIn
):
    assert 'lang="pt-BR"' in (await guest.client.get("/sign-in", headers={"Accept-Language": "pt"})).text
    await guest.get("/sign-in")
    await guest.post("/preferences", {"locale": "pt_BR", "next": "/sign-in"})
    assert 'lang="pt-BR"' in (await guest.get("/sign-in")).text
    browser = await signed_in(Role.VIEWER)
    await browser.post("/preferences", {"locale": "pt_BR", "next": "/settings/profile"})
    assert 'lang="pt-BR"' in (await browser.get("/settings/profile")).text


async def test_a_person_goes_only_to_their_own_workspaces(signed_in: SignedIn, other_workspace_id: int):
    browser = await signed_in(Role.OWNER)
    answer = await browser.post("/workspace", {"workspace_id": str(other_workspace_id)})
    assert answer.status_code == 404


async def test_static_files_are_kept_for_ever_and_compressed(guest: Browser):
    page = await guest.get("/sign-in")
    path = re.search(r'href="(/static/dist/app-[^"]+\.css)"', page.text)[1]
    answer = await guest.client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/css")
    assert (await guest.get("/static/favicon.svg")).status_code == 200
    for missing in ("/static/dist/none.js", "/static/dist/..%2f..%2fapp.py", "/static/dist/.."):
        assert (await guest.get(missing)).status_code == 404


def test_notes_are_read_only_by_their_session(services: Services):
    sealed = notes.seal([Flash("success", "Saved.")], {"key": "mgk_1"}, keys=services.keys, owner="a")
    assert notes.unseal(sealed, keys=services.keys, owner="a").revealed == {"key": "mgk_1"}
    for text, owner in ((sealed, "b"), ("", "a"), ("!!", "a"), (sealed[:-4], "a")):
        assert notes.unseal(text, keys=services.keys, owner=owner) == notes.NONE

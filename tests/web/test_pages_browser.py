"""The pages in a real browser: accessible, inside the content policy, inside the screen, and alive."""

import asyncio
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from mailgenius.kit.config import Settings
from mailgenius.kit.jobs import JobContext
from mailgenius.product.imports import jobs as imports_jobs
from mailgenius.web import assets
from tests.web import samples
from tests.web.serving import services_of, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    "/", "/leads", "/leads?search=nobody", "/leads/5", "/leads/5/merge", "/leads/5/merge/6",
    "/leads/new", "/imports", "/imports/1", "/imports/2",
    "/imports/3", "/imports/new", "/settings", "/settings/members", "/settings/api-keys", "/settings/profile",
    "/settings/workspaces", "/settings/activity", "/settings/sending", "/settings/domains/1", "/connections",
    "/welcome", "/welcome/workspace",
    "/operations", "/dead-letters", "/suppressions", "/suppressions/new",
    "/forms", "/forms/new", "/forms/1",
    "/segments", "/segments/new", "/exports/new", "/settings/fields", "/settings/fields/new",
    "/settings/privacy", "/leads/5/erase",
    "/settings/topics", "/settings/topics/1",
)  # fmt: skip
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def settings(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    name = f"browser_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template STRATEGY file_copy")
    url = server.replace("/mailgenius?", f"/{name}?")
    yield Settings(home=tmp_path_factory.mktemp("home"), database_url=url, secret_key=b"k" * 32)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def base(settings: Settings) -> Iterator[str]:
    with serving(settings, samples.fill) as address:
        yield address


@pytest.fixture(scope="module")
def state(chromium: Browser, base: str) -> dict:
    """The cookies of the owner, signed in by hand."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{base}/leads")
    page.get_by_label("E-mail address").fill(samples.OWNER)
    page.locator("#f-password").fill(samples.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{base}/leads")
    found = context.storage_state()
    context.close()
    return found


@pytest.fixture(scope="module")
def owner(chromium: Browser, base: str, state: dict) -> Iterator[BrowserContext]:
    with chromium.new_context(base_url=base, storage_state=state, viewport=DESKTOP) as context:
        yield context


@pytest.mark.timeout(600)
def test_pages_are_accessible_and_fit(chromium: Browser, base: str, state: dict):
    axe = (assets.SOURCE_DIR / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    problems: list[str] = []
    with chromium.new_context(base_url=base, storage_state=state, reduced_motion="reduce") as context:
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and problems.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: problems.append(str(error)))
        for path in PAGES:
            page.goto(path)
            page.evaluate(axe)
            for viewport, theme in ((PHONE, "dark"), (DESKTOP, "light")):
                page.set_viewport_size(viewport)
                page.emulate_media(color_scheme=theme)
                problems += [f"{path}, {theme}: {each}" for each in troubles(page)]
    assert problems == []


def troubles(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than the screen, when the last change is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [
        *(f"{each['id']} {each['nodes'][0]['html'][:120]}" for each in found),
        *(["wider than the screen"] if wide else []),
    ]


def test_search_as_one_types(owner: BrowserContext):
    page = owner.new_page()
    page.goto("/leads")
    page.get_by_label("Search leads").type("assunc", delay=30)
    expect(page.locator("#results tbody tr").first).to_contain_text("Assunção")
    expect(page).to_have_url(re.compile(r"/leads\?search=assunc&"))
    page.get_by_label("Search leads").fill("zzz")
    expect(page.get_by_text("No lead matches")).to_be_visible()
    page.close()


def test_acts_on_many_ask_first(owner: BrowserContext):
    page = owner.new_page()
    page.goto("/leads")
    for row in (1, 2):
        page.locator("tbody tr").nth(row).locator("input[data-bulk-row]").check()
    page.get_by_role("button", name="Tags").click()
    page.locator("#bulk-tags-field").fill("chosen ones")
    page.get_by_role("button", name="Add tags").click()
    expect(page.locator("#mg-toasts")).to_contain_text("2 leads tagged.")
    page.locator("tbody tr").nth(1).locator("input[data-bulk-row]").check()
    page.locator("#leads-bulk").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Delete the chosen leads?")).to_be_visible()
    page.locator("#mg-confirm").get_by_role("button", name="Delete").click()
    expect(page.locator("#mg-toasts")).to_contain_text("1 lead deleted.")
    page.close()


def test_menus_and_many_work_without_scripts(chromium: Browser, base: str):
    with chromium.new_context(base_url=base, viewport=DESKTOP, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/leads")
        page.get_by_label("E-mail address").fill(samples.OWNER)
        page.locator("#f-password").fill(samples.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.locator("tbody tr").nth(4).locator("input[data-bulk-row]").check()
        page.locator("#leads-bulk").get_by_role("button", name="Blocked").click()
        expect(page.get_by_text("Status of 1 lead changed.")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#f-password")).to_be_visible()


def test_a_dialog_shows_its_errors_and_then_goes_on(owner: BrowserContext):
    page = owner.new_page()
    page.goto("/leads")
    page.get_by_role("link", name="Add lead").click()
    dialog = page.locator("#new-lead")
    dialog.get_by_label("E-mail address").fill("not an address")
    dialog.get_by_role("button", name="Add lead").click()
    expect(dialog.get_by_text("is not an e-mail address")).to_be_visible()
    dialog.get_by_label("E-mail address").fill("fresh@acme.test")
    dialog.get_by_role("button", name="Add lead").click()
    page.wait_for_url("**/leads/*")
    expect(page.locator("#mg-toasts")).to_contain_text("Lead added.")
    page.close()


def test_a_dialog_goes_to_its_first_field_unless_a_person_was_faster(owner: BrowserContext):
    page = owner.new_page()
    page.goto("/leads")
    page.get_by_role("link", name="Add lead").click()
    expect(page.locator("#new-name")).to_be_focused()
    page.reload()
    page.evaluate("""() => new Promise((done) => {
        const dialog = document.getElementById("new-lead");
        dialog.addEventListener("shown.bs.modal", () => setTimeout(done));
        document.querySelector("[data-bs-target='#new-lead']").click();
        const reach = () => dialog.style.display === "block"
            ? document.getElementById("new-email").focus()
            : requestAnimationFrame(reach);
        reach();
    })""")
    expect(page.locator("#new-email")).to_be_focused()
    page.close()


def test_a_role_changes_at_once(owner: BrowserContext):
    page = owner.new_page()
    page.goto("/settings/members")
    page.get_by_label("Role of Lia Prado").select_option("viewer")
    expect(page.locator("#mg-toasts")).to_contain_text("The role of Lia Prado was changed.")
    page.close()


def test_the_wizard_watches_an_import_to_its_report(
    owner: BrowserContext, settings: Settings, tmp_path: Path
):
    file = tmp_path / "feira.csv"
    rows = "".join(f"Pessoa {n},pessoa{n}@feira.test,Natal\n" for n in range(3000))
    file.write_text(f"Nome,E-mail,Cidade\n{rows}Ruim,ruim@,Natal\n")
    page = owner.new_page()
    page.goto("/imports/new")
    # The second chunk is lost on its way: the script asks how far the file is, and goes on from there.
    sent: list[int] = []

    def lose_one(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(int(route.request.headers["upload-offset"]))
        if len(sent) == 2 and route.request.method == "PATCH":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/imports/uploads/*", lose_one)
    page.locator("form[data-upload]").evaluate("form => form.dataset.uploadChunk = 65536")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload and continue").click()
    page.wait_for_url("**/imports/new/*")
    assert sent == [0, 65536, 65536]
    expect(page.get_by_label("E-mail goes to")).to_have_value("email")
    page.get_by_role("button", name="Start import").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    # In a thread of its own: Playwright has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, run_import(settings, int(page.url.split("/")[-1]))).result()
    expect(page.get_by_text("Import finished")).to_be_visible()
    expect(page.get_by_text("“ruim@” is not an e-mail address.")).to_be_visible()
    page.close()


async def run_import(settings: Settings, import_id: int) -> None:
    async with services_of(settings) as services:
        context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
        await imports_jobs.run(context, workspace_id=1, import_id=import_id)

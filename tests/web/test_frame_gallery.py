"""The gallery in a real browser under the real content policy: accessible, nothing refused, it fits.

Screenshots of every page go to tests/artifacts/frame, to be looked at after a change of the look.
"""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from mailgenius.web import assets
from tests.web.frame_pages import PAGES, serving

pytestmark = pytest.mark.browser

ARTIFACTS = Path(__file__).parents[1] / "artifacts" / "frame"
CHROMIUM = "/usr/bin/chromium"
SIZES = {"desktop": (1280, 900), "phone": (375, 812), "small": (360, 640)}


@pytest.fixture(scope="module")
def base():
    with serving() as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def axe():
    return (assets.SOURCE_DIR / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", SIZES)
def test_a_page_is_accessible_and_fits(base, browser, axe, path, size):
    page, complaints = open_page(browser, f"{base}{path}?theme=auto", size=size)
    name = path.strip("/").replace("/", "-")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    try:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(300)
            page.screenshot(path=ARTIFACTS / f"{name}-{size}-{theme}.png", full_page=True)
            assert complaints == []
            assert overflowing(page) == []
            # The smallest screen differs from the phone in width only, which axe does not look at.
            assert size == "small" or serious(page, axe) == []
    finally:
        page.context.close()


def test_portuguese_fits_too(base, browser, axe):
    page, complaints = open_page(browser, f"{base}/leads?locale=pt_BR", size="small")
    assert complaints == []
    assert overflowing(page) == []
    assert page.get_by_role("link", name="Painel").count() == 0  # The drawer is closed on a phone.
    assert page.get_by_role("button", name="Mais", exact=True).is_visible()
    page.context.close()


def open_page(browser: Browser, url: str, *, size: str) -> tuple[Page, list[str]]:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: line.type in {"error", "warning"} and complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    return page, complaints


def overflowing(page: Page) -> list[str]:
    """What sticks out at the right, when the page can be scrolled sideways."""
    return page.evaluate(
        """() => {
          const root = document.documentElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          return [...document.querySelectorAll("body *")]
            .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1)
            .map((element) => `${element.tagName}.${element.className}`);
        }"""
    )


def serious(page: Page, axe: str) -> list[str]:
    """What axe-core calls serious or critical, with the first place of each."""
    # Through the debugger, because the content policy refuses scripts that are not ours.
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": axe})
    answer = session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run().then((found) => JSON.stringify(found.violations))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    return [
        f"{found['id']}: {found['nodes'][0]['target']} {found['nodes'][0]['failureSummary']}"
        for found in json.loads(answer["result"]["value"])
        if found["impact"] in {"serious", "critical"}
    ]

"""The gallery in a real browser under the real content policy: accessible, nothing refused, it fits.

With MAILGENIUS_SCREENSHOTS=folder the pictures of every page go there, to be looked at after a change of
the look.
"""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mailgenius.web import assets
from tests.web.frame_pages import PAGES, serving

pytestmark = pytest.mark.browser

ARTIFACTS = os.environ.get("MAILGENIUS_SCREENSHOTS")
SIZES = {"desktop": (1280, 900), "phone": (375, 812), "small": (360, 640)}
# Each size and each theme once: axe judges colours by theme and what is shown by size.
LOOKED_AT_BY_AXE = {("desktop", "light"), ("phone", "dark")}


@pytest.fixture(scope="module")
def base():
    with serving() as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def axe():
    return (assets.SOURCE_DIR / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits(base, chromium, axe, path):
    page, complaints = open_page(chromium, f"{base}{path}?theme=auto", size="desktop")
    try:
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                look(page, f"{path.strip('/').replace('/', '-')}-{size}-{theme}")
                assert overflowing(page) == []
                if (size, theme) in LOOKED_AT_BY_AXE:
                    assert serious(page, axe) == []
        assert complaints == []
    finally:
        page.context.close()


def look(page: Page, name: str) -> None:
    """Let a change of size or theme be drawn, and keep a picture where somebody asked for them."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    if ARTIFACTS:
        page.wait_for_timeout(300)
        page.screenshot(path=Path(ARTIFACTS) / f"{name}.png", full_page=True)


def test_portuguese_fits_too(base, chromium, axe):
    page, complaints = open_page(chromium, f"{base}/leads?locale=pt_BR", size="small")
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
    page.goto(url)
    drawn(page)
    page.evaluate("document.fonts.ready")
    return page, complaints


def drawn(page: Page) -> None:
    """Wait for what a page fetches only when it needs it: charts and editors."""
    expect(page.locator("[data-chart] [data-part=canvas]:not(:has(canvas))")).to_have_count(0)
    expect(page.locator(".cm-editor")).to_have_count(page.locator("textarea[data-editor]").count())


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

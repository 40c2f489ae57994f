"""A person's browser on a whole installation, and the first thing that a person does there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from tests.chromium import launched
from tests.journeys.installation import Running

PATIENCE_MS = 60_000
PASSWORD = "a password of my own"


@contextmanager
def browsing() -> Iterator[Page]:
    """Open a page that does not call itself headless: one that does is counted as a machine."""
    with launched() as chromium:
        agent = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{chromium.version} Safari/537.36"
        context = chromium.new_context(
            locale="en-GB", viewport={"width": 1280, "height": 900}, user_agent=agent
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield context.new_page()


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def sign_in(page: Page, installation: Running) -> None:
    """The first password must be changed before anything else."""
    owner = installation.first_owner
    assert owner is not None
    page.goto(f"{installation.address}/leads")
    page.fill("[name=email]", owner["email"])
    page.fill("[name=password]", owner["password"])
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/password*")
    page.fill("[name=current]", owner["password"])
    page.fill("[name=new]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.press("[name=again]", "Enter")
    page.wait_for_url(re.compile(r"^(?!.*/password).*$"))

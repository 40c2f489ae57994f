"""A newcomer in a real browser: sign in, import, write, launch, watch, open, click, see the report change."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import browsing, main, sign_in
from tests.journeys.installation import Running, running

pytestmark = pytest.mark.browser

ROWS = 40
CSV = "Nome;E-mail;Cidade;Etiquetas\n" + "".join(
    f"Conceição {n};pessoa{n}@example.com;São Paulo;newsletter\n" for n in range(ROWS)
) + "Sem endereço;isto não é um e-mail;Recife;\n"  # fmt: skip


@pytest.fixture
def page():
    with browsing() as opened:
        yield opened


def test_from_first_sign_in_to_a_report_that_moves(page: Page, tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    with running(home) as installation:
        sign_in(page, installation)
        import_leads(page, installation, tmp_path)
        connect(page, installation)
        write_template(page, installation)
        launch(page, installation)
        watch_the_report_move(page, installation)
        assert installation.stop() == 0


def import_leads(page: Page, installation: Running, folder: Path) -> None:
    """Upload a file, keep the guessed mapping, and read the report."""
    file = folder / "leads.csv"
    file.write_text(CSV, encoding="utf-8")
    page.goto(f"{installation.address}/imports/new")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Upload and continue").click()
    main(page).get_by_role("button", name="Start import").click()
    expect(main(page)).to_contain_text("isto não é um e-mail")
    page.goto(f"{installation.address}/leads")
    expect(main(page)).to_contain_text(f"{ROWS} leads")


def connect(page: Page, installation: Running) -> None:
    page.goto(f"{installation.address}/connections/new")
    page.check("[name=provider][value=sandbox]")
    page.get_by_role("button", name="Continue").click()
    page.fill("[name=name]", "My sandbox")
    page.get_by_role("button", name="Save connection").click()
    expect(main(page)).to_contain_text("My sandbox")


def write_template(page: Page, installation: Running) -> None:
    """Begin with an example, change what it says, and see the first lead's name in the preview."""
    page.goto(f"{installation.address}/templates/new?from=blank")
    page.fill("[name=name]", "Welcome")
    page.fill("[name=subject]", "Welcome, {{ lead.name }}")
    page.check("[name=syntax][value=html]")
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.insert_text(
        "<h1>Olá {{ lead.name }}</h1>"
        f'<p><a href="{installation.address}/healthz?from=mail">See the offer</a></p>'
        '<p><a href="{{ unsubscribe_url }}">Leave</a></p>'
    )
    preview = page.frame_locator("#template-preview")
    expect(preview.get_by_role("heading")).to_contain_text("Olá Conceição")
    main(page).get_by_role("button", name="Save template").click()
    page.wait_for_url(re.compile(r"/templates/\d+$"))


def launch(page: Page, installation: Running) -> None:
    """Compose, review, launch with a confirmation, and watch it finish without loading the page again."""
    page.goto(f"{installation.address}/campaigns/new")
    page.fill("[name=name]", "First campaign")
    page.select_option("[name=template_id]", label="Welcome")
    page.fill("[name=sender_email]", "news@example.com")
    page.get_by_role("button", name="Save and review").click()
    expect(main(page)).to_contain_text("Everything is in place")
    main(page).get_by_role("button", name="Launch").click()
    page.get_by_role("dialog").get_by_role("button", name="Launch").click()
    expect(main(page)).to_contain_text("Finished")
    expect(page.locator("#stat-sent")).to_contain_text(str(ROWS))


def watch_the_report_move(page: Page, installation: Running) -> None:
    """Open and click a message in the outbox in another tab; the report here changes by itself."""
    expect(page.locator("#stat-opened")).to_contain_text("0")
    recipient = page.context.new_page()
    recipient.goto(f"{installation.address}/outbox")
    main(recipient).get_by_role("link", name="Welcome, Conceição").first.click()
    message = recipient.frame_locator("#message-frame")
    expect(message.get_by_role("heading")).to_contain_text("Olá Conceição")
    with recipient.expect_popup() as opened:
        message.get_by_role("link", name="See the offer").click()
    opened.value.wait_for_url("**from=mail*")
    expect(page.locator("#stat-opened")).to_contain_text(re.compile(r"\b1\b"))
    expect(page.locator("#stat-clicked")).to_contain_text(re.compile(r"\b1\b"))
    expect(main(page)).to_contain_text("1 click")

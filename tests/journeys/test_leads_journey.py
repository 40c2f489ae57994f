"""A long list in a real browser: sent in pieces, tried, imported, mended, cut into a segment, tagged.

JOURNEY_ROWS makes the list longer, and JOURNEY_SHOTS names a folder for a picture of each step.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.journeys.browsing import browsing, main, sign_in
from tests.journeys.installation import Running, running

ROWS = int(os.environ.get("JOURNEY_ROWS", "20000"))
SHOTS = os.environ.get("JOURNEY_SHOTS", "")
LONG_MS = 60_000 + ROWS * 3
"""For what the whole list goes through, on a machine with other things to do."""
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240 + ROWS // 100)]

HEADER = "Código;Nome;E-mail;Celular;Cidade;Idade;Observação"
CITIES = ("São Paulo", "Recife", "Belém", "Goiânia")
WRONG_EVERY = 1_000
WRONG = ROWS // WRONG_EVERY
"""Rows whose address lacks its sign."""
THERE = ROWS // len(CITIES)
"""Rows of each city."""
NOTE = "Prefere ser chamada à tarde, já é cliente há três anos, e indicou a irmã"
LOOKS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]


def row(number: int) -> str:
    sign = "(at)" if number % WRONG_EVERY == 1 else "@"
    phone = f"(11) 9{number // 10_000:04d}-{number % 10_000:04d}"
    city, age = CITIES[number % len(CITIES)], 18 + number % 60
    return f"C{number};Conceição {number};pessoa{number}{sign}example.com;{phone};{city};{age};{NOTE}"


def look(page: Page, step: str) -> None:
    """Take a picture of where we are, in each size and light, when asked to."""
    if not SHOTS:
        return
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=Path(SHOTS, f"{step}-{width}-{scheme}.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def test_a_long_list_from_its_file_to_a_tagged_segment(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    file = tmp_path / "clientes.csv"
    file.write_text("\r\n".join([HEADER, *map(row, range(ROWS))]) + "\r\n", encoding="cp1252")
    with browsing() as page, running(home) as installation:
        sign_in(page, installation)
        send_in_pieces(page, installation, file)
        correct_the_columns(page)
        see_what_would_happen(page)
        rejected = import_it(page)
        mend(page, installation, rejected, tmp_path / "corrigidos.csv")
        build_a_segment(page, installation)
        tag_them(page)
        assert installation.stop() == 0


def send_in_pieces(page: Page, installation: Running, file: Path) -> None:
    """The page sends two megabytes at a time, as the protocol of resumable uploads says."""
    pieces: list[str] = []
    page.on("request", lambda request: pieces.append(request.url) if request.method == "PATCH" else None)
    page.goto(f"{installation.address}/imports/new")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Upload and continue").click()
    page.wait_for_url(re.compile(r"/imports/new/.+"), timeout=LONG_MS)
    assert len(pieces) == -(-file.stat().st_size // (2 << 20)) > 1
    assert len(set(pieces)) == 1


def correct_the_columns(page: Page) -> None:
    """What was guessed is right but for the notes; the age becomes a new field of numbers."""
    guessed = [page.locator(f"#column-{place}").input_value() for place in range(7)]
    assert guessed == [
        "external_id", "name", "email", "phone", "field:cidade", "field:idade", "field:observacao",
    ]  # fmt: skip
    expect(main(page)).to_contain_text("São Paulo · Recife")
    page.locator("#column-6").select_option("skip")
    expect(page.locator("[name=type-5]")).to_have_value("number")
    page.locator("[name=label-5]").fill("Age")
    look(page, "1-columns")


def see_what_would_happen(page: Page) -> None:
    page.get_by_role("button", name="See first what would happen").click()
    expect(main(page)).to_contain_text("This is what would happen", timeout=LONG_MS)
    numbers(page, {"Rows read": ROWS, "New leads": ROWS - WRONG, "Rejected": WRONG})
    look(page, "2-tried")


def import_it(page: Page) -> Download:
    """The progress comes by itself; at the end stands the report, and the rejected rows can be downloaded."""
    main(page).get_by_role("button", name="Import it now").click()
    expect(main(page)).to_contain_text("You may leave this page. The import goes on.")
    look(page, "3-running")
    expect(main(page)).to_contain_text("Import finished", timeout=LONG_MS)
    numbers(page, {"Rows read": ROWS, "New leads": ROWS - WRONG, "Rejected": WRONG})
    expect(main(page)).to_contain_text("“pessoa1(at)example.com” is not an e-mail address")
    expect(main(page).locator(".mg-facts > div").filter(has_text="Finished")).not_to_contain_text("–")
    look(page, "4-report")
    with page.expect_download() as download:
        main(page).get_by_role("link", name="Download as CSV").click()
    return download.value


def mend(page: Page, installation: Running, rejected: Download, file: Path) -> None:
    """The file of rejected rows, corrected, is imported as it is."""
    text = rejected.path().read_text(encoding="utf-8")
    assert text.count("(at)example.com,") == WRONG
    file.write_text(text.replace("(at)example.com,", "@example.com,"), encoding="utf-8")
    page.goto(f"{installation.address}/imports/new")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Upload and continue").click()
    page.wait_for_url(re.compile(r"/imports/new/.+"))
    main(page).get_by_role("button", name="Start import").click()
    expect(main(page)).to_contain_text("Import finished", timeout=LONG_MS)
    numbers(page, {"Rows read": WRONG, "New leads": WRONG, "Rejected": 0})


def build_a_segment(page: Page, installation: Running) -> None:
    """Who that is stands beside the builder while it is built; the exact count comes in the background."""
    page.goto(f"{installation.address}/segments/new")
    page.fill("[name=name]", "Recife")
    page.locator("[id$='-what']").first.select_option(label="Cidade")
    expect(page.locator("[name$=':was']").first).to_have_value("field:cidade")
    page.get_by_label("Value", exact=True).fill("Recife")
    page.keyboard.press("Tab")
    found = page.locator("#look .mg-found")
    expect(found).to_contain_text(re.compile(r"[1-9]"))
    expect(page.locator("#look")).to_contain_text("Conceição")
    look(page, "5-builder")
    page.locator(".mg-form-actions").get_by_role("button", name="Save segment").click()
    page.wait_for_url(re.compile(r"/segments/\d+$"))
    expect(page.locator("#size")).to_contain_text(f"{THERE:,} members", timeout=LONG_MS)
    look(page, "6-segment")


def tag_them(page: Page) -> None:
    """All of the segment get a tag, in the background; the list of the tag shows them."""
    main(page).get_by_role("link", name="Act on all").click()
    page.get_by_label("Choose all rows").click()
    page.get_by_label(re.compile("that match")).click()
    bar = page.locator("#leads-bulk")
    look(page, "7-chosen")
    bar.get_by_role("button", name="Tags", exact=True).click()
    page.locator("#bulk-tags-field").fill("recife")
    page.get_by_role("button", name="Add tags").click()
    page.wait_for_url(re.compile(r"/leads/bulk/\d+"))
    expect(main(page)).to_contain_text(f"{THERE:,} leads were changed.", timeout=LONG_MS)
    look(page, "8-tagged")
    page.goto(re.sub(r"/leads/.*", "/leads?tag=recife", page.url))
    expect(main(page)).to_contain_text(f"{THERE:,} leads")
    expect(main(page).locator("tbody tr").first).to_contain_text("recife")
    look(page, "9-list")


def numbers(page: Page, wanted: dict[str, int]) -> None:
    """Read the big numbers of a page by their names."""
    for name, value in wanted.items():
        expect(page.locator(".mg-stat").filter(has_text=name)).to_contain_text(f"{value:,}")

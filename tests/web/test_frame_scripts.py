"""What the scripts of the frame do, tried in a real browser under the real content policy."""

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from tests.web.frame_pages import progress_event, serving
from tests.web.test_frame_gallery import drawn

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture
def visit(server, chromium):
    server.posts.clear()
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    page = context.new_page()
    complaints = []
    page.on("console", lambda line: line.type in {"error", "warning"} and complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def go(path):
        page.goto(f"http://127.0.0.1:{server.server_port}{path}")
        drawn(page)
        return page

    yield go
    context.close()
    assert complaints == []


def posted(server, page, path):
    for _attempt in range(600):
        found = [(parse_qs(body), headers) for target, body, headers in server.posts if target == path]
        if found:
            return found[-1]
        page.wait_for_timeout(100)
    raise AssertionError(f"nothing was posted to {path}; {[target for target, *_ in server.posts]}")


def held(page, pattern):
    """Keep requests unanswered, as they come."""
    asked = []
    page.route(pattern, lambda route: asked.append(route))  # noqa: PLW0108  # Marked, which no builtin can be.
    return asked


def answered(page, asked, number, **answer):
    """Wait for one of the held requests, and answer it."""
    for _attempt in range(600):
        if len(asked) > number:
            asked[number].fulfill(**answer)
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"only {len(asked)} were asked")


def test_the_keyboard_reaches_the_content_first(visit):
    page = visit("/leads")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_destructive_button_asks_first(visit, server):
    page = visit("/components")
    opener = page.get_by_role("button", name="Delete it", exact=True)
    opener.click()
    dialog = page.get_by_role("dialog", name="Delete it?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    assert server.posts == []
    opener.click()
    dialog.get_by_role("button", name="Delete").click()
    body, _headers = posted(server, page, "/delete")
    assert body["_csrf_token"] == ["token-of-the-page"]


def test_what_was_agreed_to_is_done_though_its_button_was_replaced_meanwhile(visit, server):
    page = visit("/components")
    opener = page.get_by_role("button", name="Delete it", exact=True)
    opener.click()
    dialog = page.get_by_role("dialog", name="Delete it?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    opener.evaluate("button => button.form.remove()")
    dialog.get_by_role("button", name="Delete").click()
    body, _headers = posted(server, page, "/delete")
    assert body["_csrf_token"] == ["token-of-the-page"]


def test_live_updates_leave_the_button_that_stops_the_work_alone(visit, server):
    page = visit("/components")
    asked = held(page, "**/events")
    with page.expect_request("**/events"):
        visit("/live")
    stop = page.get_by_role("button", name="Stop", exact=True)
    stop.click()
    dialog = page.get_by_role("dialog", name="Stop here?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    stop.evaluate("button => (button.mine = true)")
    answered(
        page,
        asked,
        0,
        content_type="text/event-stream",
        body=progress_event(40) + "event: done\ndata: \n\n",
    )
    expect(page.get_by_role("progressbar", name="Sending")).to_have_attribute("aria-valuenow", "40")
    assert page.locator("#stop button").evaluate("button => button.mine")
    dialog.get_by_role("button", name="Stop it").click()
    posted(server, page, "/stop")


def test_live_updates_rest_while_nobody_looks(visit):
    page = visit("/components")
    asked = held(page, "**/events")
    look = """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with page.expect_request("**/events"):
        visit("/live")
    with page.expect_event("requestfailed"):
        page.evaluate(look, True)
    with page.expect_request("**/events"):
        page.evaluate(look, False)
    answered(
        page, asked, 1, content_type="text/event-stream", body=progress_event(40) + "event: done\ndata: \n\n"
    )
    expect(page.get_by_role("progressbar", name="Sending")).to_have_attribute("aria-valuenow", "40")
    page.evaluate(look, True)
    page.evaluate(look, False)
    assert len(asked) == 2


def test_what_is_typed_while_an_answer_is_on_its_way_stays(visit):
    page = visit("/live")
    field, asked = page.get_by_label("Part"), held(page, "**/part")
    part = page.locator("#part").evaluate("part => part.outerHTML")
    with page.expect_request("**/part"):
        page.get_by_role("button", name="Again").click()
    field.fill("new")
    page.evaluate("() => (document.querySelector('#part').dataset.before = '1')")
    answered(page, asked, 0, body=part, content_type="text/html")
    expect(page.locator("#part[data-before]")).to_have_count(0)
    expect(field).to_have_value("new")


def test_the_theme_changes_at_once_and_is_kept(visit, server):
    page = visit("/dashboard")
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    body, headers = posted(server, page, "/preferences")
    assert body["theme"] == ["dark"]
    assert {key.lower(): value for key, value in headers.items()}["x-csrftoken"] == "token-of-the-page"


def test_chosen_rows_are_counted_and_posted(visit, server):
    page = visit("/leads")
    bar = page.locator("#leads-bulk")
    expect(bar).to_be_hidden()
    page.get_by_label("Choose row 1", exact=True).click()
    page.get_by_label("Choose row 3", exact=True).click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 chosen")
    page.get_by_label("Choose all rows").click()
    page.get_by_label("All 1,284,302 that match").click()
    expect(bar).to_contain_text("1,284,302 chosen")
    bar.get_by_role("button", name="Choose none").click()
    expect(bar).to_be_hidden()
    page.get_by_label("Choose row 2", exact=True).click()
    bar.get_by_role("button", name="Add tag").click()
    body, _headers = posted(server, page, "/leads/bulk")
    assert body["ids"] == ["2"]
    assert body["action"] == ["tag"]
    assert "all_matching" not in body


def test_a_filter_asks_for_the_results_only(visit):
    page = visit("/leads")
    with page.expect_response(lambda answer: "search=ana" in answer.url) as waiting:
        page.get_by_label("Search leads").fill("ana")
    assert waiting.value.request.headers["hx-request"] == "true"
    expect(page.locator("#results")).to_have_count(1)
    expect(page).to_have_url(re.compile("search=ana"))
    # Rows that came later are labelled for phones as the first ones were.
    expect(page.locator("td[data-label=Status]").first).to_be_attached()


def test_tags_become_chips_and_post_one_value_each(visit):
    page = visit("/connections/new")
    field = page.get_by_label("Tags", exact=True)
    field.fill("Natal")
    field.press("Enter")
    field.fill("vip")
    field.press(",")
    tags = page.locator("[data-tags] input[name=tags]").evaluate_all("all => all.map((one) => one.value)")
    assert tags == ["vip", "São Paulo", "Natal"]
    page.get_by_role("button", name="Remove vip").click()
    field.press("Backspace")
    tags = page.locator("[data-tags] input[name=tags]").evaluate_all("all => all.map((one) => one.value)")
    assert tags == ["São Paulo"]


def test_errors_of_a_form_take_the_focus(visit):
    page = visit("/connections/new")
    expect(page.locator("[data-form-errors]")).to_be_focused()
    page.get_by_role("link", name="The host does not answer.").click()
    expect(page.locator("#f-host")).to_be_in_viewport()


def test_a_password_can_be_shown(visit):
    page = visit("/sign-in")
    page.get_by_label("Password", exact=False).first.fill("secret")
    page.get_by_role("button", name="Show password").click()
    expect(page.locator("#f-password")).to_have_attribute("type", "text")


def test_a_chosen_file_is_named_with_its_size(visit):
    page = visit("/connections/new")
    page.locator("#f-file").set_input_files(
        {"name": "leads.csv", "mimeType": "text/csv", "buffer": b"x" * 1400}
    )
    expect(page.locator(".mg-drop-file")).to_have_text("leads.csv · 1.4 kB")


def test_the_editor_feeds_the_form_and_the_preview(visit, server):
    page = visit("/templates/1")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("<!-- mine -->")
    assert page.locator("#f-source").input_value().startswith("<!-- mine -->")
    page.get_by_role("button", name="Insert field").click()
    page.get_by_role("button", name="unsubscribe_url").click()
    assert "<!-- mine -->{{ unsubscribe_url }}" in page.locator("#f-source").input_value()
    expect(page.frame_locator("#preview").locator("h1")).to_have_text("Hello Ana")
    for _attempt in range(600):
        body, _headers = posted(server, page, "/preview")
        if "{{ unsubscribe_url }}" in body["source"][0].split("\n")[0]:
            break
        page.wait_for_timeout(100)
    else:
        pytest.fail("the preview did not follow the editor")
    page.get_by_role("button", name="Phone").click()
    expect(page.locator("[data-part=stage]")).to_have_attribute("data-width", "phone")


def test_a_chart_is_drawn_and_follows_the_theme(visit):
    page = visit("/dashboard")
    canvas = page.locator("#activity canvas")
    expect(canvas).to_be_visible()
    light = canvas.evaluate("(node) => node.toDataURL()")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(
        "(old) => document.querySelector('#activity canvas').toDataURL() !== old", arg=light
    )
    table = page.locator("#activity table")
    assert table.locator("tbody tr").count() == 30


def test_live_updates_replace_parts_and_draw_their_charts_again(visit):
    page = visit("/live")
    expect(page.get_by_role("progressbar", name="Sending")).to_have_attribute("aria-valuenow", "100")
    expect(page.locator("#live-chart canvas")).to_be_visible()
    assert page.locator("#live-chart canvas").count() == 1
    page.wait_for_function(
        """() => {
          const node = document.querySelector("#live-chart canvas");
          const blank = document.createElement("canvas");
          [blank.width, blank.height] = [node.width, node.height];
          return blank.toDataURL() !== node.toDataURL();
        }"""
    )


def test_a_flash_is_a_toast_that_can_be_closed(visit):
    page = visit("/leads?flash=1")
    toast = page.get_by_role("status").filter(has_text="Lead saved.")
    expect(toast).to_be_visible()
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(0)


def test_a_dialog_holds_the_focus_and_gives_it_back(visit):
    page = visit("/leads")
    opener = page.get_by_role("button", name="New lead")
    opener.click()
    expect(page.get_by_role("dialog", name="New lead").get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_copy_tells_that_it_copied(visit):
    page = visit("/components")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).first.click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("mgk_")

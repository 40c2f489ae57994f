"""The frame without a browser: rendering, components, formats, languages."""

from datetime import UTC, datetime, timedelta

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from mailgenius.kit import clock
from mailgenius.web import formats, i18n, i18n_tool, markup
from mailgenius.web.i18n_sources import HTML, Found, Msgid, area_of, find_texts
from mailgenius.web.templating import environment, render, render_block, toast
from tests.web.frame_pages import PAGES, gallery_environment, page_context, values

NOON = datetime(2025, 11, 22, 15, 0, 7, tzinfo=UTC)


def render_text(source, *, locale="en", **more):
    env = gallery_environment()
    env.loader.loaders.append(_Single(source))
    try:
        return render("single", page=page_context(locale=locale), **more).strip()
    finally:
        env.loader.loaders.pop()


class _Single:
    """A loader of one text, never cached."""

    has_source_access = True

    def __init__(self, source):
        self.source = source

    def load(self, env, name, env_globals=None):
        return env.from_string(self.source, env_globals)

    def get_source(self, env, name):
        return self.source, None, lambda: False


@pytest.fixture(autouse=True)
def fresh_templates():
    gallery_environment()
    yield
    environment().cache.clear()


@pytest.mark.parametrize("name", PAGES.values())
@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_every_gallery_page_renders_in_both_languages(name, locale):
    gallery_environment()
    html = render(name, page=page_context(locale=locale), **values())
    assert f'<html lang="{locale.replace("_", "-")}"' in html
    assert "<script>" not in html
    assert " onclick=" not in html


def test_a_block_renders_alone_for_htmx():
    gallery_environment()
    html = render_block("leads.html", "results", page=page_context(), **values())
    assert html.strip().startswith('<div id="results">')
    assert "<html" not in html
    with pytest.raises(LookupError, match="no block"):
        render_block("leads.html", "missing", page=page_context(), **values())


def test_an_unknown_name_or_component_is_an_error():
    with pytest.raises(UndefinedError):
        render_text("{{ nobody_passed_this }}")
    with pytest.raises(UndefinedError):
        render_text("{{ ui.no_such_component('x') }}")


def test_what_users_typed_is_escaped_everywhere():
    evil = '<script>alert("x")</script>'
    html = render_text(
        "{{ ui.badge(evil) }}{{ ui.text_field('a', evil, value=evil, error=evil) }}"
        "{{ ui.button(evil, confirm=evil) }}{{ ui.person(evil, evil) }}{{ ui.copy_field(evil, evil) }}"
        "{{ ui.chart('bar', [evil], [{'name': evil, 'values': [1]}], evil) }}"
        "{{ ngettext('%(num)s of %(what)s', '%(num)s of %(what)s', 2, what=evil) }}{{ _('%(x)s', x=evil) }}",
        evil=evil,
    )
    assert "<script>alert" not in html
    assert "</script>alert" not in html


def test_a_field_ties_label_help_and_error_together():
    html = render_text("{{ ui.text_field('host', 'Host', help='Name only', error='No answer') }}")
    assert '<label class="form-label" for="f-host">' in html
    assert 'aria-describedby="f-host-error f-host-help"' in html
    assert 'aria-invalid="true"' in html


def test_a_plain_form_carries_the_token():
    html = render_text("{{ ui.post_button('Pause', '/campaigns/1/pause', fields={'from': 'list'}) }}")
    assert '<input type="hidden" name="_csrf_token" value="token-of-the-page">' in html
    assert '<input type="hidden" name="from" value="list">' in html


def test_a_sort_header_toggles_its_direction():
    table = (
        "{% call(row) ui.table([], [ui.col('E-mail', sort='email')], 'x', sort=sort, sort_url='/l?a=1') %}"
        "{% endcall %}"
    )
    assert 'href="/l?a=1&amp;sort=-email"' in (up := render_text(table, sort="email"))
    assert 'aria-sort="ascending"' in up
    assert 'href="/l?a=1&amp;sort=email"' in (down := render_text(table, sort="-email"))
    assert 'aria-sort="descending"' in down


def test_an_unknown_state_is_shown_as_it_is():
    assert "teleported" in render_text("{{ ui.campaign_state('teleported') }}")


def test_attributes_leave_out_what_is_none_or_false():
    found = markup.html_attributes({"a": None, "b": False, "c": True, "d": '"'}, {"e": 1})
    assert found == Markup(' c d="&#34;" e="1"')


def test_data_for_scripts_cannot_close_its_element():
    assert "</script><b>" not in str(markup.json_script({"x": "</script><b>&"}))


def test_a_toast_header_is_ascii():
    assert toast("success", "Salvo com êxito").isascii()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Ana Souza", "AS"), ("ana@uol.com.br", "AB"), ("", "?"), ("  é ", "É"), ("--", "?")],
)
def test_initials(name, expected):
    assert markup.initials(name) == expected


def test_numbers_and_times_follow_the_language_and_the_time_zone():
    source = "{{ n|number }} {{ n|compact }} {{ 0.4213|percent(1) }} {{ size|filesize }} {{ at|datetime }}"
    more = {"n": 1284302, "size": 1_400_000, "at": NOON}
    assert render_text(source, **more) == "1,284,302 1.3M 42.1% 1.4 MB 22 Nov 2025, 12:00"
    assert render_text(source, locale="pt_BR", **more) == (
        "1.284.302 1,3\u00a0mi 42,1% 1,4 MB 22 de nov. de 2025, 12:00"
    )


def test_what_is_not_there_is_a_dash():
    assert (
        render_text("{{ none|number }}{{ none|percent }}{{ none|datetime }}{{ none|ago }}", none=None)
        == "––––"
    )


def test_ago_reads_the_clock_of_the_application():
    with clock.fixed(NOON):
        assert render_text("{{ at|ago }}", at=NOON - timedelta(minutes=3)) == "3 minutes ago"
        assert render_text("{{ at|ago }}", at=NOON - timedelta(minutes=3), locale="pt_BR") == "há 3 minutos"
        assert render_text("{{ at|ago }}", at=NOON + timedelta(seconds=1), locale="pt_BR") == "agora mesmo"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (0.25, "0.25 s"), (125, "2 min 5 s"), (90_061, "1 d 1 h"), (None, "–")],
)
def test_durations_show_their_two_largest_units(seconds, expected):
    assert formats.format_duration(seconds, "en") == expected


def test_an_unknown_time_zone_reads_as_utc():
    assert formats.format_datetime(NOON, "en", "Mars/Olympus", "time") == "15:00"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt_BR"),
        ("pt-PT", "pt_BR"),
        ("en-GB", "en"),
        ("de, en;q=0.5, pt;q=0.7", "pt_BR"),
        ("de", "en"),
        ("pt;q=0, en;q=nonsense", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_browser_and_we_agree_on_a_language(header, expected):
    assert i18n.negotiate(header) == expected


def test_a_word_is_translated_by_what_it_is_said_of():
    with i18n.use_locale("pt_BR"):
        assert i18n.pgettext("message", "Bounced") == "Devolvida"
        assert i18n.pgettext("lead", "Bounced") == "Devolvido"
        assert i18n._("Nobody ever translated this, 100%%") == "Nobody ever translated this, 100%"
    assert i18n._("Cancel") == "Cancel"


def test_plural_forms_and_their_number():
    with i18n.use_locale("pt_BR"):
        forms = {
            number: i18n.plural_form("Please mend this:", "Please mend these:", number)
            for number in (0, 1, 2)
        }
        assert forms == {0: "Corrija isto:", 1: "Corrija isto:", 2: "Corrija estes pontos:"}
        assert i18n.ngettext("%(num)s thing", "%(num)s things", 12345) == "12.345 things"


@pytest.fixture(scope="module")
def texts() -> list[Found]:
    return find_texts()


def test_the_tool_finds_texts_in_templates_python_and_errors(texts: list[Found]):
    found = {(item.msgid, item.area) for item in texts}
    assert (Msgid("Skip to content"), "frame") in found
    assert (Msgid("Active", context="lead"), "frame") in found
    assert (Msgid("Please mend this:", "Please mend these:"), "frame") in found
    assert (Msgid("This does not exist."), "errors") in found
    assert area_of(HTML / "leads" / "list.html") == "leads"


def test_every_text_of_the_frame_has_its_portuguese(texts: list[Found]):
    gaps = i18n_tool.missing([item for item in texts if item.area == "frame"])
    assert not gaps, [str(msgid) for msgid in gaps]
    assert not i18n_tool.contradictions()

"""Messages as composed: links signed, headers whole, nothing that a field could inject."""

import email
import re
import time
from email import policy
from urllib.parse import urlsplit

import pytest

from mailgenius.channels.contract import OutgoingMessage
from mailgenius.channels.email.mime import build
from mailgenius.engine.dispatch.compose import CannotCompose, Composer
from mailgenius.engine.tracking.service import followed_links
from mailgenius.engine.tracking.tokens import TokenKind, read_token, signer
from mailgenius.kit.crypto import Keys
from mailgenius.kit.rendering import TemplateBroken
from tests.factories.tracking import make_content, make_order

KEYS = Keys(b"k" * 32)
BASE = "https://m.example.com"
MESSAGE_ID = (50_000_000_000 << 22) + 5
LEAD = {
    "name": "Ana & João",
    "email": "ana@x.com",
    "phone": "",
    "external_id": "e&1",
    "fields": {"url": "https://partner.example.com/x?a=1&b=2", "nolink": "see you"},
    "tags": ["vip"],
}


def composed(lead: dict | None = None, **changes) -> OutgoingMessage:
    composer = Composer(make_order(**changes), base_url=BASE, keys=KEYS)
    return composer.compose(MESSAGE_ID, "ana@x.com", LEAD if lead is None else lead)


def clicks(message: OutgoingMessage) -> list[tuple[int, str]]:
    """The numbers and addresses that the click links of a message lead to."""
    tokens = re.findall(rf'["\']{BASE}/c/([\w-]+)["\']', message.html)
    opened = [read_token(token, TokenKind.CLICK, by=signer(KEYS)) for token in tokens]
    assert all((each.workspace_id, each.order_id, each.message_id) == (3, 77, MESSAGE_ID) for each in opened)
    return [(each.link_no, each.url) for each in opened]


def header(message: OutgoingMessage, name: str) -> str:
    return dict(message.headers)[name]


def test_links_are_signed_with_the_values_put_in():
    message = composed()
    assert clicks(message) == [(1, "https://shop.example.com/a"), (2, "https://shop.example.com/b?id=e&1")]
    assert "shop.example.com" not in message.html


def test_what_is_no_web_link_is_left_alone():
    html = (
        '<a href="mailto:a@b.com">m</a><a href="tel:+551">t</a><a href="#top">u</a><a href="/here">r</a>'
        '<a href="{{ unsubscribe_url }}">out</a><a href="{{ view_url }}">view</a>'
        '<a href="{{ lead.fields.nolink }}">n</a>'
        '<link href="https://css.example.com/x.css"><!-- <a href="https://old.example.com">old</a> -->'
    )
    message = composed(html=html)
    assert clicks(message) == []
    for kept in (
        '"mailto:a@b.com"',
        '"tel:+551"',
        '"#top"',
        '"/here"',
        '"see you"',
        "https://css.example.com/x.css",
    ):
        assert kept in message.html
    assert message.html.count(f'"{BASE}/u/') == 1
    assert message.html.count(f'"{BASE}/v/') == 1


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<a href='{{ lead.fields[\"url\"] }}'>x</a>", [(1, "https://partner.example.com/x?a=1&b=2")]),
        ("<a class=b href=https://x.com/y>x</a>", [(1, "https://x.com/y")]),
        ('<td = width="5"><a ="b" href="https://x.com/y"=>x</a>', [(1, "https://x.com/y")]),
        ('<a title="a > b" href="https://x.com/?a=1&amp;b=2">x</a>', [(1, "https://x.com/?a=1&b=2")]),
        ('<A\n HREF = "HTTPS://x.com">x</A>', [(1, "HTTPS://x.com")]),
        ('<a href="https://x.com">1</a><a href="https://x.com">2</a>', [(1, "https://x.com")] * 2),
        ('<!--[if mso]><v:roundrect href="https://x.com"></v:roundrect><![endif]-->', [(1, "https://x.com")]),
        (
            '<a href="{% if lead.tags %}https://x.com{% else %}https://y.com{% endif %}">x</a>',
            [(1, "https://x.com")],
        ),
        (
            '{% for t in ["a", "b"] %}<a href="https://x.com/{{ t }}">x</a>{% endfor %}',
            [(1, "https://x.com/a"), (1, "https://x.com/b")],
        ),
        ('<a href="https://x.com/{{ "a" }}">x</a>', [(1, "https://x.com/a")]),
    ],
)
def test_links_are_found_however_they_are_written(html: str, expected: list):
    assert clicks(composed(html=html)) == expected


def test_a_link_too_long_for_a_token_is_left_alone():
    long = "https://x.com/" + "a" * 3000
    message = composed(html=f'<a href="{long}">x</a>')
    assert long in message.html


def test_links_keep_their_number_and_are_listed():
    order = make_order(preheader="Look at https://shop.example.com/c")
    listed = followed_links(order.content)
    assert listed == ("https://shop.example.com/a", "https://shop.example.com/b?id={{ lead.external_id }}")
    assert listed == Composer(order, base_url=BASE, keys=KEYS).links
    assert followed_links(make_content(track_clicks=False)) == ()
    assert followed_links(make_content(html="{{ oops")) == ()


def test_the_pixel_stands_before_the_end_of_the_body():
    html = composed().html
    token = re.search(rf'<img src="{BASE}/o/([\w-]+)\.gif"[^>]*></body></html>', html)
    assert token
    assert read_token(token[1], TokenKind.OPEN, by=signer(KEYS)).message_id == MESSAGE_ID


def test_tracking_can_be_left_out():
    message = composed(track_opens=False, track_clicks=False)
    assert "/o/" not in message.html
    assert "/c/" not in message.html
    assert "https://shop.example.com/b?id=e&amp;1" in message.html


def test_every_message_can_be_left():
    message = composed()
    url = header(message, "List-Unsubscribe").strip("<>")
    assert header(message, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert url.startswith(f"{BASE}/u/")
    assert f'<a href="{url}"' in message.html
    assert url in message.text
    token = read_token(url.rpartition("/")[2], TokenKind.UNSUBSCRIBE, by=signer(KEYS))
    assert (token.message_id, token.sample) == (MESSAGE_ID, False)


def test_a_footer_is_added_only_where_it_is_missing_and_in_the_language_of_the_message():
    own = '<html lang="pt-BR"><body><a href="{{ unsubscribe_url }}">Sair</a></body></html>'
    assert "inscrição" not in composed(html=own).html
    assert "Unsubscribe:" in composed(html="<html lang=en><body>x</body></html>", text="plain").text
    assert "Cancelar inscrição</a>" in composed(html='<html lang="pt-BR"><body>x</body></html>').html
    assert "Cancelar inscrição · Unsubscribe" in composed(html="<p>x</p>").html
    assert "Unsubscribe" not in composed(text="Leave: {{ unsubscribe_url }}", html=own).text


def test_a_test_send_carries_tokens_that_change_nothing():
    url = header(composed(sample=True), "List-Unsubscribe").strip("<>")
    assert read_token(url.rpartition("/")[2], TokenKind.UNSUBSCRIBE, by=signer(KEYS)).sample


def test_the_preheader_is_hidden_escaped_and_not_in_the_text():
    message = composed(preheader="Só hoje <{{ lead.name }}>")
    assert re.search(
        r"<body><div data-preheader [^>]*display:none[^>]*>Só hoje &lt;Ana &amp; João&gt;", message.html
    )
    assert "Só hoje" not in message.text
    own = '<body><div data-preheader style="display:none">mine</div></body>'
    assert "Só hoje" not in composed(html=own, preheader="Só hoje").html


def test_a_fragment_becomes_a_document():
    html = composed(html="<p>{{ lead.name }}</p>").html
    assert html.startswith("<!doctype html>")
    assert html.count("<body>") == 1


def test_the_text_is_derived_with_its_merge_fields():
    text = composed(
        html="<h1>Hi {{ lead.name }}</h1>{% if lead.tags %}<p>See <a href='https://x.com/?a=1&amp;b=2'>this</a></p>"
        "{% endif %}<style>p { color: red }</style><ul><li>one</li></ul>"
    ).text
    assert text.startswith("Hi Ana & João\n")
    assert "See this (https://x.com/?a=1&b=2)\n\n- one" in text
    assert "color" not in text
    assert f"Unsubscribe ({BASE}/u/" in text


def test_text_that_cannot_be_derived_from_the_template_comes_from_each_message():
    html = "<p>Hi {{ lead.name }}</p><svg>{% if lead.tags %}</svg><p>yes</p>{% endif %}<a href='https://x.com'>x</a>"
    composer = Composer(make_order(html=html), base_url=BASE, keys=KEYS)
    text = composer.compose(MESSAGE_ID, "a@x.com", LEAD).text
    assert "Hi Ana & João" in text
    assert "\x02" not in text


def test_a_message_may_be_text_only():
    message = composed(html="", text="Hello {{ lead.name }}, see https://x.com/a")
    assert message.html == ""
    assert message.text.startswith("Hello Ana & João, see https://x.com/a\n")


def test_the_same_message_is_the_same_again():
    first, second = composed(), composed()
    assert first.html == second.html
    assert header(first, "Message-ID") == header(second, "Message-ID")
    assert re.fullmatch(r"<[0-9a-z]+\.3@shop\.example\.com>", header(first, "Message-ID"))
    assert len({header(first, "Message-ID"), f"<{MESSAGE_ID}>"}) == 2


HOSTILE = "x\r\nBcc: evil@example.com\x00\x02" + "1\x03https://evil.example.com\x04\x85\u2028</a><script>"


def test_no_field_can_inject_a_header_a_link_or_markup():
    lead = LEAD | {"name": HOSTILE, "external_id": HOSTILE, "fields": {"url": HOSTILE, HOSTILE: HOSTILE}}
    message = composed(
        lead,
        sender_name=HOSTILE,
        campaign_name=HOSTILE,
        subject="{{ lead.name }} {{ campaign.name }}",
        preheader="{{ lead.name }}",
        html="<p>{{ lead.name }} {{ lead.external_id }}</p><a href='{{ lead.fields.url }}'>x</a>",
    )
    assert clicks(message) == []
    assert "<script>" not in message.html
    parsed = email.message_from_bytes(build(message).data, policy=policy.default)
    assert parsed["Bcc"] is None
    assert "Bcc: evil@example.com" in parsed["Subject"]
    assert parsed["From"].addresses[0].addr_spec == "news@shop.example.com"
    assert {part.get_content_type() for part in parsed.walk()} == {
        "multipart/alternative",
        "text/plain",
        "text/html",
    }


def test_headers_on_the_wire():
    message = composed(sender_name='Loja "Ação", Ltda', reply_to="help@shop.example.com")
    parsed = email.message_from_bytes(build(message).data, policy=policy.default)
    assert parsed["From"].addresses[0].display_name == 'Loja "Ação", Ltda'
    assert parsed["To"] == "ana@x.com"
    assert parsed["Reply-To"] == "help@shop.example.com"
    assert parsed["List-Id"].endswith(" <w3.list.shop.example.com>")
    assert parsed["Feedback-ID"] == "77:3:campaign:mailgenius"
    assert abs(parsed["Date"].datetime.timestamp() - time.time()) < 60
    assert urlsplit(parsed["List-Unsubscribe"].strip("<>")).scheme == "https"


def test_the_page_of_a_message_has_no_pixel_and_follows_links():
    composer = Composer(make_order(), base_url=BASE, keys=KEYS)
    page = composer.page(MESSAGE_ID, LEAD)
    assert "/o/" not in page
    assert page.count(f"{BASE}/c/") == 2
    assert "<pre>&lt;b&gt;" in Composer(make_order(html="", text="<b>"), base_url=BASE, keys=KEYS).page(
        1, LEAD
    )


@pytest.mark.parametrize("field", ["subject", "preheader", "html", "text"])
def test_a_broken_template_is_named(field: str):
    with pytest.raises(CannotCompose, match="Line 2"):
        composed(**{field: "a\n{{ lead.name|nosuch }}"})


def test_a_lead_that_breaks_the_template_costs_its_message_only():
    composer = Composer(make_order(subject="{{ lead.fields.n|int }}"), base_url=BASE, keys=KEYS)
    with pytest.raises(CannotCompose):
        composer.compose(MESSAGE_ID, "a@x.com", {"fields": {"n": "many"}})
    assert header(composer.compose(MESSAGE_ID, "a@x.com", {"fields": {"n": "4"}}), "Subject") == "4"


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        ("<a ", 24_000),
        ("<a href='", 10_000),
        ("<a = =", 12_000),
        ("<!--", 24_000),
        ("<a><b>x", 12_000),
        ("<!--[if a]><a ", 8_000),
        ("<p>x", 24_000),
    ],
)
def test_hostile_html_is_read_in_one_pass(piece: str, times: int):
    few, many = (seconds_of(piece * number) for number in (times // 4, times))
    # Four times the text takes four times as long, on any machine; a pass for each piece, sixteen times.
    assert many < 10 * max(few, 0.05)


def seconds_of(html: str) -> float:
    """Processor time of composing a message."""
    started = time.process_time()
    try:
        composed(html=html)
    except (CannotCompose, TemplateBroken):
        pytest.fail("odd HTML is not a broken template")
    return time.process_time() - started

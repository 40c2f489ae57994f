"""The quick way to a message says the same as rendering it whole, to the reader and on the wire."""

import email
from email import policy

from hypothesis import HealthCheck, example, given, settings, strategies as st

from mailgenius.channels.contract import OutgoingMessage
from mailgenius.channels.email.mime import build
from mailgenius.engine.dispatch.compose import Composer
from mailgenius.engine.dispatch.compose_sources import prepare
from mailgenius.kit.crypto import Keys
from tests.factories.tracking import make_content, make_order

KEYS = Keys(b"k" * 32)
MESSAGE_ID = (50_000_000_000 << 22) + 5
WHOLE = "{% set whole = 1 %}"
"""A template that sets a name is never cut into pieces, and this one prints nothing."""

PIECES = (
    "Hello {{ lead.name }},\n",
    "{{ lead.fields.city|default('nowhere') }}",
    '<a href="https://x.example.com/a?b=1&amp;c=2">a</a>',
    '<a href="https://x.example.com/{{ lead.external_id }}">b</a>',
    '<a href="{{ lead.fields.url }}">c</a>',
    '<a href="{% if lead.tags %}https://t.example.com{% else %}/none{% endif %}">d</a>',
    '{% if lead.tags %}\n<a href="https://if.example.com">e</a>\n\n{% endif %}\n',
    '{% for tag in lead.tags %}<a href="https://for.example.com/{{ tag }}">{{ loop.index }}</a>{% endfor %}',
    "{# a word of the author #}",
    "{{ unsubscribe_url }} {{ view_url }} {{ campaign.name }}",
    "ação — 😀\r\n",
    ".\n..\n\n\n\n",
    "<p>{{ lead.phone }}{{ lead.tags }}{{ lead.fields.number }}{{ lead.nothing.at.all }}{{ lead }}</p>",
    "{{ lead.name.upper }}{{ lead.fields.number.real }}{{ lead.items }}{{ none }}{{ true }}{{ lead.fields }}",
    "{{- lead.name }} trimmed",
    "<b>" + "word " * 150 + "</b>",
)
VALUES = st.one_of(
    st.text(max_size=30), st.sampled_from(["<b>&\"'/", "a\nb\r\nc\0", "https://y.example.com/?a=1&b=2", " "])
)
LEADS = st.fixed_dictionaries(
    {
        "name": VALUES,
        "email": st.just("ana@x.com"),
        "phone": VALUES,
        "external_id": VALUES,
        "tags": st.lists(VALUES, max_size=3),
        "fields": st.fixed_dictionaries(
            {"city": st.one_of(VALUES, st.none(), st.booleans()), "url": VALUES},
            optional={"number": st.one_of(st.integers(), st.floats(), st.lists(st.integers(), max_size=2))},
        ),
    }
)


def composed(lead: dict, **content) -> OutgoingMessage:
    order = make_order(**content)
    return Composer(order, base_url="https://m.example.com", keys=KEYS).compose(MESSAGE_ID, "ana@x.com", lead)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    html=st.lists(st.sampled_from(PIECES), min_size=1, max_size=8),
    text=st.lists(st.sampled_from(PIECES), max_size=5),
    lead=LEADS,
)
@example(
    html=["<p>{{ lead.fields.number }}</p>"],
    text=[],
    lead={"name": "", "fields": {"city": None, "number": 1e15}},
)
def test_both_ways_write_the_same_message(html: list[str], text: list[str], lead: dict):
    content = {"subject": "{{ lead.name }} {{ lead.fields.city }}", "html": "".join(html)}
    words = "".join(text)
    if words.strip():
        content["text"] = words
    quick = composed(lead, **content)
    whole = composed(lead, **content | {"subject": content["subject"] + WHOLE})
    assert whole.encoded is None
    assert (quick.text, quick.html) == (whole.text, whole.html)
    assert dict(quick.headers)["Subject"] == dict(whole.headers)["Subject"]
    for eight_bit in (True, False):
        data = build(quick, eight_bit=eight_bit).data
        assert _undated(data) == _undated(build(whole, eight_bit=eight_bit).data)
    parsed = email.message_from_bytes(data, policy=policy.default)
    assert not parsed.defects
    for kind, body in (("plain", quick.text), ("html", quick.html)):
        part = parsed.get_body((kind,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n").rstrip("\n") == body.rstrip("\n")


def _undated(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\r\n") if not line.startswith(b"Date:")]


def test_the_usual_message_takes_the_quick_way():
    lead = {"name": "Ana", "tags": [], "fields": {}, "external_id": "1"}
    for html in ("<p>{{ lead.name }}</p>", "{% if lead.tags %}<a href='https://x.com'>x</a>{% endif %}"):
        assert composed(lead, html=html).encoded is not None
    text = composed(lead, html="", text="Hi {{ lead.name }}\n{% if lead.tags %}x{% endif %}\n\n\nBye")
    assert text.encoded is not None
    assert "\n\n\n" not in text.text


def test_long_lines_are_broken_inside_tags():
    lead = {"name": "é" * 20, "tags": [], "fields": {}}
    message = composed(lead, html="<p>{{ lead.name }}<img src='x'></p>" * 100)
    assert max(map(len, message.html.encode().splitlines())) < 998
    assert message.html.replace("<p\n>", "<p>").replace("<img\n ", "<img ").count("<img src='x'>") == 100
    assert b"quoted-printable" not in build(message).data


def test_a_line_is_broken_only_behind_the_name_of_a_tag():
    html = "<pre>" + "x" * 600 + "<b class='y'>bold</b></pre><textarea>" + "<i>" * 300 + "</textarea>"
    written = prepare(make_content(html=html, track_clicks=False, track_opens=False)).html
    assert "<b\n class='y'>" in written
    assert "<i>" * 300 in written

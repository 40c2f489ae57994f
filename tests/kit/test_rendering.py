"""Customers' templates: what they may say, and that a hostile one costs neither memory nor time."""

import resource
import time

import pytest

from mailgenius.kit.rendering import TemplateBroken, clean_values, compile_template, merge_fields, safe_url
from mailgenius.kit.rendering.compiled import LONGEST_OUTPUT
from mailgenius.kit.rendering.values import LONGEST_VALUE

LEAD = {
    "name": "Ana <b>",
    "email": "",
    "fields": {"city": "São Paulo", "price": 12.5, "items": ["a", "b"], "big": "x" * LONGEST_VALUE},
    "tags": ["vip", "new"],
}


def rendered(source: str, *, html: bool = False, **more: object) -> str:
    return compile_template(source, html=html).render(clean_values({"lead": LEAD, **more}))


def test_a_value_is_escaped_in_html_and_not_in_text():
    assert rendered("{{ lead.name }}", html=True) == "Ana &lt;b&gt;"
    assert rendered("{{ lead.name }}") == "Ana <b>"


@pytest.mark.parametrize(
    "name", ["lead.nothing", "lead.fields.a.b.c", "nobody", "none", "lead.items", "lead.fields"]
)
def test_what_is_missing_or_an_object_prints_nothing(name: str):
    assert rendered(f"[{{{{ {name} }}}}]") == "[]"


def test_a_field_hides_the_method_of_its_name():
    assert rendered("{{ lead.fields.items }}") == "a, b"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lead.email|default('friend')", "friend"),
        ("lead.nobody|default('friend')|title", "Friend"),
        ("lead.tags|join(' & ')", "vip & new"),
        ("lead.fields.city|upper", "SÃO PAULO"),
        ("lead.fields.price|times(2)", "25"),
        ("'2025-03-09'|date('%d/%m')", "09/03"),
        ("'soon'|date", ""),
        ("'a b'|urlencode", "a%20b"),
        ("'one two three'|truncate(9)", "one two…"),
        ("'aXbX'|replace('X', '-')", "a-b-"),
        ("'Hello ' ~ lead.name if lead.name else 'Hello'", "Hello Ana <b>"),
        ("lead.tags[0]", "vip"),
        ("4 is not divisibleby(3)", "True"),
    ],
)
def test_filters_and_expressions(expression: str, expected: str):
    assert rendered(f"{{{{ {expression} }}}}") == expected


def test_conditions_loops_and_own_names():
    source = (
        "{% set who = lead.name %}{% for tag in lead.tags %}{{ loop.index }}{{ tag }}{% if not loop.last %}, "
        "{% endif %}{% else %}none{% endfor %} {{ who }}"
    )
    assert rendered(source) == "1vip, 2new Ana <b>"


def test_a_counted_loop_keeps_its_whitespace_and_trims():
    assert rendered("{% for i in range(2) %}\n {{ i }}{% endfor %}\n") == "\n 0\n 1\n"
    assert rendered("{% for i in range(2) -%}\n {{ i }}{% endfor %}\n") == "01\n"


def test_a_safe_url_stays_readable():
    assert rendered("{{ u }}", html=True, u=safe_url("https://a/b?c")) == "https://a/b?c"


def test_values_lose_control_characters_and_excess():
    values = clean_values(
        {"a": "x\r\ny\x00\x85\u2028z\ttab", "long": "y" * (LONGEST_VALUE + 1), "o": {1: object}}
    )
    assert values["a"] == "x\nyz\ttab"
    assert len(values["long"]) == LONGEST_VALUE
    assert list(values["o"]) == ["1"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\nb {{ lead.name", 2),
        ("a\n\n{% if lead.name %}", 3),
        ("{% endif %}", 1),
        ("\n{{ lead.name|nosuch }}", 2),
        ("\n\n{{ 1 + }}", 3),
        ("{# never closed", 1),
        ("{{ 'a' }\n}", 1),
    ],
)
def test_an_error_names_its_line(source: str, line: int):
    with pytest.raises(TemplateBroken) as caught:
        compile_template(source, html=True)
    assert caught.value.line == line


def test_an_error_while_rendering_names_its_line():
    with pytest.raises(TemplateBroken, match="Line 2 of the template"):
        rendered("a\n{{ 1 / 0 }}")


HOSTILE = [
    "{{ 'x' * 1000000000 }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ lead.__class__ }}",
    "{{ lead.clear() }}",
    "{{ lead.fields.update(a=1) }}",
    "{{ lead['get']('name') }}",
    "{{ ('a').join(lead.tags) }}",
    "{{ namespace() }}",
    "{{ debug() }}",
    "{{ _count(-1) }}",
    "{{ lead|attr('x') }}",
    "{{ lead.name|safe }}",
    "{{ lead|pprint }}",
    "{{ {'a': 1} }}",
    "{% include 'secret.key' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% filter upper %}a{% endfilter %}",
    "{% set a %}{{ b }}{{ b }}{% endset %}",
    "{% raw %}{{ }}{% endraw %}",
    "{% autoescape false %}{{ lead.name }}{% endautoescape %}",
    "{% set a = 'x' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{% set a = 'x' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "{% set a = (1, 2) %}" + "{% set a = (a, a) %}" * 40 + "{{ a }}",
    "".join(f"{{% for x{n} in [x{n - 1} ~ x{n - 1}] %}}" for n in range(1, 40)) + "{% endfor %}" * 39,
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
    "{% for i in range(1000) %}{{ lead.fields.big }}{% endfor %}",
    "{% for i in range(1000) %}" + "y" * 3000 + "{% endfor %}",
    "{% for x in lead.tags recursive %}{{ loop(lead.tags) }}{% endfor %}",
    "{{ lead.fields.big|replace('x', 'yyyyyyyyyy') }}",
    "{{ range(1000)|join(lead.fields.big) }}",
    "{{ lead.fields.big|replace('x', '%')|urlencode|urlencode }}",
    "{{ " + " ~ ".join(["lead.fields.big"] * 30) + " }}",
    "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
    "{{ " + "-" * 1900 + "1 }}",
    "{{ a" + ".b" * 100_000 + " }}",
    "{% if a %}" * 3000 + "{% endif %}" * 3000,
    "{% if a %}" + "{% elif b %}" * 9000 + "{% endif %}",
    "{{ 1 }}" * 20_000,
    "x" * 1_000_001,
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'a'|truncate('b') }}",
    "{{ 'a'|replace }}",
    "{{ 'a'|times(2) }}",
    "{{ range('a') }}",
]


@pytest.mark.parametrize("source", HOSTILE, ids=[source[:40] for source in HOSTILE])
def test_a_hostile_template_is_refused_quickly_and_small(source: str):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    with pytest.raises(TemplateBroken):
        rendered(source)
    assert time.process_time() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_the_longest_output_is_bounded():
    with pytest.raises(TemplateBroken, match=f"{LONGEST_OUTPUT:,}"):
        rendered("{{ lead.fields.big }}" * 101)


def test_merge_fields_are_named_with_dots():
    source = (
        "{{ lead.name }} {{ lead.fields['city'] }} {{ lead.tags[0] }} {{ lead.a is defined }}"
        "{% for item in lead.fields.items %}{{ item.price }} {{ loop.index }}{% endfor %}"
        "{% set z = campaign.name|default(unsubscribe_url) %}{{ z }} {# {{ lead.no }} #} {{ 'lead.text' }}"
    )
    assert merge_fields(source) == {
        "lead.name",
        "lead.fields.city",
        "lead.tags",
        "lead.a",
        "lead.fields.items",
        "campaign.name",
        "unsubscribe_url",
    }

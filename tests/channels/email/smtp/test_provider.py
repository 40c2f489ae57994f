"""The form of the provider, and what it says about bad settings."""

from typing import Any

import pytest

from mailgenius.channels.contract import AdapterContext
from mailgenius.channels.email.smtp.provider import SmtpProvider
from mailgenius.channels.email.smtp.settings import Security, parse
from mailgenius.channels.errors import BadConnectionSettings

GOOD = {"host": "smtp.example.com", "port": 587, "security": "starttls"}


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"port": "465", "security": "tls"},
        {"username": "ana", "password": "s3cret"},
        {"connections": 5, "verify_tls": "no", "helo": "out.example.com"},
        {"verify_tls": False},
        {"connections": "", "helo": None, "username": ""},
    ],
)
def test_good_settings(extra: dict[str, Any]):
    assert SmtpProvider().validate(GOOD | extra) == {}


@pytest.mark.parametrize(
    ("extra", "key"),
    [
        ({"host": ""}, "host"),
        ({"host": "two words"}, "host"),
        ({"host": "a\r\nb"}, "host"),
        ({"port": 0}, "port"),
        ({"port": "x"}, "port"),
        ({"port": 65536}, "port"),
        ({"security": "ssl"}, "security"),
        ({"connections": 0}, "connections"),
        ({"connections": 51}, "connections"),
        ({"verify_tls": "maybe"}, "verify_tls"),
        ({"helo": "a b"}, "helo"),
        ({"password": "x"}, "username"),
        ({"username": "a\nb"}, "username"),
        ({"username": "a", "password": "a\nb"}, "password"),
        ({"hots": "x"}, "hots"),
    ],
)
def test_bad_settings_are_named(extra: dict[str, Any], key: str, context: AdapterContext):
    assert list(SmtpProvider().validate(GOOD | extra)) == [key]
    with pytest.raises(BadConnectionSettings) as caught:
        SmtpProvider().open(GOOD | extra, context)
    assert [each.field for each in caught.value.problems] == [key]


def test_settings_may_come_as_text_or_numbers():
    typed = parse(GOOD | {"port": "2525", "connections": "4", "verify_tls": "no", "password": " x "})
    assert (typed.port, typed.connections, typed.verify_tls) == (2525, 4, False)
    assert typed.security is Security.STARTTLS
    assert typed.password == " x "

"""Errors and reasons of the rules, in the language of the page."""

import pytest

from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.leads.errors import IdentityConflict
from mailgenius.web import texts
from mailgenius.web.i18n import use_locale


@pytest.mark.parametrize(
    ("text", "portuguese"),
    [
        ("“a 1@” is not an e-mail address", "“a 1@” não é um e-mail"),
        (
            "“x; y” is not a status; “9” is not a phone number",
            "“x; y” não é um status; “9” não é um telefone",
        ),
        ("must have 1 to 100 characters", "deve ter de 1 a 100 caracteres"),
        ("the line has 3 cells; the header has 12", "a linha tem 3 células; o cabeçalho tem 12"),
        (
            "the phone +5511912345678 belongs to lead 7, whose e-mail is a.b@x.com",
            "o telefone +5511912345678 é do lead 7, cujo e-mail é a.b@x.com",
        ),
        ("Enter the name of the mail server.", "Informe o nome do servidor de e-mail."),
        (
            "The mail server “mail.x.com:25” cannot be reached; Connection refused",
            "O servidor de e-mail “mail.x.com:25” não pode ser alcançado; conexão recusada",
        ),
        (
            "The warm-up is paused: more than 3 percent of today's messages bounced.",
            "O aquecimento está parado: mais de 3 por cento das mensagens de hoje voltaram.",
        ),
        ("something that nobody translated: 7%", "something that nobody translated: 7%"),
    ],
)
def test_reasons_are_translated_around_their_values(text: str, portuguese: str):
    assert texts.reason(text) == text
    with use_locale("pt_BR"):
        assert texts.reason(text) == portuguese


def test_errors_are_translated_with_their_values():
    error = IdentityConflict(reason="another lead has this e-mail")
    assert texts.message_of(error) == error.message
    with use_locale("pt_BR"):
        assert "outro lead tem este e-mail" in texts.message_of(error)


def test_problems_become_sentences():
    error = Invalid(problems=[Problem("name", "must have at most 100 characters")])
    assert texts.problems_of(error) == {"name": "Must have at most 100 characters."}

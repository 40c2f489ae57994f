"""Which column is what: the guess from headers and values, and the rules of a mapping."""

import pytest

from mailgenius.kit.errors import Invalid
from mailgenius.product.imports.errors import ColumnMissing, NoIdentityColumn
from mailgenius.product.imports.mapping import check_mapping, guess_mapping, targets_of


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("E-mail", "email"), ("Correio eletrônico", "email"), ("EMAIL ADDRESS", "email"),
        ("Nome completo", "name"), ("nome", "name"), ("Celular", "phone"), ("WhatsApp", "phone"),
        ("Telefone", "phone"), ("Tags", "tags"), ("Etiquetas", "tags"), ("ID", "external_id"),
        ("Código", "external_id"), ("Cidade", "field:cidade"), ("名前", "field:field"),
        ("Data de nascimento", "field:data_de_nascimento"), ("2ª via", "field:field_2a_via"),
        ("Data de consentimento", "consent_at"), ("Telefone / WhatsApp", "field:telefone_whatsapp"),
        ("CORREIO", "email"), ("Sobrenome", "field:sobrenome"), ("Cód. Cliente", "external_id"),
        ("opt_in_at", "consent_at"), ("Origem do consentimento", "consent_source"),
    ],
)  # fmt: skip
def test_headers_in_english_and_portuguese(header: str, target: str):
    assert guess_mapping([header, "zzz"], [])[header] == target


def test_values_decide_where_headers_do_not():
    guessed = guess_mapping(
        ["Contact point", "Line", "Status", "Document"],
        [
            ["ana@example.com", "(11) 98765-4321", "paid", "123.456.789-09"],
            ["bia@example.com", "+351 912", "x", "1"],
        ],
    )
    assert guessed["Contact point"] == "email"
    assert guessed["Status"] == "field:status"
    assert guessed["Document"] == "field:document"
    assert guess_mapping(["a", "situação"], [["x", "ativo"], ["y", "Descadastrado"]])["situação"] == "status"


def test_first_and_last_name_become_the_name():
    assert guess_mapping(["E-mail", "First name", "Last name"], []) == {
        "E-mail": "email",
        "First name": "name",
        "Last name": "name",
    }
    assert guess_mapping(["nome", "sobrenome"], []) == {"nome": "name", "sobrenome": "name"}
    assert guess_mapping(["Nome completo", "Primeiro nome", "Sobrenome"], []) == {
        "Nome completo": "name",
        "Primeiro nome": "field:primeiro_nome",
        "Sobrenome": "field:sobrenome",
    }


def test_a_second_email_column_becomes_a_field():
    guessed = guess_mapping(["email", "e-mail", "E mail 2", "e_mail 2"], [])
    assert guessed == {
        "email": "email",
        "e-mail": "field:e_mail",
        "E mail 2": "field:e_mail_2",
        "e_mail 2": "field:e_mail_2_2",
    }


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"a": "email", "b": "email"}, "mapping.b"),
        ({"a": "email", "b": "field:x", "c": "field:x"}, "mapping.c"),
        ({"a": "email", "b": "field:Bad Key"}, "mapping.b"),
        ({"a": "email", "b": "workspace_id"}, "mapping.b"),
        ({"a": "name", "b": "skip"}, "mapping"),
        ({}, "mapping"),
    ],
)
def test_a_bad_mapping_names_its_column(mapping: dict[str, str], field: str):
    with pytest.raises(Invalid) as refused:
        check_mapping(mapping)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_names_tags_and_skips_may_be_shared():
    check_mapping(
        {"a": "email", "b": "name", "c": "name", "d": "tags", "e": "tags", "f": "skip", "g": "skip"}
    )


def test_a_mapping_meets_the_file():
    targets = targets_of({" mail ": "email", "city": "field:town", "gone": "skip"}, ["id", "mail", "city"])
    assert (targets.places, targets.fields, targets.labels) == (
        {"email": (1,)},
        {"town": 2},
        {"town": "city"},
    )
    with pytest.raises(ColumnMissing, match="gone"):
        targets_of({"mail": "email", "gone": "name"}, ["mail"])
    with pytest.raises(NoIdentityColumn):
        targets_of({"city": "field:city"}, ["city"])

"""Which column of a file is what: the rules of a mapping, and a guess. Pure functions."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.imports.errors import ColumnMissing, NoIdentityColumn
from mailgenius.product.imports.model import MAX_COLUMNS, nameless
from mailgenius.product.leads import normalise
from mailgenius.product.leads.model import LeadStatus

SKIP = "skip"
FIELD = "field:"
IDENTITIES = ("external_id", "email", "phone")
SHARED = frozenset({"name", "tags"})
"""Targets that several columns may share: names are put one after the other, tags together."""
TARGETS = frozenset({*IDENTITIES, "name", "tags", "status", "consent_at", "consent_source"})

HEADERS = {
    "email": "email e_mail mail correio correio_eletronico endereco_de_email endereco_eletronico"
    " email_address e_mail_address email_principal seu_email",
    "phone": "phone phone_number telephone telefone telefone_celular celular fone tel whatsapp mobile cell"
    " mobile_phone numero_de_telefone numero_de_celular numero_do_whatsapp celular_whatsapp zap",
    "name": "name full_name nome nome_completo nome_do_cliente cliente contato contact customer"
    " customer_name nome_e_sobrenome nome_do_contato",
    "external_id": "id external_id codigo codigo_do_cliente codigo_cliente customer_id user_id id_externo"
    " id_cliente id_do_cliente matricula code cod cod_cliente identificador",
    "tags": "tags tag etiqueta etiquetas marcador marcadores label labels",
    "status": "status situacao",
    "consent_at": "consent_at consent_date opt_in_at optin_at opt_in_date data_do_consentimento"
    " data_de_consentimento data_consentimento consentimento_em data_do_opt_in data_do_aceite aceite_em",
    "consent_source": "consent_source opt_in_source optin_source origem_do_consentimento"
    " fonte_do_consentimento origem_consentimento",
}
FIRST_NAME = ("first_name", "firstname", "given_name", "primeiro_nome", "prenome", "nome", "name")
LAST_NAME = ("last_name", "lastname", "surname", "family_name", "sobrenome", "ultimo_nome", "apelido")
STATUSES = {
    "active": LeadStatus.ACTIVE,
    "subscribed": LeadStatus.ACTIVE,
    "enabled": LeadStatus.ACTIVE,
    "ativo": LeadStatus.ACTIVE,
    "inscrito": LeadStatus.ACTIVE,
    "unsubscribed": LeadStatus.UNSUBSCRIBED,
    "opted_out": LeadStatus.UNSUBSCRIBED,
    "descadastrado": LeadStatus.UNSUBSCRIBED,
    "cancelado": LeadStatus.UNSUBSCRIBED,
    "bounced": LeadStatus.BOUNCED,
    "cleaned": LeadStatus.BOUNCED,
    "devolvido": LeadStatus.BOUNCED,
    "complained": LeadStatus.COMPLAINED,
    "spam": LeadStatus.COMPLAINED,
    "blocked": LeadStatus.BLOCKED,
    "blocklisted": LeadStatus.BLOCKED,
    "bloqueado": LeadStatus.BLOCKED,
}

_BY_HEADER = {slug: target for target, slugs in HEADERS.items() for slug in slugs.split()}
_SLUG = re.compile(r"[^a-z0-9]+")
_PHONE_LIKE = re.compile(r"^(\+\d|\(\d{2,3}\))[\d\s().-]{7,}$")
_EMAIL_LIKE = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Targets:
    """A checked mapping turned around: for each target, the places of its columns in the file."""

    places: Mapping[str, tuple[int, ...]]
    fields: Mapping[str, int]
    labels: Mapping[str, str]
    """Field key to the header it came from."""

    def place(self, target: str) -> int | None:
        found = self.places.get(target, ())
        return found[0] if found else None


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse a mapping that no file can satisfy.

    Raises:
        Invalid: a target is unknown or used twice, or no identity is mapped; each problem names its column.
    """
    problems: list[Problem] = []
    used: dict[str, str] = {}
    for header, target in mapping.items():
        if problem := _target_problem(target):
            problems.append(Problem(f"mapping.{header}", problem))
        elif target in used and target not in SHARED and target != SKIP:
            problems.append(Problem(f"mapping.{header}", f"“{used[target]}” is mapped to {target} already"))
        used.setdefault(target, header)
    if not problems and not used.keys() & set(IDENTITIES):
        problems.append(Problem("mapping", "map a column to email, phone or external_id"))
    if len(mapping) > MAX_COLUMNS:
        problems.append(Problem("mapping", f"at most {MAX_COLUMNS} columns can be mapped"))
    if problems:
        raise Invalid(problems=problems)


def _target_problem(target: str) -> str:
    if target == SKIP or target in TARGETS:
        return ""
    if target.startswith(FIELD):
        try:
            normalise.field_key(target.removeprefix(FIELD))
        except ValueError as error:
            return str(error)
        return ""
    return f"“{normalise.shown(target)}” is not something a column can be mapped to"


def targets_of(mapping: Mapping[str, str], columns: Sequence[str]) -> Targets:
    """Find the mapped columns in a file. Columns that the mapping leaves out are skipped.

    Raises:
        ColumnMissing: the mapping names a column that the file lacks.
        NoIdentityColumn: nothing in the file identifies a lead.
    """
    numbers = {header: place for place, header in enumerate(columns)}
    places: dict[str, tuple[int, ...]] = {}
    fields: dict[str, int] = {}
    labels: dict[str, str] = {}
    for header, target in mapping.items():
        if header.strip() not in numbers:
            if target == SKIP:
                continue
            raise ColumnMissing(name=normalise.shown(header))
        place = numbers[header.strip()]
        if target.startswith(FIELD):
            key = target.removeprefix(FIELD)
            fields[key], labels[key] = place, header.strip()
        elif target != SKIP:
            places[target] = tuple(sorted((*places.get(target, ()), place)))
    if not places.keys() & set(IDENTITIES):
        raise NoIdentityColumn
    return Targets(places=places, fields=fields, labels=labels)


def guess_mapping(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Guess each column's target from its header, in English or Portuguese, and from its first values.

    What is not recognised becomes a custom field named after the header; without a header, nothing.
    """
    samples = [
        [row[place] for row in rows if place < len(row) and row[place]] for place in range(len(columns))
    ]
    slugs = [slug(header) for header in columns]
    guessed: dict[int, str] = {}
    for place, name in enumerate(slugs):
        target = _BY_HEADER.get(name, "")
        if target and target not in guessed.values() and _plausible(target, samples[place]):
            guessed[place] = target
    _guess_names(slugs, guessed)
    for target, pattern in (("email", _EMAIL_LIKE), ("phone", _PHONE_LIKE)):
        if target not in guessed.values():
            found = _by_values(pattern, samples, guessed)
            if found is not None:
                guessed[found] = target
    keys = {target.removeprefix(FIELD) for target in guessed.values()}
    for place, header in enumerate(columns):
        if place not in guessed:
            guessed[place] = SKIP if header == nameless(place) else FIELD + _free_key(header, keys)
    return {header: guessed[place] for place, header in enumerate(columns)}


def _plausible(target: str, values: Sequence[str]) -> bool:
    """Many files have a status of something else, and ids of something else: values decide."""
    if target == "status":
        return bool(values) and all(slug(value) in STATUSES for value in values)
    if target == "email":
        return not values or any("@" in value for value in values)
    return True


def _guess_names(slugs: Sequence[str], guessed: dict[int, str]) -> None:
    """Put a first-name and a last-name column together into the name."""
    last = next((place for place, name in enumerate(slugs) if name in LAST_NAME), None)
    first = next((slugs.index(name) for name in FIRST_NAME if name in slugs), None)
    whole = next((place for place, target in guessed.items() if target == "name"), None)
    if first is not None and last is not None and whole in {None, first}:
        guessed[first] = guessed[last] = "name"
    elif first is not None and whole is None:
        guessed[first] = "name"


def _by_values(
    pattern: re.Pattern[str], samples: Sequence[Sequence[str]], guessed: Mapping[int, str]
) -> int | None:
    for place, values in enumerate(samples):
        if place not in guessed and values and all(pattern.match(value.strip()) for value in values):
            return place
    return None


def _free_key(header: str, taken: set[str]) -> str:
    base = normalise.field_slug(header)
    key = next(
        key for n in range(1, len(taken) + 3) if (key := base if n == 1 else f"{base}_{n}") not in taken
    )
    taken.add(key)
    return key


def slug(header: str) -> str:
    """Return a header or a value without accents, case and punctuation, for comparing."""
    plain = unicodedata.normalize("NFKD", header.lower()).encode("ascii", "ignore").decode("ascii")
    return _SLUG.sub("_", plain).strip("_")

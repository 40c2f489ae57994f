"""A filter of leads in normal form: what its words, identities and values of fields are."""

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem, invalid
from mailgenius.product.leads import (
    field_values,
    fields as stored_fields,
    normalise,
    search_queries as found,
)
from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.search_queries import Filter

MAX_FILTERED_FIELDS = 5
MOST_BEGUN = 100
"""Where more e-mails begin so, their words are common enough to be looked up."""
MOST_NUMBERED = 1_500
"""So many ids: `crm-1234` begins 1,111 of ten million, and its words are in all of them or in few."""
MOST_DIALLED = 1_000
"""So many of a phone number: its digits are no word that others have, so they are as rare as itself."""
_BEGUN = re.compile(
    r"(?=.{3,254}\Z)(?=.*@|.*[._+-].*[0-9]|.*[0-9].*[._+-])[\w.!#$%&'*+/=?^`{|}~-]{2,}(@[\w.-]*)?", re.ASCII
)
"""What is taken for the beginning of an e-mail or id: it has an @, or a digit and a mark that joins words."""
DIGITS_OF_PHONE = 7
"""So many digits are taken for the beginning of a phone number: fewer may as well be a part of an id."""


async def filter_of(tx: Tx, workspace_id: int, wanted: Wanted) -> Filter:
    """Return what a list, an act or an export is narrowed to, in normal form. It knows no segments."""
    fields = await _field_values(tx, workspace_id, wanted.fields) if wanted.fields else None
    return Filter(
        text=_words(wanted.text),
        tag=wanted.tag or None,
        status=wanted.status,
        fields=fields,
        created_since=wanted.created.since,
        created_until=wanted.created.until,
        updated_since=wanted.updated.since,
        updated_until=wanted.updated.until,
    )


async def exact_of(tx: Tx, workspace_id: int, text: str, wanted: Filter) -> list[int]:
    """Return the lead whose e-mail or phone the text is, or the few whose e-mail, phone or id begins with it.

    The words of such a beginning are as rare as itself, and each of them costs a look into every bucket.
    """
    email, phone = _tried(normalise.email, text), _tried(normalise.phone, text)
    if email is not None or phone is not None:
        same = await found.find_by_identity(
            tx, workspace_id=workspace_id, email=email, phone=phone, external_id=None, wanted=wanted
        )
        if same:
            return same
    begun = text.strip()
    digits = normalise.phone_digits(begun)
    if len(digits) < DIGITS_OF_PHONE if digits else not _BEGUN.fullmatch(begun):
        return []
    return await found.find_by_beginning(
        tx,
        workspace_id=workspace_id,
        email=digits or begun.lower(),
        external_id=digits or begun,
        phones=(f"+{digits}", f"+55{digits}") if digits else (),
        most=MOST_DIALLED if digits else MOST_BEGUN,
        most_numbered=MOST_NUMBERED,
        wanted=wanted,
    )


async def _field_values(tx: Tx, workspace_id: int, given: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Return the values of fields as they may be stored: a text may also stand there as a number."""
    if len(given) > MAX_FILTERED_FIELDS:
        raise invalid("field", f"filter by at most {MAX_FILTERED_FIELDS} fields")
    known = {each.key: each for each in await stored_fields.list_fields(tx, workspace_id=workspace_id)}
    problems = [Problem(f"field.{key}", "there is no such field") for key in given if key not in known]
    forms: list[list[tuple[str, Any]]] = []
    for key, value in given.items():
        try:
            forms.append(
                [(key, form) for form in field_values.stored_forms(known[key], value)] if key in known else []
            )
        except ValueError as error:
            problems.append(Problem(f"field.{key}", str(error)))
    if problems:
        raise Invalid(problems=problems)
    return tuple(dict(combination) for combination in product(*forms))


def _words(text: str) -> str | None:
    digits = normalise.phone_digits(text)
    return digits or normalise.line(text, limit=200) or None


def _tried(rule: normalise.TextRule, text: str) -> str | None:
    try:
        return rule(text)
    except ValueError:
        return None

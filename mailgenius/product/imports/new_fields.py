"""Custom fields that an import makes on its way: how a mapping says them, and what the values suggest.

A mapping says one in a word: `field:age:number`, `field:plan:choice:gold|silver`. Its label is the column's
header, unless the caller gives another.
"""

import re
from collections.abc import Mapping, Sequence

from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.imports.mapping import FIELD
from mailgenius.product.leads import field_values, service as leads
from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.product.leads.normalise import shown

_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d{0,8})(?:[.,]\d{1,10})?", re.ASCII)
_THOUSANDS = re.compile(r"[-+]?\d{1,3}[.,]\d{3}", re.ASCII)
_DAY = re.compile(
    r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4})(?P<time>[ T]\d{1,2}:\d{2}\S*)?", re.ASCII
)
_URL = re.compile(r"https?://[^\s/]+\.\S+", re.IGNORECASE)
FEW = 12
"""Values that may be a choice: so many different ones at the most, and each on the average twice."""


def without_types(mapping: Mapping[str, str]) -> tuple[dict[str, str], list[LeadField]]:
    """Return a mapping in the plain form, and the fields that it says with a type.

    Raises:
        Invalid: a type does not exist.
    """
    plain: dict[str, str] = {}
    fields: list[LeadField] = []
    for header, target in mapping.items():
        key, colon, kind = target.removeprefix(FIELD).partition(":")
        if not target.startswith(FIELD) or not colon:
            plain[header] = target
            continue
        word, _colon, choices = kind.partition(":")
        if word not in set(FieldType):
            problem = f"“{shown(word)}” is no type of a field: choose from {', '.join(FieldType)}"
            raise Invalid(problems=[Problem(f"mapping.{header}", problem)])
        plain[header] = FIELD + key
        named = tuple(choice.strip() for choice in choices.split("|") if choice.strip())
        fields.append(LeadField(key=key, label=header.strip(), type=FieldType(word), choices=named))
    return plain, fields


async def to_make(
    tx: Tx, *, workspace_id: int, mapping: Mapping[str, str], fields: Sequence[LeadField]
) -> list[LeadField]:
    """Return the fields that the import has to make, checked. One that exists with its type is none of them.

    Raises:
        Invalid: a field is wrong, is no column's, or exists with another type; each problem names its column.
        TooManyFields: the workspace would have too many.
    """
    headers = {target.removeprefix(FIELD): header for header, target in mapping.items() if FIELD in target}
    known = {field.key: field for field in await leads.all_fields(tx, workspace_id=workspace_id)}
    new: list[LeadField] = []
    problems: list[Problem] = []
    for field in fields:
        name = f"mapping.{headers.get(field.key, field.key)}"
        if field.key not in headers:
            problems.append(Problem(name, f"no column goes to the new field “{shown(field.key)}”"))
        elif (there := known.get(field.key)) is None:
            try:
                new.append(leads.checked_field(field))
            except Invalid as error:
                problems += [Problem(f"{name}.{each.field}", each.message) for each in error.problems]
        elif there.type is not field.type:
            problems.append(
                Problem(name, f"there is a field “{there.key}” already, and its type is {there.type}")
            )
    if problems:
        raise Invalid(problems=problems)
    leads.check_room([*known.values(), *new])
    return new


def guessed_type(values: Sequence[str]) -> FieldType:
    """Return the type that fits all values of a column, or text.

    Never a choice: what stands further down in the file may not be among what was seen, and would cost its
    row. Nor a number where digits are a name: with zeros in front, or longer than people count.
    """
    cells = [cell for value in values if (cell := value.strip())]
    if not cells:
        return FieldType.TEXT
    words = {cell.lower() for cell in cells}
    days = [_DAY.fullmatch(cell) for cell in cells]
    if words <= field_values.YES | field_values.NO and not all(word.isdigit() for word in words):
        return FieldType.BOOLEAN
    if all(days):
        return FieldType.DATETIME if any(day and day["time"] for day in days) else FieldType.DATE
    if all(_NUMBER.fullmatch(cell) for cell in cells):
        # 1.234 is one thing in Brazil and another in the United States.
        return FieldType.TEXT if any(_THOUSANDS.fullmatch(cell) for cell in cells) else FieldType.NUMBER
    return FieldType.URL if all(_URL.fullmatch(cell) for cell in cells) else FieldType.TEXT


def seen_choices(values: Sequence[str]) -> tuple[str, ...]:
    """Return the different values of a column when they are few enough to be chosen from."""
    cells = [cell for value in values if (cell := value.strip())]
    found = tuple(dict.fromkeys(cells))
    apart = not any(mark in cell for cell in found for mark in ",;|")
    return found if apart and len(found) <= FEW and len(found) * 2 <= len(cells) else ()

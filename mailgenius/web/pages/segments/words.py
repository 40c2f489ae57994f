"""What the builder calls kinds of conditions, operators and acts. Words only."""

from typing import Final

from babel.dates import get_month_names

from mailgenius.product.consents.model import Basis
from mailgenius.product.leads.model import FieldType
from mailgenius.product.segments.tree import ANY_BASIS, ATTRIBUTES, OPERATORS, Act, GroupKind, On
from mailgenius.web.i18n import N_, _
from mailgenius.web.pages.leads.consenting import BASIS_NAMES

GROUPS: Final = {
    GroupKind.ALL: N_("All of these are true"),
    GroupKind.ANY: N_("At least one of these is true"),
    GroupKind.NONE: N_("None of these is true"),
}
ATTRIBUTE_NAMES: Final = {
    "name": N_("Name"),
    "email": N_("E-mail"),
    "phone": N_("Phone number"),
    "external_id": N_("External id"),
    "consent_source": N_("Source of consent"),
    "created_at": N_("Added on"),
    "updated_at": N_("Changed on"),
    "consent_at": N_("Consent given on"),
}
KINDS: Final = {
    On.STATUS: N_("Status"),
    On.TAG: N_("Tags"),
    On.CONSENT: N_("Legal basis"),
    On.TOPIC: N_("Topic"),
    On.BEHAVIOUR: N_("What happened to messages"),
    On.IMPORT: N_("Import"),
    On.SEGMENT: N_("Another segment"),
    On.SHARE: N_("A random share"),
}
OPERATOR_NAMES: Final = {
    "is": N_("is"),
    "is_not": N_("is not"),
    "in": N_("is one of"),
    "not_in": N_("is none of"),
    "contains": N_("contains"),
    "not_contains": N_("does not contain"),
    "starts_with": N_("begins with"),
    "ends_with": N_("ends with"),
    "less": N_("is less than"),
    "at_most": N_("is at most"),
    "more": N_("is more than"),
    "at_least": N_("is at least"),
    "between": N_("is between"),
    "on": N_("is on"),
    "before": N_("is before"),
    "after": N_("is after"),
    "in_last": N_("is in the last … days"),
    "before_last": N_("is more than … days ago"),
    "in_next": N_("is in the next … days"),
    "anniversary": N_("has its anniversary in the next … days"),
    "month": N_("is in the month"),
    "is_set": N_("is filled in"),
    "is_empty": N_("is empty"),
    "any": N_("has one of"),
    "all": N_("has all of"),
    "none": N_("has none of"),
}
ACTS: Final = {
    Act.SENT: N_("was sent"),
    Act.DELIVERED: N_("received"),
    Act.OPENED: N_("opened"),
    Act.CLICKED: N_("clicked in"),
    Act.BOUNCED: N_("came back from"),
    Act.UNSUBSCRIBED: N_("unsubscribed in"),
    Act.REPLIED: N_("replied to"),
}
BASES: Final = (
    {"": BASIS_NAMES[Basis.CONSENT]}
    | {basis.value: name for basis, name in BASIS_NAMES.items() if basis is not Basis.CONSENT}
    | {ANY_BASIS: N_("Any legal basis")}
)
"""Legal bases that may be asked for; consent itself need not be named."""
PROBLEMS: Final = (
    N_("must have %(num)s to %(num)s characters"),
    N_("must be a text"),
    N_("must not hold characters that cannot be stored"),
    N_("must be a list with at least one value"),
    N_("must hold at most %(num)s values"),
    N_("must be a number"),
    N_("must be a number of at most %(num)s digits"),
    N_("must be a date such as %(num)s-%(num)s-%(num)s"),
    N_("must be a day that exists"),
    N_("must not end before it begins"),
    N_("must be a whole number from %(num)s to %(num)s"),
    N_("must be true or false"),
    N_("must be an id, as a string"),
    N_("must hold at least one condition"),
    N_("groups must not be more than %(num)s deep"),
    N_("is not a field of this workspace"),
    N_("must be a number from %(num)s to %(num)s"),
    N_("must be more than %(num)s"),
    N_("must have at most two decimals"),
    N_("segments are nested too deep"),
)
"""What the rules say of single conditions, for the catalogs: they know no gettext."""


def operators_of(kind: FieldType) -> list[tuple[str, str, str]]:
    """The operators of a type: key, words, and the shape of its value."""
    return [(op, _(OPERATOR_NAMES[op]), shape.value) for op, shape in OPERATORS[kind].items()]


def months(locale: str) -> list[tuple[int, str]]:
    """The months by number, named as the locale does."""
    return list(get_month_names("wide", locale=locale).items())


def attribute_types() -> dict[str, str]:
    return {key: kind.value for key, kind in ATTRIBUTES.items()}

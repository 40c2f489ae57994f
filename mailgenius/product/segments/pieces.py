"""The pieces of SQL that conditions are made of: a closed set. No values, and nothing that a person wrote.

`{x}` stands for a value of the lead, `{v}` for a parameter, `{w}` for a second one.
"""

from mailgenius.product.leads.model import FieldType
from mailgenius.product.segments.tree import Act

ATTRIBUTES = {
    "name": "leads.name",
    "email": "leads.email",
    "phone": "leads.phone",
    "external_id": "leads.external_id",
    "consent_source": "leads.consent_source",
    "created_at": "leads.created_at",
    "updated_at": "leads.updated_at",
    "consent_at": "leads.consent_at",
}
IDENTITIES = frozenset({"email", "phone", "external_id"})
"""Compared as they are stored, so that their indexes serve."""

FIELD_TEXT = "(leads.fields ->> {v})"
FIELD_JSON = "(leads.fields -> {v})"
FIELD_VALUES = {
    FieldType.NUMBER: "field_number(leads.fields ->> {v})",
    FieldType.DATE: "field_date(leads.fields ->> {v})",
    FieldType.DATETIME: "field_moment(leads.fields ->> {v})",
}
LOCAL_DATE = "(({x}) AT TIME ZONE {v})::date"

# Names of operators that ask the same with a turned answer.
TURNED = {"is_not": "is", "not_in": "in", "not_contains": "contains", "none": "any", "is_empty": "is_set"}

TEXT = {
    "is": ("lower({x}) = lower({v})", "text"),
    "in": ("lower({x}) IN (SELECT lower(one) FROM unnest({v}) one)", "text[]"),
    "contains": ("position(lower({v}) IN lower({x})) > 0", "text"),
    "starts_with": ("starts_with(lower({x}), lower({v}))", "text"),
    "ends_with": ("right(lower({x}), length(lower({v}))) = lower({v})", "text"),
}
IDENTITY = {"is": ("{x} = {v}", "text"), "in": ("{x} = ANY({v})", "text[]")}
NUMBER = {
    "is": "{x} = {v}",
    "less": "{x} < {v}",
    "at_most": "{x} <= {v}",
    "more": "{x} > {v}",
    "at_least": "{x} >= {v}",
    "between": "{x} BETWEEN {v} AND {w}",
}
DATE = {
    "on": "{x} = {v}",
    "before": "{x} < {v}",
    "after": "{x} > {v}",
    "between": "{x} BETWEEN {v} AND {w}",
}
DAY_OF_YEAR = "to_char({x}, 'MMDD') = ANY({v})"
MONTH = "extract(month FROM {x})::int = {v}"
CHOICES = {"any": "jsonb_exists_any({x}, {v})", "all": "jsonb_exists_all({x}, {v})"}
BOOLEAN = "{x} = {v}"
IS_SET = "{x} <> ''"
CHOICES_SET = "{x} NOT IN ('', '[]')"
MOMENT_SET = "{x} IS NOT NULL"

TAGS = {"any": "leads.tags && {v}", "all": "leads.tags @> {v}"}
STATUS = "leads.status = ANY({v})"
CONSENT = "leads.consent_at IS NOT NULL"
"""Consent on any channel: leads keep the day of it themselves."""
SHARE = (
    "(('x' || substr(md5(leads.id::text || ':' || {v}), 1, 8))::bit(32)::bigint %% 10000) BETWEEN {w} AND {u}"
)
"""A hash that every version of PostgreSQL, and any other program, computes alike."""

_BOUNDS = (
    "{t}.workspace_id = %(workspace_id)s::bigint AND {t}.lead_id = leads.id"
    " AND {t}.lead_id > %(after_id)s::bigint AND {t}.lead_id <= %(until_id)s::bigint"
)
CONSENT_SAID = (
    "EXISTS (SELECT FROM consent_states s WHERE " + _BOUNDS.replace("{t}", "s") + " AND s.act = {v}{more})"
)
CONSENT_CHANNEL = " AND s.channel = {v}"
CONSENT_BASIS = " AND s.basis = {v}"
IMPORTED = (
    "(leads.import_id = ANY({v}) OR EXISTS (SELECT FROM lead_activity a WHERE "
    + _BOUNDS.replace("{t}", "a")
    + " AND a.kind = 'imported' AND a.detail ->> 'import_id' = ANY({w})))"
)
EVERY_CAMPAIGN = (
    "ARRAY(SELECT o.id FROM orders o"
    " WHERE o.workspace_id = %(workspace_id)s::bigint AND o.source = 'campaign')"
)
"""The orders of campaigns; tests and single messages are not campaigns."""

# Messages that happened to a lead in this way. A message counts once, however often it was opened.
_MESSAGES = "messages m WHERE " + _BOUNDS.replace("{t}", "m") + " AND m.order_id = ANY({orders})"
_EVENTS = (
    "tracking_events e WHERE "
    + _BOUNDS.replace("{t}", "e")
    + " AND NOT e.machine AND e.order_id = ANY({orders})"
)
FROM_MESSAGES = {
    Act.SENT: _MESSAGES + " AND m.state IN ('accepted', 'delivered', 'bounced', 'complained')",
    Act.DELIVERED: _MESSAGES + " AND m.state IN ('accepted', 'delivered', 'complained')",
    Act.BOUNCED: _MESSAGES + " AND m.state IN ('bounced', 'rejected')",
}
FROM_EVENTS = {
    Act.OPENED: _EVENTS + " AND e.kind = 'open'",
    Act.CLICKED: _EVENTS + " AND e.kind = 'click'",
    Act.UNSUBSCRIBED: _EVENTS + " AND e.kind = 'unsubscribe'",
    Act.REPLIED: _EVENTS + " AND e.kind = 'replied'",
}
MESSAGES_SINCE = " AND m.id >= {v}"
MESSAGES_UNTIL = " AND m.id <= {v}"
"""Ids of messages carry their time and bound the partitions that are looked at, those to come left out."""
EVENTS_SINCE = " AND e.at >= {v}"
ONCE = "EXISTS (SELECT FROM {source})"
MESSAGES_TIMES = "(SELECT count(*) FROM {source}) >= {v}"
EVENTS_TIMES = "(SELECT count(DISTINCT e.message_id) FROM {source}) >= {v}"

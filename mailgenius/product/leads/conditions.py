"""The filter of leads as a condition of SQL, for statements on leads of this area and of those above.

A closed set of pieces, every value a parameter. Which words, tags and values a filter has is settled before,
in `service/searching.py`; how a segment becomes a condition, its own area knows.
"""

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import json_value
from mailgenius.product.leads.bulk_model import Match

PIECES = {
    "text": "leads.search @@ lead_query(%(meant_text)s::text)",
    "tag": "leads.tags @> ARRAY[%(meant_tag)s::text]",
    "status": "leads.status = %(meant_status)s::lead_status",
    "fields": "leads.fields @> ANY (%(meant_fields)s::jsonb[])",
    "created_since": "leads.created_at >= %(meant_created_since)s::timestamptz",
    "created_until": "leads.created_at < %(meant_created_until)s::timestamptz",
    "updated_since": "leads.updated_at >= %(meant_updated_since)s::timestamptz",
    "updated_until": "leads.updated_at < %(meant_updated_until)s::timestamptz",
    "ids": "leads.id = ANY (%(meant_ids)s::bigint[])",
}


def condition_of(match: Match, *, members: Fragment | None) -> Fragment:
    """Return the condition that holds for exactly the leads that are meant.

    `members` is what the segment of the filter says, compiled: a filter without one is no filter for all that
    it narrows, so leaving it out is refused.
    """
    if match.segment is not None and members is None:
        raise LookupError("The segment of this filter was not compiled: too many leads would be meant.")
    given = match.narrowed()
    given.pop("segment", None)
    parameters = {f"meant_{name}": value for name, value in given.items()}
    if match.fields is not None:
        parameters["meant_fields"] = [json_value(each) for each in match.fields]
    if match.ids is not None:
        parameters["meant_ids"] = list(match.ids)
    own = Fragment(sql=" AND ".join(PIECES[name] for name in given) or "true", parameters=parameters)
    if members is None:
        return own
    return Fragment(
        sql=f"{own.sql} AND ({members.sql})",
        parameters={**own.parameters, **members.parameters},
        looks_around=members.looks_around,
    )

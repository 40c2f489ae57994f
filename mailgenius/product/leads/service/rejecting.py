"""Why a staged row was not merged, in words. Which rows those are, `merging` finds out."""

from mailgenius.product.leads import normalise
from mailgenius.product.leads.errors import erased_reason
from mailgenius.product.leads.model import Rejected
from mailgenius.product.leads.staging import RejectedRow

ERASED = "erased"  # What a row clashes with whose person asked to be erased.


def rejection_of(row: RejectedRow) -> Rejected:
    return Rejected(index=row.n, reason=_reason(row), erased=row.clash == ERASED)


def _reason(row: RejectedRow) -> str:
    if row.clash == ERASED:
        return erased_reason(row.clash_value or "")
    if row.clash == "external_id":
        by = f"e-mail {row.email}" if row.by_email else f"phone {row.phone}"
        other = normalise.shown(row.clash_value or "")
        return f"the {by} belongs to lead {row.lead_id}, whose external id is “{other}”"
    if row.clash == "email":
        return f"the phone {row.phone} belongs to lead {row.lead_id}, whose e-mail is {row.clash_value}"
    owners = [
        (f"external id “{normalise.shown(row.external_id or '')}”", row.by_external_id),
        (f"e-mail {row.email}", row.by_email),
        (f"phone {row.phone}", row.by_phone),
    ]
    named = [f"the {identity} belongs to lead {owner}" for identity, owner in owners if owner]
    return ", but ".join([named[0], " and ".join(named[1:])])

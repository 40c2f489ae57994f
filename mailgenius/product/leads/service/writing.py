"""Taking leads in from callers, one or many: normalise, check, stage, merge."""

from collections.abc import Sequence
from dataclasses import replace

from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.leads import field_values, fields, normalise, staging
from mailgenius.product.leads.errors import BatchTooLarge, IdentityConflict, PersonErased
from mailgenius.product.leads.model import (
    MAX_BATCH,
    BatchResult,
    LeadInput,
    Mode,
    Rejected,
    Upserted,
)
from mailgenius.product.leads.rounds import NumberedLead, Plan, all_differ, identities_of, plan_rounds
from mailgenius.product.leads.service.fielding import check_room, typed_among
from mailgenius.product.leads.service.merging import Expect, Merge, merge_staged
from mailgenius.product.leads.staged_rows import csv_of

TOO_MANY_REPEATS = "one of its identities stands in too many rows that contradict each other"


Fault = tuple[str, str]
"""The field and what is wrong with it."""


async def upsert(
    tx: Tx, *, workspace_id: int, lead: LeadInput, mode: Mode = Mode.MERGE, source: str = "api"
) -> Upserted:
    """Create a lead, or change the one that has its external id, e-mail or phone.

    Raises:
        Invalid: a value is wrong, or no identity is given.
        IdentityConflict: its identities belong to different leads.
        PersonErased: one of them is of a person who asked to be erased.
    """
    (done,) = await upsert_each(tx, workspace_id=workspace_id, leads=[lead], mode=mode, source=source)
    if isinstance(done, Upserted):
        return done
    raise done


async def upsert_each(
    tx: Tx, *, workspace_id: int, leads: Sequence[LeadInput], mode: Mode = Mode.MERGE, source: str = "api"
) -> list[Upserted | Invalid | IdentityConflict]:
    """Do `upsert` for several leads, as if one after the other, and give each its own answer or error."""
    numbered, faults = await _checked(tx, workspace_id, leads, mode)
    refused: dict[int, Invalid | IdentityConflict] = {
        index: Invalid(problems=[Problem(field, message) for field, message in found])
        for index, found in faults.items()
    }
    if not numbered:
        return list(refused.values())
    stored: dict[int, Upserted] = {}
    expect = Expect.NOBODY_KNOWS
    if mode is Mode.MERGE and _plain(numbered):
        stored = await _created(tx, workspace_id, numbered)
        expect = Expect.MOST_KNOWN
        numbered = [row for row in numbered if row.n not in stored]
    if numbered:
        plan, result = await _merged(tx, workspace_id, numbered, mode, source, expect=expect)
        stored |= await staging.staged_leads(tx, workspace_id=workspace_id)
        for repeat in plan.repeats:
            if repeat.into in stored:
                stored[repeat.n] = replace(stored[repeat.into], created=False)
        refused |= {
            each.index: (PersonErased if each.erased else IdentityConflict)(reason=each.reason)
            for each in result.rejected
        }
    return [refused[n] if n in refused else stored[n] for n in range(len(leads))]


async def upsert_batch(
    tx: Tx, *, workspace_id: int, leads: Sequence[LeadInput], mode: Mode = Mode.MERGE, source: str = "api"
) -> BatchResult:
    """Create or change many leads, as if one after the other. A bad one is rejected and costs itself only.

    Raises:
        BatchTooLarge: there are more than 5,000.
    """
    if len(leads) > MAX_BATCH:
        raise BatchTooLarge(limit=MAX_BATCH, size=len(leads))
    numbered, faults = await _checked(tx, workspace_id, leads, mode)
    _, result = await _merged(tx, workspace_id, numbered, mode, source)
    refused = [
        Rejected(index=index, reason="; ".join(message for _, message in found))
        for index, found in faults.items()
    ]
    return replace(result, rejected=sorted([*refused, *result.rejected], key=lambda each: each.index))


async def _checked(
    tx: Tx, workspace_id: int, leads: Sequence[LeadInput], mode: Mode
) -> tuple[list[NumberedLead], dict[int, list[Fault]]]:
    """Return the leads in normal form by their places, and what is wrong with the others.

    Custom fields that the good ones name are known from then on.
    """
    numbered: list[NumberedLead] = []
    faults: dict[int, list[Fault]] = {}
    said = any(lead.fields for lead in leads)
    known = await fields.list_fields(tx, workspace_id=workspace_id) if said else []
    typed = typed_among(known)
    keys: dict[str, None] = {}
    for index, lead in enumerate(leads):
        clean, found = normalise.lead(lead, filling=mode is not Mode.OVERWRITE)
        if clean is not None and clean.fields:
            values, misfits = field_values.cleaned(clean.fields, typed)
            found = [("fields", each) for each in misfits]
            clean = clean if values == clean.fields else replace(clean, fields=values)
        if clean is None or found:
            faults[index] = found
        else:
            numbered.append(NumberedLead(n=index, lead=clean))
            keys.update(dict.fromkeys(clean.fields or ()))
    new = keys.keys() - {field.key for field in known}
    await add_fields(tx, workspace_id=workspace_id, labels={key: normalise.field_label(key) for key in new})
    return numbered, faults


def _plain(numbered: Sequence[NumberedLead]) -> bool:
    """Say whether rows are of different people and say nothing of status and consent, as most do."""
    return all_differ(numbered) and not any(
        row.lead.status is not None or _says_consent(row.lead) for row in numbered
    )


async def _created(tx: Tx, workspace_id: int, numbered: Sequence[NumberedLead]) -> dict[int, Upserted]:
    """Create the leads of plain rows that nobody knows, by one statement, and return them by their places.

    In the order of their e-mails, as they are staged.
    """
    merge = Merge(workspace_id=workspace_id, mode=Mode.MERGE, source="")
    ordered = sorted((row.lead for row in numbered), key=lambda lead: lead.email or "")
    places = {identities_of(row.lead): row.n for row in numbered}
    created = await staging.insert_given(tx, rows=ordered, **merge.insertion())
    return {
        places[lead.external_id, lead.email, lead.phone]: Upserted(lead=lead, created=True)
        for lead in created
    }


async def _merged(
    tx: Tx,
    workspace_id: int,
    numbered: Sequence[NumberedLead],
    mode: Mode,
    source: str,
    *,
    expect: Expect = Expect.NOBODY_KNOWS,
) -> tuple[Plan, BatchResult]:
    """Merge leads in normal form, in their order; what is rejected is named by its number."""
    plan = plan_rounds(numbered, mode=mode)
    merge = Merge(
        workspace_id=workspace_id,
        mode=mode,
        source=source,
        expect=expect,
        consents=any(_says_consent(each.lead) for each in plan.leads),
    )
    stops = any(each.lead.status is not None for each in plan.leads)
    merged = await merge_staged(tx, merge, csv=csv_of(plan.leads), rounds=plan.sizes, stops=stops)
    return plan, add_repeats(merged, plan, mode=mode)


def _says_consent(lead: LeadInput) -> bool:
    return lead.consent_at is not None or bool(lead.consent_source)


def add_repeats(result: BatchResult, plan: Plan, *, mode: Mode) -> BatchResult:
    """Count the rows that were folded into others, and reject those that were too many."""
    refused = {each.index: each for each in result.rejected}
    rejected = [*result.rejected, *(Rejected(index=n, reason=TOO_MANY_REPEATS) for n in plan.excess)]
    updated = unchanged = 0
    for repeat in plan.repeats:
        if repeat.into in refused:
            rejected.append(replace(refused[repeat.into], index=repeat.n))
        elif repeat.changes and mode is not Mode.KEEP:
            updated += 1
        else:
            unchanged += 1
    return BatchResult(
        created=result.created,
        updated=result.updated + updated,
        unchanged=result.unchanged + unchanged,
        rejected=rejected,
    )


async def add_fields(tx: Tx, *, workspace_id: int, labels: dict[str, str]) -> None:
    """Make custom fields known, by key, with the label that people see.

    Raises:
        TooManyFields: the workspace would have too many.
    """
    if labels and await fields.add_fields(tx, workspace_id=workspace_id, labels=labels):
        check_room(await fields.list_fields(tx, workspace_id=workspace_id))

"""Changes that somebody asks for by name: edit one lead, tag, stop or delete many."""

from collections.abc import Sequence
from dataclasses import replace

from mailgenius.channels.contract import Channel
from mailgenius.engine.feedback import service as feedback
from mailgenius.engine.suppression import erasing, service as suppression
from mailgenius.engine.suppression.model import Identity, IdentityKind, SuppressionReason
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.errors import UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem, invalid
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import ConsentAct, Statement, Way
from mailgenius.product.leads import consent_queries, normalise, queries
from mailgenius.product.leads.errors import IdentityConflict, PersonErased, erased_reason
from mailgenius.product.leads.model import Lead, LeadInput, LeadStatus
from mailgenius.product.leads.service.fielding import fitting, typed_fields
from mailgenius.product.leads.service.merging import addresses_by_channel, suppress
from mailgenius.product.leads.service.noting import note_leads
from mailgenius.product.leads.service.writing import add_fields

STATUS_OF: dict[SuppressionReason, LeadStatus] = {
    reason: LeadStatus(reason.value) for reason in SuppressionReason if reason is not SuppressionReason.ERASED
}
IDENTITY_KEYS = {
    "leads_email_key": "e-mail",
    "leads_phone_key": "phone",
    "leads_external_id_key": "external id",
}


async def update(tx: Tx, *, workspace_id: int, lead_id: int, changes: LeadInput, source: str = "api") -> Lead:
    """Change the given values of one lead: an empty text clears, tags replace, fields change key by key.

    Raises:
        LeadNotFound: this workspace has no such lead.
        Invalid: a value is wrong, or no identity would be left.
        IdentityConflict: another lead has the new e-mail, phone or external id.
        PersonErased: it is of a person who asked to be erased.
    """
    before = await queries.lock_lead(tx, workspace_id=workspace_id, lead_id=lead_id)
    if changes.fields:
        typed = await typed_fields(tx, workspace_id=workspace_id)
        changes = replace(changes, fields=fitting(changes.fields, typed))
    after = _changed(before, changes)
    if after != before:
        await refuse_erased(tx, workspace_id=workspace_id, identities=_new_identities(before, after))
        try:
            await queries.update_lead(tx, workspace_id=workspace_id, lead=after)
        except UniqueConflict as error:
            taken = IDENTITY_KEYS.get(error.constraint, "identity")
            raise IdentityConflict(reason=f"another lead has this {taken}") from error
        names = [name for name in Lead.__dataclass_fields__ if getattr(before, name) != getattr(after, name)]
        await queries.log_activity(
            tx, workspace_id=workspace_id, lead_id=lead_id, kind="updated", detail={"changed": names}
        )
        labels = {key: normalise.field_label(key) for key in after.fields if key not in before.fields}
        await add_fields(tx, workspace_id=workspace_id, labels=labels)
        said = {"consent_at", "consent_source"}.intersection(names)
        if said and (after.consent_at is not None or after.consent_source):
            await _record_consent(tx, workspace_id=workspace_id, lead=after, way=Way(source))
        await note_leads(tx, "lead.changed", workspace_id=workspace_id, lead_ids=[lead_id], changed=names)
    else:
        audit.unchanged(tx)
    if changes.status is not None and changes.status is not before.status:
        await set_status(tx, workspace_id=workspace_id, lead_ids=[lead_id], status=changes.status)
    return await queries.get_lead(tx, workspace_id=workspace_id, lead_id=lead_id)


def _new_identities(before: Lead, after: Lead) -> list[Identity]:
    pairs = ((kind, getattr(before, kind.value), getattr(after, kind.value)) for kind in IdentityKind)
    return [Identity(kind=kind, value=new) for kind, old, new in pairs if new and new != old]


async def refuse_erased(tx: Tx, *, workspace_id: int, identities: Sequence[Identity]) -> None:
    """Stop here when an identity belongs to a person who asked to be erased.

    Raises:
        PersonErased: it does.
    """
    if identities:
        for found in await erasing.erased(tx, workspace_id=workspace_id, identities=identities):
            raise PersonErased(reason=erased_reason(found.kind))


def _changed(lead: Lead, changes: LeadInput) -> Lead:
    """Return the lead with the changes in normal form; its status and times stay."""
    # The lead's own identity stands in, so that "no identity" is judged on the result below.
    clean, problems = normalise.lead(
        replace(changes, external_id=changes.external_id or f"lead {lead.id}"), filling=False
    )
    if clean is None:
        raise Invalid(problems=[Problem(field, message) for field, message in problems])
    fields = {**lead.fields, **(clean.fields or {})}
    after = replace(
        lead,
        email=lead.email if changes.email is None else clean.email,
        phone=lead.phone if changes.phone is None else clean.phone,
        external_id=lead.external_id
        if changes.external_id is None
        else (clean.external_id if changes.external_id.strip() else None),
        name=lead.name if clean.name is None else clean.name,
        tags=lead.tags if clean.tags is None else clean.tags,
        fields={key: value for key, value in fields.items() if value is not None},
        consent_at=clean.consent_at or lead.consent_at,
        consent_source=lead.consent_source if clean.consent_source is None else clean.consent_source,
    )
    if after.email is None and after.phone is None and after.external_id is None:
        raise invalid("email", "an e-mail, a phone or an external id is needed")
    return after


async def _record_consent(tx: Tx, *, workspace_id: int, lead: Lead, way: Way) -> None:
    """Tell the ledger the day and the source of consent that somebody wrote on a lead."""
    statements = [
        Statement(
            lead_id=lead.id,
            channel=channel,
            act=ConsentAct.GIVEN,
            way=way,
            source=lead.consent_source,
            at=lead.consent_at,
        )
        for channel in _reached_by(lead)
    ]
    await consents.record(tx, workspace_id=workspace_id, statements=statements)
    await consent_queries.date_consents(tx, workspace_id=workspace_id, lead_ids=[lead.id])


def _reached_by(lead: Lead) -> Sequence[Channel]:
    """Return the channels that a consent without channels is about, as the merge of leads has it."""
    if lead.email is None and lead.phone is not None:
        return (Channel.SMS, Channel.WHATSAPP)
    return (Channel.EMAIL,)


async def delete(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> int:
    """Remove leads for good and return how many there were. The suppression list keeps their addresses."""
    n = await queries.delete_leads(tx, workspace_id=workspace_id, lead_ids=lead_ids)
    await note_leads(tx, "lead.deleted", workspace_id=workspace_id, lead_ids=lead_ids, count=n)
    return n


async def add_tags(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], tags: Sequence[str]) -> int:
    """Add tags to leads and return how many changed."""
    clean = clean_tags(tags)
    n = await queries.add_tags(tx, workspace_id=workspace_id, lead_ids=lead_ids, tags=clean)
    await note_leads(tx, "lead.tagged", workspace_id=workspace_id, lead_ids=lead_ids, count=n, tags=clean)
    return n


async def remove_tags(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], tags: Sequence[str]) -> int:
    """Take tags off leads and return how many changed."""
    clean = clean_tags(tags)
    n = await queries.remove_tags(tx, workspace_id=workspace_id, lead_ids=lead_ids, tags=clean)
    await note_leads(tx, "lead.untagged", workspace_id=workspace_id, lead_ids=lead_ids, count=n, tags=clean)
    return n


def clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return tags in normal form; refuse bad ones and none at all."""
    try:
        clean = normalise.tags(tags)
    except ValueError as error:
        raise invalid("tags", str(error)) from error
    if not clean:
        raise invalid("tags", "name at least one tag")
    return clean


async def set_status(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], status: LeadStatus, reason: str = "by hand"
) -> int:
    """Give leads a status and return how many exist.

    Their e-mails and phones go on the suppression list, or leave it when the status is active. This is the
    only way that a lead becomes active again. A complaint counts against the order that wrote to it last.
    """
    rows = await queries.set_status(
        tx, workspace_id=workspace_id, lead_ids=lead_ids, status=status, reason=reason
    )
    await note_leads(
        tx,
        "lead.status_changed",
        workspace_id=workspace_id,
        lead_ids=lead_ids,
        count=len(rows),
        status=status,
    )
    if status is not LeadStatus.ACTIVE:
        await suppress(tx, workspace_id=workspace_id, rows=rows, status=status)
        if status is LeadStatus.COMPLAINED:
            await feedback.leads_complained(tx, workspace_id=workspace_id, lead_ids=lead_ids)
        return len(rows)
    for channel, addresses in addresses_by_channel(rows).items():
        await suppression.remove(tx, workspace_id=workspace_id, channel=channel, addresses=addresses)
    return len(rows)


async def follow_suppression(
    tx: Tx, *, workspace_id: int, channel: Channel, address: str, reason: str, lead_id: int | None = None
) -> int:
    """Bring the leads behind an address in line with the suppression list; return how many changed.

    A lead whose address is on the list takes its status when that is the stricter one, so that a complaint is
    known after a bounce; an unsubscribed one whose address is not on it is active again. Looking at the list,
    instead of trusting the event, makes the order of events irrelevant.
    """
    listed = await suppression.suppressed(tx, workspace_id=workspace_id, channel=channel, addresses=[address])
    if address in listed:
        return await queries.stop_address(
            tx,
            workspace_id=workspace_id,
            lead_id=lead_id,
            channel=channel,
            address=address,
            status=STATUS_OF.get(listed[address], LeadStatus.BLOCKED),
            reason=reason,
        )
    return await queries.revive_address(
        tx, workspace_id=workspace_id, lead_id=lead_id, channel=channel, address=address, reason=reason
    )

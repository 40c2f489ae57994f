"""Letting a person in again who was erased: only by a new consent, and only by name."""

from mailgenius.engine.suppression import erasing as held_back
from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.product.leads import normalise, service as leads
from mailgenius.product.leads.model import Lead, LeadInput
from mailgenius.product.privacy import queries
from mailgenius.product.privacy.errors import NotErased
from mailgenius.product.privacy.model import Person, identities_of


async def allow_again(
    tx: Tx, *, workspace_id: int, person: Person, source: str, allowed_by: int | None = None
) -> Lead:
    """Forget the hashes of a person who came back, and make their lead with the new consent.

    Raises:
        NotErased: nobody with these identities was erased.
        Invalid: an identity is wrong, or nothing is said of where the consent was given.
    """
    source = normalise.line(source)
    if not source:
        raise invalid("source", "say where and how the person gave the new consent")
    try:
        identities = identities_of(person, None)
    except ValueError as error:
        raise invalid("person", str(error)) from error
    await held_back.hold_off_writers(tx, workspace_id=workspace_id)
    erasures = await held_back.erasures_of(tx, workspace_id=workspace_id, identities=identities)
    if not erasures:
        raise NotErased
    await held_back.allow(tx, workspace_id=workspace_id, erasure_ids=erasures)
    await queries.allow_erased(tx, workspace_id=workspace_id, erasure_ids=erasures, allowed_by=allowed_by)
    made = await leads.upsert(
        tx,
        workspace_id=workspace_id,
        lead=LeadInput(
            email=person.email or None,
            phone=person.phone or None,
            external_id=person.external_id or None,
            consent_at=clock.now(),
            consent_source=source,
        ),
        source="page",
    )
    for erasure_id in erasures:
        await audit.note(tx, workspace_id=workspace_id, action="person.allowed_again", object_id=erasure_id)
    return made.lead

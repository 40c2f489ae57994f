"""From an answer to a lead: its values, its tags and its consent, in one transaction with the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailgenius.channels.contract import Channel
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid
from mailgenius.product.consents.model import Basis, ConsentAct, Statement, Way
from mailgenius.product.forms.model import FIELD, Form
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.errors import IdentityConflict
from mailgenius.product.leads.model import LeadInput, Mode

SOURCE = "form"


@dataclass(frozen=True, kw_only=True, slots=True)
class Taking:
    """An answer that is to become a lead."""

    form: Form
    email: str
    answers: Mapping[str, Any]
    text_version: int
    ip: str | None


async def take_in(tx: Tx, taking: Taking, *, confirmed: bool) -> int:
    """Make the lead of an answer, or add to the one that has its address; return its id.

    Who did not confirm adds tags and a consent to a lead that exists, and changes nothing else of it. Who did
    is believed: values are filled in, and an unsubscribing is over.
    """
    form = taking.form
    lead_id = await _lead(tx, taking, Mode.MERGE if confirmed else Mode.KEEP)
    if form.tags:
        await leads.add_tags(tx, workspace_id=form.workspace_id, lead_ids=[lead_id], tags=form.tags)
    statement = Statement(
        lead_id=lead_id,
        channel=Channel.EMAIL,
        act=ConsentAct.GIVEN,
        way=Way.FORM,
        basis=Basis.CONSENT,
        source=form.name,
        text_version=f"{form.public_id}/{taking.text_version}",
        ip=taking.ip,
        overrules=confirmed,
    )
    await leads.state_consent(tx, workspace_id=form.workspace_id, statement=statement)
    if confirmed:
        await leads.return_to(tx, workspace_id=form.workspace_id, lead_id=lead_id, channel=Channel.EMAIL)
    return lead_id


async def _lead(tx: Tx, taking: Taking, mode: Mode) -> int:
    """Write the lead. What does not fit any more, or is another lead's, is left out: the address counts."""
    wanted = LeadInput(
        email=taking.email,
        name=taking.answers.get("name"),
        phone=taking.answers.get("phone"),
        fields={
            key.removeprefix(FIELD): value for key, value in taking.answers.items() if key.startswith(FIELD)
        },
    )
    for lead in (wanted, replace(wanted, phone=None), LeadInput(email=taking.email)):
        try:
            made = await leads.upsert(
                tx, workspace_id=taking.form.workspace_id, lead=lead, mode=mode, source=SOURCE
            )
        except (IdentityConflict, Invalid):
            continue
        return made.lead.id
    raise LookupError("A lead with an address alone belongs to nobody else.")

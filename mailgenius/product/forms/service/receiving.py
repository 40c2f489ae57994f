"""Answers of visitors: counted, checked, and taken in or kept until they are confirmed.

A visitor may be anybody and may type any address. So without a confirmation nothing that is known of a lead
is changed, an unsubscribing stays, and the answer never tells whether the address was known.
"""

import os
from collections.abc import Mapping
from typing import Any

from mailgenius.engine.suppression import erasing
from mailgenius.engine.suppression.model import Identity, IdentityKind
from mailgenius.kit import clock
from mailgenius.kit.crypto import Keys, fingerprint
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.kit.logs import logger
from mailgenius.kit.visitors import known_ip, network_of
from mailgenius.product.forms import queries
from mailgenius.product.forms.errors import AnswersUnclear, TooManyTries
from mailgenius.product.forms.model import (
    FIELD,
    MAIL_AGAIN_AFTER,
    MOST_MAILS,
    TRIES,
    TRY_WINDOW,
    Form,
    Outcome,
    Submission,
    Visitor,
)
from mailgenius.product.forms.service.asking_back import NONCE_BYTES, Link, ask_back, sign_link
from mailgenius.product.forms.service.taking_in import Taking, take_in
from mailgenius.product.leads import normalise, service as leads

log = logger(__name__)

RULES: dict[str, normalise.TextRule] = {"name": normalise.line, "phone": normalise.phone}


async def public(tx: Tx, *, public_id: str) -> Form:
    """Return the form of a public address. Needs a trusted transaction.

    Raises:
        FormNotFound: there is none, or it is archived.
    """
    return await queries.public_form(tx, public_id=public_id)


async def admit(tx: Tx, *, form: Form, ip: str) -> None:
    """Count a try of a visitor's network. Its caller commits before it goes on, so that failures count too.

    Raises:
        TooManyTries: this network sent the form too often within the hour.
    """
    tries = await queries.count_try(
        tx,
        workspace_id=form.workspace_id,
        form_id=form.id,
        ip_hash=fingerprint(f"form {network_of(ip)}"),
        window_end=clock.now() + TRY_WINDOW,
    )
    if tries > TRIES:
        raise TooManyTries


async def receive(
    tx: Tx, *, form: Form, answers: Mapping[str, str], visitor: Visitor, keys: Keys, base_url: str
) -> Outcome:
    """Take in an answer, or keep it and ask its address to confirm. The same answer again changes nothing.

    Raises:
        AnswersUnclear: the problems name the fields.
        CannotAskBack: the message cannot be sent; nothing is kept.
    """
    email, values = await _checked(tx, form, answers, visitor)
    if await erasing.erased(
        tx, workspace_id=form.workspace_id, identities=[Identity(kind=IdentityKind.EMAIL, value=email)]
    ):
        # Nothing is kept and nobody is written to; and the answer does not tell that somebody was erased.
        log.info("form of an erased person", workspace_id=form.workspace_id, form_id=form.id)
        return Outcome.CONFIRM if form.double_opt_in else Outcome.TAKEN
    place: dict[str, Any] = {"workspace_id": form.workspace_id, "form_id": form.id, "email": email}
    await queries.reserve_submission(tx, **place)
    earlier = await queries.lock_submission(tx, **place)
    if form.double_opt_in:
        if earlier is not None and _asked_lately(earlier):
            return Outcome.CONFIRM
        nonce = os.urandom(NONCE_BYTES)
        await queries.write_submission(
            tx, form=form, email=email, answers=values, ip=known_ip(visitor.ip), nonce=nonce, mailed=1
        )
        link = Link(workspace_id=form.workspace_id, form_id=form.id, nonce=nonce, email=email)
        url = f"{base_url}/f/confirm/{sign_link(link, keys=keys)}"
        await ask_back(tx, form=form, email=email, name=str(values.get("name") or ""), url=url)
        return Outcome.CONFIRM
    await queries.write_submission(
        tx, form=form, email=email, answers=values, ip=known_ip(visitor.ip), nonce=b"", mailed=0
    )
    taking = Taking(
        form=form, email=email, answers=values, text_version=form.text_version, ip=known_ip(visitor.ip)
    )
    await queries.confirm_submission(tx, **place, lead_id=await take_in(tx, taking, confirmed=False))
    return Outcome.TAKEN


def _asked_lately(earlier: Submission) -> bool:
    """Whether a message is on its way already, or enough of them were not answered."""
    if earlier.state != "pending" or earlier.mailed_at is None:
        return False
    return earlier.mails >= MOST_MAILS or clock.now() - earlier.mailed_at < MAIL_AGAIN_AFTER


async def _checked(
    tx: Tx, form: Form, answers: Mapping[str, str], visitor: Visitor
) -> tuple[str, dict[str, Any]]:
    """Return the address and the other answers in normal form."""
    problems: list[Problem] = []
    email = ""
    try:
        email = normalise.email(answers.get("email", ""))
    except ValueError:
        problems.append(Problem("email", "is not an e-mail address"))
    values: dict[str, Any] = {}
    typed = await leads.typed_fields(tx, workspace_id=form.workspace_id)
    for field in form.fields:
        given = normalise.text(answers.get(field.key, ""))
        if not given:
            if field.required:
                problems.append(Problem(field.key, "is needed"))
            continue
        try:
            if field.key.startswith(FIELD):
                key = field.key.removeprefix(FIELD)
                values[field.key] = (leads.fitting({key: given}, typed) or {})[key]
            else:
                values[field.key] = RULES[field.key](given)
        except (ValueError, Invalid):
            problems.append(Problem(field.key, "is not right"))
    if not visitor.accepted:
        problems.append(Problem("consent", "is needed"))
    if problems:
        raise AnswersUnclear(problems=problems)
    return email, values

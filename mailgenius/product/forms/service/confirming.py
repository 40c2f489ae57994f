"""Confirming by the link of a message: the address is proved to be theirs, so the answer becomes a lead."""

from mailgenius.kit import clock
from mailgenius.kit.crypto import Keys, same
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.visitors import known_ip
from mailgenius.product.forms import queries
from mailgenius.product.forms.errors import FormNotFound, LinkOver
from mailgenius.product.forms.model import CONFIRM_WITHIN, Form, Submission
from mailgenius.product.forms.service.asking_back import Link, read_link
from mailgenius.product.forms.service.taking_in import Taking, take_in


async def waiting(tx: Tx, *, token: str, keys: Keys) -> tuple[Form, str]:
    """Return the form and the address of a link, and change nothing. Wants a trusted transaction.

    Raises:
        BadToken: the link was not made here.
        LinkOver: it has run out, another one took its place, or the form is gone.
    """
    link = read_link(token, keys=keys)
    form, _ = await _found(tx, link)
    return form, link.email


async def confirm(tx: Tx, *, token: str, keys: Keys, ip: str) -> Form:
    """Make the lead of a link's answer. A second time changes nothing. Wants a trusted transaction.

    Raises:
        BadToken: the link was not made here.
        LinkOver: as in `waiting`.
    """
    link = read_link(token, keys=keys)
    form, answer = await _found(tx, link)
    if answer.state == "pending":
        taking = Taking(
            form=form,
            email=link.email,
            answers=answer.answers,
            text_version=answer.text_version,
            ip=known_ip(ip),
        )
        lead_id = await take_in(tx, taking, confirmed=True)
        await queries.confirm_submission(
            tx, workspace_id=link.workspace_id, form_id=link.form_id, email=link.email, lead_id=lead_id
        )
    return form


async def _found(tx: Tx, link: Link) -> tuple[Form, Submission]:
    try:
        form = await queries.get_form(tx, workspace_id=link.workspace_id, form_id=link.form_id)
    except FormNotFound as error:
        raise LinkOver from error
    answer = await queries.lock_submission(
        tx, workspace_id=link.workspace_id, form_id=link.form_id, email=link.email
    )
    if answer is None or not same(answer.nonce, link.nonce):
        raise LinkOver
    if answer.state == "pending" and clock.now() - answer.submitted_at > CONFIRM_WITHIN:
        raise LinkOver
    return form, answer

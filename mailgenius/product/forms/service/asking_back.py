"""The message that asks an address to confirm: its words, its link, and sending it."""

import struct
from dataclasses import dataclass

from mailgenius.kit.crypto import BadToken, Keys
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.logs import logger
from mailgenius.product.forms.errors import CannotAskBack
from mailgenius.product.forms.model import Form, FormInput, Language
from mailgenius.product.messages import service as messages
from mailgenius.product.messages.errors import MessageNotSendable
from mailgenius.product.messages.model import Make, MessageInput, Words

NONCE_BYTES = 16
_PURPOSE = "forms"
_VERSION = 1
_HEAD = struct.Struct(f">BQQ{NONCE_BYTES}s")
_LONGEST = 1_000
_BODY = (
    '<p>{hello}</p><p><a href="{{{{ data.confirm_url }}}}">{button}</a></p><p>{{{{ data.confirm_url }}}}</p>'
    "<p>{otherwise}</p>"
)
_WORDS = {
    Language.ENGLISH: Words(
        subject="Please confirm: {{ data.form }}",
        html=_BODY.format(
            hello="Somebody, hopefully you, asked for messages to this address. Please confirm it:",
            button="Yes, I want to receive them",
            otherwise="If it was not you, do nothing: you will hear no more of it.",
        ),
    ),
    Language.PORTUGUESE: Words(
        subject="Confirme, por favor: {{ data.form }}",
        html=_BODY.format(
            hello="Alguém, provavelmente você, pediu mensagens para este endereço. Por favor, confirme:",
            button="Sim, quero receber",
            otherwise="Se não foi você, não faça nada: você não receberá mais nada sobre isto.",
        ),
    ),
}
log = logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What the link of a message says."""

    workspace_id: int
    form_id: int
    nonce: bytes
    email: str


def sign_link(link: Link, *, keys: Keys) -> str:
    """Return the token of a link."""
    head = _HEAD.pack(_VERSION, link.workspace_id, link.form_id, link.nonce)
    return keys.signer(_PURPOSE).sign(head + link.email.encode())


def read_link(token: str, *, keys: Keys) -> Link:
    """Open a token that came with a request.

    Raises:
        BadToken: it was not made here, or was changed.
    """
    if len(token) > _LONGEST or not token.isascii():
        raise BadToken
    payload = keys.signer(_PURPOSE).open(token)
    if len(payload) < _HEAD.size or payload[0] != _VERSION:
        raise BadToken
    _, workspace_id, form_id, nonce = _HEAD.unpack_from(payload)
    return Link(workspace_id=workspace_id, form_id=form_id, nonce=nonce, email=payload[_HEAD.size :].decode())


def make_of(form: Form | FormInput) -> Make:
    """Return what the messages of a form have in common. They are asked for, so they are transactional."""
    return Make(
        template_id=form.template_id,
        words=_WORDS[form.language] if form.template_id is None else None,
        connection_id=form.connection_id,
        transactional=True,
        track_opens=False,
        # The link is not followed: whoever scans the message must not confirm it by a redirect of ours.
        track_clicks=False,
    )


async def ask_back(tx: Tx, *, form: Form, email: str, name: str, url: str) -> None:
    """Send the message.

    Raises:
        CannotAskBack: it cannot be sent, which the log explains.
    """
    data = {"confirm_url": url, "form": form.title, "name": name}
    message = MessageInput(make=make_of(form), to=email, data=data)
    try:
        await messages.send(tx, workspace_id=form.workspace_id, message=message)
    except MessageNotSendable as error:
        problems = [each.message for each in error.problems]
        log.warning("form cannot ask to confirm", form_id=form.id, problems=problems)
        raise CannotAskBack from error

"""What every provider adapter speaks: messages in, results out, capabilities declared.

No database and no campaign here. An adapter translates between these values and one provider's wire.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec


class Channel(StrEnum):
    """How a message travels."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class Outcome(StrEnum):
    """What is known after one attempt."""

    ACCEPTED = "accepted"
    """The provider took responsibility for the message."""
    DEFERRED = "deferred"
    """Certainly not taken; a later attempt may succeed."""
    REJECTED = "rejected"
    """Certainly not taken; no later attempt to this recipient can succeed."""
    UNKNOWN = "unknown"
    """Handed over without an answer: the provider may or may not have it."""


class Fault(StrEnum):
    """Whose fault a failed attempt is; it decides what is retried, suppressed or switched off."""

    NONE = "none"
    RECIPIENT = "recipient"
    """The mailbox or number: it does not exist, is full, is inactive."""
    POLICY = "policy"
    """The sender, its reputation or the content: never a reason to suppress the recipient."""
    CONNECTION = "connection"
    """The connection as a whole: unreachable, refused, bad credentials. No message of it can leave."""
    MESSAGE = "message"
    """The hand-over of this very message: the connection ended in the middle of it. Others may well leave."""


class EncodedBodies(NamedTuple):
    """The two bodies of an e-mail in UTF-8, with CRLF line ends, one of them at the end, and no NUL."""

    text: bytes
    html: bytes


class MailSigner(Protocol):
    """Vouches for the e-mails of a domain."""

    def signed(self, mail: bytes) -> bytes:
        """Return a finished e-mail with its signatures."""
        ...


class OutgoingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One finished message, ready for the wire. A struct, because millions are made.

    `headers` hold plain Unicode text in the order to be written; the adapter encodes them. Line breaks in
    a header value are refused by the encoder, never folded away silently.
    """

    message_id: int
    """The ledger's id: time-ordered, unique, stable over retries; the provider's idempotency key."""
    workspace_id: int
    recipient: str
    """Address as the channel writes it: e-mail address, or E.164 number."""
    sender: str
    """E-mail: envelope sender. SMS and WhatsApp: the sending number or name."""
    text: str
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    encoded: EncodedBodies | None = None
    """`text` and `html` once more, for adapters that write e-mail, where the composer had them at hand."""
    signer: MailSigner | None = None
    """Who signs it, for adapters that write e-mail. Most relays sign by themselves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SendResult:
    """What happened to one message in one attempt."""

    outcome: Outcome
    provider_ref: str = ""
    """The provider's own id of the message, when it gave one."""
    code: str = ""
    """The provider's code as it said it, such as `451 4.7.28`."""
    reason: str = ""
    """The provider's words, or ours when it said none. At most 500 characters."""
    fault: Fault = Fault.NONE
    retry_after: timedelta | None = None
    """An explicit wait the provider asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What an adapter can do, for screens and for the engine."""

    channel: Channel
    deduplicates: bool = False
    """True when a second hand-over of the same `message_id` is dropped by the provider."""
    concurrency: int = 1
    """How many messages `send` works on at the same time."""
    tells: bool = False
    """Whether `send` tells its witness of each message right before it hands it over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingField:
    """One setting a person types to open a connection. Labels are English message ids."""

    key: str
    label: str
    kind: str = "text"
    """`text`, `number`, `password` or `choice`."""
    required: bool = True
    secret: bool = False
    """Secret settings are encrypted at rest and never shown again."""
    choices: tuple[str, ...] = ()
    default: str = ""
    help: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdapterContext:
    """What an adapter may know of the installation."""

    workspace_id: int
    connection_id: int
    home: Path
    """Folder for files that an adapter keeps on this machine."""
    allow_private_hosts: bool = True
    """Whether hosts in private address ranges may be contacted."""


class Witness(Protocol):
    """Told, while a send goes on, what would be forgotten if our process died in the middle of it."""

    def begins(self, message_ids: Sequence[int]) -> None:
        """Note that the provider may have these from now on. Called before the bytes that make it so leave.

        Raises:
            OSError: it cannot be noted. Then none of these may be handed over.
        """
        ...

    def ends(self, message_id: int, result: SendResult) -> None:
        """Note what became of a message."""
        ...


class Adapter(Protocol):
    """An open connection to a provider. Reused for many sends; closed once."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def send(
        self, messages: Sequence[OutgoingMessage], witness: Witness | None = None
    ) -> list[SendResult]:
        """Hand over the messages and return one result for each, in the same order.

        Never raises for trouble with a peer or a message: that is a result. Cancelling may leave
        messages unanswered; the caller then treats all of them as unknown. The witness hears of each
        hand-over if `capabilities.tells`; else the caller takes all of them to begin with the call.
        """
        ...

    async def check(self) -> SendResult:
        """Try the connection without sending: connect, greet, sign in. ACCEPTED when all is well."""
        ...

    async def close(self) -> None:
        """Release sockets and files. Safe to call twice."""
        ...


class Provider(Protocol):
    """A kind of connection: its name, its form, and how to open it."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def channel(self) -> Channel: ...

    @property
    def fields(self) -> tuple[SettingField, ...]: ...

    def validate(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Return the problem of each bad setting, by key; empty when all are good."""
        ...

    def open(self, settings: Mapping[str, Any], context: AdapterContext) -> Adapter:
        """Make an adapter. Does no I/O: the first send connects."""
        ...

"""The tokens of public links: which message, and where a click leads, signed so that nobody can make one.

A click is answered from its token alone, without the database. The address is inside the signature, so there
is no open redirect. A token is `base64url(mac + payload)`; the payload is

    version, kind, flags      one byte each
    workspace, order          variable-length numbers
    message                   eight bytes
    link, address             clicks only: two bytes, then UTF-8

The version lets a later layout be told from this one: links in old messages must work for years.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from mailgenius.kit.crypto import BadToken, Keys, Signer

VERSION = 1
PURPOSE = "tracking"
LONGEST_TOKEN = 4_096
"""Longer ones are not ours: not worth a hash."""
_SAMPLE = 1
_MESSAGE_BYTES = 8
_LINK_BYTES = 2
_MORE = 0x80


class TokenKind(IntEnum):
    """What a token may be used for; one kind is never taken for another."""

    OPEN = 1
    CLICK = 2
    UNSUBSCRIBE = 3
    VIEW = 4
    PREFERENCES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What a token says."""

    kind: TokenKind
    workspace_id: int
    order_id: int
    message_id: int
    link_no: int = 0
    url: str = ""
    sample: bool = False
    """Made for a test send: it shows pages and changes nothing."""


class OrderTokens:
    """Makes the tokens of one order; what they share is packed once."""

    __slots__ = ("_click", "_prefixes", "_signer")

    def __init__(self, keys: Keys, *, workspace_id: int, order_id: int, sample: bool) -> None:
        self._signer = signer(keys)
        shared = _number(workspace_id) + _number(order_id)
        flags = _SAMPLE if sample else 0
        self._prefixes = {kind: bytes((VERSION, kind, flags)) + shared for kind in TokenKind}
        self._click = self._prefixes[TokenKind.CLICK]

    def plain(self, kind: TokenKind, message_id: int) -> str:
        """Return a token that leads nowhere by itself: pixel, unsubscribe, view, preferences."""
        return self._signer.sign(self._prefixes[kind] + message_id.to_bytes(_MESSAGE_BYTES))

    def click(self, message_id: int, link_no: int, url: bytes) -> str:
        """Return a token that leads to an address, given in UTF-8."""
        return self.clicks(message_id, [link_bytes(link_no, url)])[0]

    def clicks(self, message_id: int, links: Iterable[bytes]) -> list[str]:
        """Return a token for each link, given as `link_bytes` makes it."""
        shared = self._click + message_id.to_bytes(_MESSAGE_BYTES)
        return self._signer.sign_all([shared + link for link in links])


def link_bytes(link_no: int, url: bytes) -> bytes:
    """Return how a click's payload ends: the same in all messages of an order when the address is."""
    return link_no.to_bytes(_LINK_BYTES) + url


def signer(keys: Keys) -> Signer:
    """Return what signs and opens the tokens of public links."""
    return keys.signer(PURPOSE)


def read_token(token: str, kind: TokenKind, *, by: Signer) -> Token:
    """Open a token that came with a request.

    Raises:
        BadToken: it was not made here, was changed, or is of another kind.
    """
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise BadToken
    payload = by.open(token)
    if len(payload) < 3 or payload[0] != VERSION or payload[1] != kind:  # noqa: PLR2004  # version, kind, flags
        raise BadToken
    workspace_id, position = _read_number(payload, 3)
    order_id, position = _read_number(payload, position)
    after_message = position + _MESSAGE_BYTES
    link_no, url = 0, ""
    if kind is TokenKind.CLICK:
        link_no = int.from_bytes(payload[after_message : after_message + _LINK_BYTES])
        url = payload[after_message + _LINK_BYTES :].decode()
    return Token(
        kind=kind,
        workspace_id=workspace_id,
        order_id=order_id,
        message_id=int.from_bytes(payload[position:after_message]),
        link_no=link_no,
        url=url,
        sample=bool(payload[2] & _SAMPLE),
    )


def _number(value: int) -> bytes:
    """Pack a number seven bits a byte, the low ones first."""
    packed = bytearray()
    while value >= _MORE:
        packed.append(value & 0x7F | _MORE)
        value >>= 7
    packed.append(value)
    return bytes(packed)


def _read_number(payload: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = payload[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            return value, position
        shift += 7

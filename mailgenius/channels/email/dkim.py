"""DKIM signatures (RFC 6376, RFC 8463): the header by which a domain vouches for a finished message.

A message is signed as it will be read at the other end: after its bodies were encoded for this very peer, and
before the doubling of dots, which the receiver takes back. Both canonical forms are the relaxed ones. Where
keys come from is not here: `dkim_keys.py` makes and reads them.
"""

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from mailgenius.kit.clock import now

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

SIGNED_HEADERS = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"reply-to",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-id",
    b"feedback-id",
)
"""Those of them that a message has are signed. Mailbox providers ask for the last four to be."""
_OVERSIGNED = b"from"
"""Signed once more than it is there, so that nobody can put a second one in front."""
_NAMES_ON_LINE = 6
_CHARACTERS_ON_LINE = 72
_FOLD = b"\r\n "
_EMPTY_LINES = b"\r\n\r\n"
_RUNS = re.compile(rb"\t[ \t]*| [ \t]+")
_PADDING = PKCS1v15()
_HASH = SHA256()


class SigningKey(NamedTuple):
    """A private key and the name under which its public half is published."""

    selector: str
    private: PrivateKey


class DkimSigner:
    """Signs the messages of one domain, with each of its keys."""

    def __init__(self, domain: str, keys: Sequence[SigningKey]) -> None:
        self._keys = [(private, _tags(domain, selector, private)) for selector, private in keys]

    def signed(self, mail: bytes) -> bytes:
        """Return the message with a signature of each key before its headers."""
        head, _, body = mail.partition(_EMPTY_LINES)
        fields = _relaxed_fields(head)
        names = tuple([name for name in SIGNED_HEADERS if name in fields])
        headers = b"".join([b"%b:%b\r\n" % (name, fields[name]) for name in names])
        body_hash = b2a_base64(hashlib.sha256(_relaxed_body(body)).digest(), newline=False)
        described = b" t=%d;\r\n h=%b;\r\n bh=%b;\r\n b=" % (now().timestamp(), _listed(names), body_hash)
        lines = []
        for private, tags in self._keys:
            value = tags + described
            # The signature covers its own header too, as it is with nothing yet behind `b=`.
            signature = _sign(private, headers + b"dkim-signature:" + value.replace(_FOLD, b" "))
            lines += [b"DKIM-Signature: ", value, _folded(signature), b"\r\n"]
        return b"".join([*lines, mail])


def _tags(domain: str, selector: str, private: PrivateKey) -> bytes:
    algorithm = "rsa" if isinstance(private, RSAPrivateKey) else "ed25519"
    return f"v=1; a={algorithm}-sha256; c=relaxed/relaxed; d={domain};\r\n s={selector};".encode()


def _sign(private: PrivateKey, data: bytes) -> bytes:
    if isinstance(private, RSAPrivateKey):
        return private.sign(data, _PADDING, _HASH)
    return private.sign(hashlib.sha256(data).digest())  # RFC 8463 §3: the hash is what is signed.


@lru_cache(maxsize=64)
def _listed(names: tuple[bytes, ...]) -> bytes:
    every = [_OVERSIGNED, *names]
    lines = [b":".join(every[at : at + _NAMES_ON_LINE]) for at in range(0, len(every), _NAMES_ON_LINE)]
    return (b":" + _FOLD).join(lines)


def _folded(signature: bytes) -> bytes:
    text = b2a_base64(signature, newline=False)
    return _FOLD.join(
        [text[at : at + _CHARACTERS_ON_LINE] for at in range(0, len(text), _CHARACTERS_ON_LINE)]
    )


def _relaxed_fields(head: bytes) -> dict[bytes, bytes]:
    """Return the headers by name, unfolded and with single spaces; of two with one name the last, as read."""
    fields = {}
    for line in head.replace(_FOLD, b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, _, value = line.partition(b":")
        fields[name.lower()] = b" ".join(value.split())
    return fields


def _relaxed_body(body: bytes) -> bytes:
    """Return the body with single spaces, none at the ends of lines, and no empty lines at its end."""
    # Most bodies are written without such spaces, and looking for them costs a fraction of replacing.
    if b"\t" in body or b"  " in body or b" \r\n" in body:
        body = _RUNS.sub(b" ", body).replace(b" \r\n", b"\r\n")
    if body.endswith(_EMPTY_LINES) or body == b"\r\n":
        body = body.rstrip(b"\r\n")
        return body + b"\r\n" if body else b""
    return body

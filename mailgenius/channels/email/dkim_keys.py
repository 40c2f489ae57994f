"""Keys of DKIM: made, stored as bytes, loaded, and written as the DNS record that others check with."""

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from mailgenius.channels.email.dkim import PrivateKey

RSA_BITS = 2048
"""What mailbox providers advise; a longer key costs several times as much to sign with."""
_LONGEST_STRING = 255
"""A TXT record is made of strings of at most so many octets."""


class DkimAlgorithm(StrEnum):
    """How a key signs."""

    RSA = "rsa"
    """What every receiver reads."""
    ED25519 = "ed25519"
    """Far cheaper to sign with, but many receivers do not read it yet (RFC 8463)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyPair:
    """A new key."""

    algorithm: DkimAlgorithm
    private: bytes = field(repr=False)
    """To be sealed before it is stored."""
    public: str
    """What the DNS record carries behind `p=`."""


def new_key(algorithm: DkimAlgorithm) -> KeyPair:
    """Make a key. One of RSA takes a good part of a second of processor time: call it in a thread."""
    if algorithm is DkimAlgorithm.RSA:
        private: PrivateKey = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    stored = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(algorithm=algorithm, private=stored, public=b64encode(public).decode())


def load_private(stored: bytes) -> PrivateKey:
    """Return the private key of a `KeyPair`.

    Raises:
        ValueError, TypeError: these bytes are no such key.
    """
    private = load_der_private_key(stored, password=None)
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise TypeError(type(private).__name__)
    return private


def record_of(algorithm: DkimAlgorithm, public: str) -> str:
    """Return the text of the TXT record of a key."""
    return f"v=DKIM1; k={algorithm}; p={public}"


def in_strings(record: str) -> str:
    """Write a record as zone files do: in quotes, and cut where it is longer than one string may be."""
    return " ".join(f'"{record[at : at + _LONGEST_STRING]}"' for at in range(0, len(record), _LONGEST_STRING))


def tags_of(record: str) -> dict[str, str]:
    """Read the tags of a DKIM or DMARC record; what is no tag is left out."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, sign, value in pairs if sign}

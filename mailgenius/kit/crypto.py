"""Keys, sealed secrets, signed tokens, password and key hashes. Every key is derived from one root secret."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailgenius.kit.errors import Invalid

MAC_BYTES = 16
"""128 bits: more than the 96 that a public link needs, and short enough for a URL."""
NONCE_BYTES = 12
_URL_SAFE = bytes.maketrans(b"+/", b"-_")

# OWASP's first choice for Argon2id is 19 MiB, two passes, one lane; the time is paid per sign-in.
_passwords = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_unknown_user_hash = _passwords.hash("a password that nobody has")


class BadToken(Invalid):
    """This link is damaged or was not made here."""


class SealBroken(Invalid):
    """A stored secret cannot be opened with the present secret key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Derives one key for each purpose from the root secret."""

    root: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        return _derive(self.root, purpose)

    def signer(self, purpose: str) -> "Signer":
        return Signer(self.derive(purpose))

    def box(self, purpose: str) -> "SecretBox":
        return SecretBox(self.derive(purpose))

    def hmac_blocks(self, purpose: str) -> "HmacBlocks":
        """Return what a database needs to hash with a key that it does not have."""
        return _hmac_blocks(self.derive(purpose))


@dataclass(frozen=True, slots=True)
class HmacBlocks:
    """What HMAC-SHA256 makes of its key, by RFC 2104: SHA256(outer + SHA256(inner + value))."""

    inner: bytes = field(repr=False)
    outer: bytes = field(repr=False)


def _hmac_blocks(key: bytes) -> HmacBlocks:
    padded = key.ljust(hashlib.sha256().block_size, b"\0")
    return HmacBlocks(
        inner=bytes(byte ^ 0x36 for byte in padded), outer=bytes(byte ^ 0x5C for byte in padded)
    )


@lru_cache(maxsize=64)
def _derive(root: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=b"mailgenius", info=purpose.encode()).derive(root)


class Signer:
    """Signs short payloads into URL-safe tokens: base64url(mac + payload), without padding.

    The code is keyed BLAKE2b (RFC 7693): a message carries ten of these, and HMAC-SHA256 takes three times as
    long. A hash that has taken in the key is copied for each, which saves half of the rest.
    """

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = hashlib.blake2b(digest_size=MAC_BYTES, key=key)

    def sign(self, payload: bytes) -> str:
        token = binascii.b2a_base64(self._mac(payload) + payload, newline=False)
        return token.translate(_URL_SAFE, b"=").decode("ascii")

    def sign_all(self, payloads: Iterable[bytes]) -> list[str]:
        """Sign several payloads at once."""
        copy, encode = self._keyed.copy, binascii.b2a_base64
        tokens = []
        for payload in payloads:
            code = copy()
            code.update(payload)
            token = encode(code.digest() + payload, newline=False)
            tokens.append(token.translate(_URL_SAFE, b"=").decode("ascii"))
        return tokens

    def open(self, token: str) -> bytes:
        """Return the payload of a token.

        Raises:
            BadToken: it is not ours, or it was changed.
        """
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError as error:
            raise BadToken from error
        mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(payload)):
            raise BadToken
        return payload

    def _mac(self, payload: bytes) -> bytes:
        code = self._keyed.copy()
        code.update(payload)
        return code.digest()


@dataclass(frozen=True, slots=True)
class SecretBox:
    """Seals secrets at rest with AES-256-GCM. The context binds a secret to its row and field."""

    key: bytes = field(repr=False)

    def seal(self, plain: bytes, *, context: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, plain, context.encode())

    def unseal(self, sealed: bytes, *, context: str) -> bytes:
        """Open a sealed secret.

        Raises:
            SealBroken: another key sealed it, or it belongs to another row.
        """
        try:
            return AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except InvalidTag as error:
            raise SealBroken from error


def random_token(size: int = 32) -> str:
    """Return a random URL-safe text with `size` bytes of entropy."""
    return secrets.token_urlsafe(size)


def fingerprint(text: str) -> bytes:
    """Hash a random key or session id for storage. A fast hash is right because the input is random."""
    return hashlib.sha256(text.encode()).digest()


def hash_password(password: str) -> str:
    return _passwords.hash(password)


def verify_password(stored_hash: str | None, password: str) -> bool:
    """Compare a password with its stored hash.

    Without a hash (no such user) the same work is done and the answer is no, so that the time taken does
    not tell which e-mail addresses exist.
    """
    try:
        return _passwords.verify(stored_hash or _unknown_user_hash, password) and stored_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def same(left: str | bytes, right: str | bytes) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(_bytes(left), _bytes(right))


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value

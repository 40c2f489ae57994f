"""E-mail addresses as a wire takes them: syntax checked, domain in ASCII. No display names, no DNS."""

import re
from functools import lru_cache

import idna

LONGEST_ADDRESS = 254
"""RFC 5321 allows 256 octets with the angle brackets."""

_ATOM = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(_ATOM + r"@[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f-\x9f]|\\[^\x00-\x1f\x7f-\x9f])*"')
_LITERAL_DOMAIN = re.compile(r"\[[0-9A-Za-z.:]+\]")
_NOT_IN_ATOM = re.compile(r'[\x00-\x20\x7f-\xa0()<>\[\]:;@\\,"\u2000-\u200f\u2028-\u202f\ud800-\udfff]')


class BadAddress(ValueError):
    """Why an address cannot be used; the words complete the sentence "the address x …"."""


@lru_cache(maxsize=512)
def wire_address(address: str) -> str:
    """Return the address with its domain in ASCII; only the local part may still be outside ASCII.

    Remembered for a while, because a message asks for its recipient twice and for its sender with all others.
    Raises BadAddress. A dot at an odd place in the local part is let through, because such mailboxes exist.
    """
    if _PLAIN.fullmatch(address) is not None and ".." not in address.rpartition("@")[2]:
        if len(address) > LONGEST_ADDRESS:
            raise BadAddress("is too long")
        return address
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise BadAddress("is not an e-mail address")
    if _NOT_IN_ATOM.search(local) is not None and _QUOTED_LOCAL.fullmatch(local) is None:
        raise BadAddress("holds characters that an e-mail address cannot hold")
    written = f"{local}@{ascii_domain(domain)}"
    if len(written.encode()) > LONGEST_ADDRESS:
        raise BadAddress("is too long")
    return written


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """Return the domain as DNS knows it (IDNA 2008 with the usual mapping). Raises BadAddress."""
    if _LITERAL_DOMAIN.fullmatch(domain) is not None:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise BadAddress("has a domain that cannot exist") from error

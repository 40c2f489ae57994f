"""Notes for the next page: messages such as "Lead saved.", and values that are shown exactly once.

They travel in a cookie that only we can read, sealed to the session that they were written in, so that the
page after a redirect shows them without a table and a reload does not repeat the act.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from mailgenius.kit.crypto import Keys, SealBroken
from mailgenius.web.templating import Flash

SECONDS: Final = 60

_PURPOSE: Final = "web.notes"


@dataclass(frozen=True, kw_only=True)
class Notes:
    """What the last act left for this page."""

    flashes: tuple[Flash, ...] = ()
    revealed: Mapping[str, str] = field(default_factory=dict, repr=False)


NONE: Final = Notes()


def seal(flashes: Sequence[Flash], revealed: Mapping[str, str], *, keys: Keys, owner: str) -> str:
    """Pack notes into a cookie's value. The owner is the session's token: no other session can read them."""
    plain = msgspec.json.encode((list(flashes), dict(revealed)))
    sealed = keys.box(_PURPOSE).seal(plain, context=owner)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")


def unseal(text: str, *, keys: Keys, owner: str) -> Notes:
    """Unpack a cookie's value; a stranger's or a damaged one holds nothing."""
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        plain = keys.box(_PURPOSE).unseal(sealed, context=owner)
        flashes, revealed = msgspec.json.decode(plain, type=tuple[list[Flash], dict[str, str]])
    except (SealBroken, binascii.Error, ValueError, msgspec.MsgspecError):
        return NONE
    return Notes(flashes=tuple(flashes), revealed=revealed)

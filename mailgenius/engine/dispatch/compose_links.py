"""What stands in a message where its template has a marked link or the pixel: addresses of ours, signed."""

import re
from collections.abc import Sequence
from html import unescape

from mailgenius.engine.tracking.links import CLOSE, MIDDLE, OPEN
from mailgenius.engine.tracking.tokens import OrderTokens, TokenKind

LONGEST_URL = 2_000
"""Bytes of an address that is followed. Longer ones are left as they are: the token would not fit a link."""
MARKED = re.compile(f"{OPEN}([0-9]{{1,4}}){MIDDLE}([^{CLOSE}]*){CLOSE}")
"""A marked address: its number and the address as written in HTML. The pixel has number 0 and no address."""

_WEB = re.compile(rb"https?://[^\s/]", re.IGNORECASE)
_PIXEL = '<img src="{}" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'


class MessageLinks:
    """Writes the followed links and the pixel of one order's messages."""

    def __init__(self, tokens: OrderTokens, *, base_url: str) -> None:
        self._tokens = tokens
        self._clicks = f"{base_url}/c/"
        before, _, self._after_pixel = _PIXEL.partition("{}")
        self._before_pixel = f"{before}{base_url}/o/"

    def put_into(self, message_id: int, html: str, *, pixel: bool) -> str:
        """Turn marked addresses into signed ones, and the pixel's mark into the pixel or nothing."""

        def signed(match: re.Match[str]) -> str:
            number, written = match.groups()
            if number == "0":
                return self.pixel(message_id) if pixel else ""
            url = target(written)
            return written if url is None else self.click(message_id, int(number), url)

        return MARKED.sub(signed, html)

    def click(self, message_id: int, number: int, url: bytes) -> str:
        """Return the address that leads to `url` by way of us."""
        return self._clicks + self._tokens.click(message_id, number, url)

    def clicks(self, message_id: int, links: Sequence[bytes]) -> list[str]:
        """Return the addresses of several links, given as `link_bytes` makes them."""
        before = self._clicks
        return [before + token for token in self._tokens.clicks(message_id, links)]

    def pixel(self, message_id: int) -> str:
        token = self._tokens.plain(TokenKind.OPEN, message_id)
        return f"{self._before_pixel}{token}.gif{self._after_pixel}"


def target(written: str) -> bytes | None:
    """Return where an address of the HTML leads; None when it is not one that can be followed."""
    url = (unescape(written) if "&" in written else written).strip().encode()
    return url if _WEB.match(url) is not None and len(url) <= LONGEST_URL else None

"""Server-sent events: HTML that a page puts in by itself while something is under way.

A stream lives about a minute and the browser opens the next one, so that a stopping server waits for nobody
and a proxy that cuts idle connections does no harm.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from litestar.response import Stream

from mailgenius.kit import clock

SECONDS: Final = 55.0
RETRY_MS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page shows now, and whether it will change again."""

    html: str
    finished: bool
    state: str = ""
    """What the rest of the page depends on, such as its buttons."""


def live(look: Callable[[], Awaitable[Shown]], *, every: float = 1.0, state: str = "") -> Stream:
    """Send `event: progress` with the HTML whenever it changed, and `event: done` at the end.

    When the state is another than the page was made with (`state`), `event: state` tells it once.
    """
    return Stream(
        _events(look, every, state),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(look: Callable[[], Awaitable[Shown]], every: float, state: str) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    began, last = clock.now(), ""
    while (clock.now() - began).total_seconds() < SECONDS:
        shown = await look()
        if shown.state != state:
            state = shown.state
            yield event("state", state)
        if shown.html != last:
            last = shown.html
            yield event("progress", shown.html)
        else:
            # A comment keeps the connection alive and finds out when the reader has gone.
            yield b":\n\n"
        if shown.finished:
            yield event("done", "")
            return
        await asyncio.sleep(every)


def event(name: str, text: str) -> bytes:
    """One event as the wire wants it: every line of the text has its own prefix."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()

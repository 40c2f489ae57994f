"""Recipients of the demonstration: they read the sandbox's outbox and visit the real public endpoints."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from html import unescape
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from mailgenius.channels.sandbox.outbox import Outbox

READERS = 3000
"""Of these newest messages some are opened; the other recipients never look."""
AT_ONCE = 128
OPEN_EVERY, CLICK_EVERY, LEAVE_EVERY, MACHINE_EVERY = 2, 7, 60, 11
PIXEL = re.compile(r"""src=["']([^"']*/o/[^"']+)["']""")
LINK = re.compile(r"""href=["']([^"']*/c/[^"']+)["']""")
LEAVING = re.compile(r"<(https?://[^>]*/u/[^>]+)>")
MOZILLA, WEBKIT = "Mozilla/5.0", "AppleWebKit/537.36 (KHTML, like Gecko)"
PEOPLE = (
    f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/131.0 Safari/537.36",
    f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT} Mobile/15E148",
    f"{MOZILLA} (Linux; Android 14; SM-S921B) {WEBKIT} Chrome/131.0 Mobile Safari/537.36",
)
MACHINE = f"{MOZILLA} (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of one recipient."""

    kind: str
    path: str
    agent: str


async def visit_messages(home: Path, workspace_id: int, address: str) -> Counter[str]:
    """Let recipients open, click and unsubscribe; return how many visits of each kind were answered.

    Args:
        home: the folder with the sandbox's outbox.
        workspace_id: whose messages.
        address: where the edge answers now; messages of an earlier run may name another port.
    """
    done: Counter[str] = Counter()
    limits = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(address, connector=limits) as client:
        visits = _visits(home, workspace_id)
        while some := await asyncio.to_thread(lambda: list(islice(visits, AT_ONCE * 2))):
            for kind in await asyncio.gather(*(_go(client, visit) for visit in some)):
                done[kind] += 1
    return done


async def _go(client: aiohttp.ClientSession, visit: Visit) -> str:
    headers = {"User-Agent": visit.agent}
    if visit.kind == "unsubscribe":
        request = client.post(visit.path, data=ONE_CLICK, headers=headers)
    else:
        request = client.get(visit.path, headers=headers, allow_redirects=False)
    async with request as response:
        response.raise_for_status()
    return visit.kind


def _visits(home: Path, workspace_id: int) -> Iterator[Visit]:
    """Decide by number who does what: the same people in every run."""
    outbox = Outbox(home)
    entries = outbox.list(workspace_id, limit=READERS)
    for number, entry in enumerate(entries):
        if number % OPEN_EVERY:
            continue
        raw = outbox.raw(workspace_id, entry.message_id)
        if raw is not None:
            yield from _visits_of(number // OPEN_EVERY, message_from_bytes(raw))


def _visits_of(number: int, message: Message) -> Sequence[Visit]:
    agent = PEOPLE[number % len(PEOPLE)]
    html = _html(message)
    pixels, links = [_paths(pattern.findall(html)) for pattern in (PIXEL, LINK)]
    visits = [Visit("open", path, agent) for path in pixels]
    if number % MACHINE_EVERY == 0:
        visits += [Visit("open", path, MACHINE) for path in pixels]
    if number % CLICK_EVERY == 0 and links:
        visits.append(Visit("click", links[number % len(links)], agent))
    if number % LEAVE_EVERY == 0:
        leaving = LEAVING.findall(message["List-Unsubscribe"] or "")
        visits += [Visit("unsubscribe", path, agent) for path in _paths(leaving)]
    return visits


def _html(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/html":
            content = part.get_payload(decode=True)
            return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return ""


def _paths(urls: Sequence[str]) -> list[str]:
    return [urlsplit(unescape(url)).path for url in urls]

"""A file on its way from a form into storage, as it comes: never whole in memory, never written twice.

Between the upload and the next step of a wizard a sealed ticket in the address says which file it is: a file
that nobody has started to use has no row.
"""

import re
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from mailgenius.kit.crypto import BadToken, Keys, random_token
from mailgenius.kit.errors import NotFound
from mailgenius.web.i18n import _
from mailgenius.web.security import check_token
from mailgenius.web.templating import CSRF_FIELD, CSRF_HEADER
from mailgenius.web.visits import Visit

FILE_LIMIT: Final = 2 << 30
BODY_LIMIT: Final = FILE_LIMIT + (1 << 20)
"""A whole file and what stands around it."""

_FIELD_LIMIT: Final = 64 << 10
_PURPOSE: Final = "web.upload"
_UNSAFE: Final = re.compile(r"[^\w.-]+")

Events = AsyncIterator[MultipartSegment | bytes | bytearray | None]


class UploadRefused(Exception):
    """The upload cannot be used; the message tells the person why."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A stored file that waits for the next step."""

    workspace_id: int
    key: str
    name: str
    size: int

    def sealed(self, keys: Keys) -> str:
        return keys.signer(_PURPOSE).sign(msgspec.msgpack.encode(self))


def open_ticket(sealed: str, visit: Visit) -> Ticket:
    """The file that a ticket names.

    Raises:
        NotFound: the ticket was not made here, or belongs to another workspace.
    """
    try:
        plain = visit.services.keys.signer(_PURPOSE).open(sealed)
        ticket = msgspec.msgpack.decode(plain, type=Ticket)
    except (BadToken, msgspec.MsgspecError) as error:
        raise NotFound from error
    if ticket.workspace_id != visit.workspace_id:
        raise NotFound
    return ticket


async def receive(visit: Visit, *, folder: str, endings: tuple[str, ...]) -> Ticket:
    """Store the file of a form.

    Args:
        visit: the request. Without a token in its header, the form's token field must come before the file.
        folder: where to store it; the workspace's own folder is made inside.
        endings: file name endings that are taken, such as `.csv`.

    Raises:
        UploadRefused: no file, a wrong ending, or the form was cut off. Nothing stays stored.
        CrossSiteRequest: the token is missing or wrong.
        FileTooLarge: more than 2 GiB came. Nothing stays stored.
    """
    kind, options = visit.request.content_type
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise UploadRefused(_("Choose a file first."))
    events = _events(visit, options["boundary"])
    try:
        part = await _file_part(visit, events)
        return await _store(visit, folder, _checked_name(part.filename or "", endings), events)
    except MultipartError as error:
        raise UploadRefused(_("The upload was cut off. Try again.")) from error


async def _file_part(visit: Visit, events: Events) -> MultipartSegment:
    """Read up to the file, and check on the way that the form is one of ours."""
    trusted = bool(visit.request.headers.get(CSRF_HEADER))
    async for event in events:
        if not isinstance(event, MultipartSegment):
            continue
        if event.filename is not None:
            if not trusted:
                check_token("", visit.page.csrf_token)
            return event
        if event.name == CSRF_FIELD and not trusted:
            check_token(await _field(events), visit.page.csrf_token)
            trusted = True
    raise UploadRefused(_("Choose a file first."))


async def _store(visit: Visit, folder: str, name: str, events: Events) -> Ticket:
    storage = visit.services.storage
    key = f"{folder}/{visit.workspace_id}/{random_token(16)}/{_UNSAFE.sub('_', name)}"
    try:
        size = await storage.put(key, _part(events), limit=FILE_LIMIT)
        async for _rest in events:
            pass  # To the end, because only a whole body is known to be unharmed.
        if not size:
            raise UploadRefused(_("This file is empty."))
    except BaseException:
        # Also when the visitor leaves in the middle: what they began is not kept.
        await storage.delete(key)
        raise
    return Ticket(workspace_id=visit.workspace_id, key=key, name=name, size=size)


async def _events(visit: Visit, boundary: str) -> Events:
    """The beginning, the bytes and the end (None) of each part."""
    with PushMultipartParser(boundary, max_segment_count=20) as parser:
        async for chunk in visit.request.stream():
            if chunk:
                for event in parser.parse(chunk):
                    yield event


async def _part(events: Events) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            return
        if not isinstance(event, MultipartSegment):
            yield bytes(event)
    # The stream ended inside the part.
    raise MultipartError("the last part has no end")


async def _field(events: Events) -> str:
    value = bytearray()
    async for chunk in _part(events):
        value += chunk
        if len(value) > _FIELD_LIMIT:
            raise UploadRefused(_("The upload was cut off. Try again."))
    return value.decode("utf-8", "replace")


def _checked_name(filename: str, endings: tuple[str, ...]) -> str:
    """The file's own name without folders, which old browsers send along."""
    name = re.split(r"[\\/]", filename)[-1].strip()[-120:]
    if not name:
        raise UploadRefused(_("Choose a file first."))
    if not name.lower().endswith(endings):
        raise UploadRefused(_("Choose a file that ends in %(endings)s.", endings=", ".join(endings)))
    return name

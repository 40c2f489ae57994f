"""A file on its way from a form into storage, as it comes: never whole in memory, never written twice.

Between the upload and the next step of a wizard a sealed ticket in the address says which file it is: a file
that nobody has started to use has no row.
"""

import re
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from mailgenius.kit.crypto import BadToken, Keys
from mailgenius.kit.errors import NotFound
from mailgenius.kit.multipart import (
    BODY_LIMIT as BODY_LIMIT,
    FILE_LIMIT,
    MultipartBroken,
    Part,
    parts,
    storage_key,
)
from mailgenius.web.i18n import _
from mailgenius.web.security import check_token
from mailgenius.web.templating import CSRF_FIELD, CSRF_HEADER
from mailgenius.web.visits import Visit

_PARTS: Final = 20
_PURPOSE: Final = "web.upload"


class UploadRefused(Exception):
    """The upload cannot be used; the message tells the person why."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A stored file that waits for the next step."""

    workspace_id: int
    key: str
    name: str
    size: int
    upload_id: int | None = None
    """When it came in chunks: the upload that the import takes over."""

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
    boundary = options.get("boundary")
    if kind != "multipart/form-data" or not boundary:
        raise UploadRefused(_("Choose a file first."))
    form = parts(visit.request.stream(), kind=kind, boundary=boundary, most=_PARTS)
    try:
        part = await _file_part(visit, form)
        return await _store(visit, folder, _checked_name(part.filename or "", endings), part, form)
    except MultipartBroken as error:
        raise UploadRefused(_("The upload was cut off. Try again.")) from error


async def _file_part(visit: Visit, form: AsyncIterator[Part]) -> Part:
    """Read up to the file, and check on the way that the form is one of ours."""
    trusted = bool(visit.request.headers.get(CSRF_HEADER))
    async for part in form:
        if part.filename is not None:
            if not trusted:
                check_token("", visit.page.csrf_token)
            return part
        if part.name == CSRF_FIELD and not trusted:
            check_token(await part.text(), visit.page.csrf_token)
            trusted = True
    raise UploadRefused(_("Choose a file first."))


async def _store(visit: Visit, folder: str, name: str, part: Part, form: AsyncIterator[Part]) -> Ticket:
    storage = visit.services.storage
    key = storage_key(f"{folder}/{visit.workspace_id}", name)
    try:
        size = await storage.put(key, part.chunks(), limit=FILE_LIMIT)
        async for _rest in form:
            pass  # To the end, because only a whole body is known to be unharmed.
        if not size:
            raise UploadRefused(_("This file is empty."))
    except BaseException:
        # Also when the visitor leaves in the middle: what they began is not kept.
        await storage.delete(key)
        raise
    return Ticket(workspace_id=visit.workspace_id, key=key, name=name, size=size)


def _checked_name(filename: str, endings: tuple[str, ...]) -> str:
    """The file's own name without folders, which old browsers send along."""
    name = re.split(r"[\\/]", filename)[-1].strip()[-120:]
    if not name:
        raise UploadRefused(_("Choose a file first."))
    if not name.lower().endswith(endings):
        raise UploadRefused(_("Choose a file that ends in %(endings)s.", endings=", ".join(endings)))
    return name

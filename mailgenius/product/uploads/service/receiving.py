"""Bytes of an upload on their way into the store, piece by piece.

A piece is stored under a name of its own, and then noted together with the place behind it. Killed between
the two, the upload stands before the piece; a client that asks is told so and sends it again. Two senders at
one place store two pieces, and one of them is noted.
"""

import asyncio
from collections.abc import AsyncIterator

from mailgenius.kit import clock
from mailgenius.kit.crypto import random_token
from mailgenius.kit.db.database import Database
from mailgenius.kit.storage import Piece, Storage
from mailgenius.kit.tus import Chunk, TusRefused, checksum_differs
from mailgenius.product.uploads import queries
from mailgenius.product.uploads.errors import ChunkTooSmall, OffsetDiffers, SenderStalled, TooManyBytes
from mailgenius.product.uploads.model import CHUNK, KEPT, MAX_CHUNK, MIN_CHUNK, Upload

STALLED_AFTER_S = 60
"""A sender that is silent for so long is gone, whatever its connection says."""


async def receive(
    db: Database,
    storage: Storage,
    *,
    workspace_id: int,
    upload_id: int,
    chunk: Chunk,
    body: AsyncIterator[bytes],
) -> Upload:
    """Store the bytes of a request. When it breaks off, what is stored stays: at most one piece is lost.

    Opens its own short transactions, because the store is written between them.

    Raises:
        UploadNotFound: this workspace has no such upload, or none any more.
        OffsetDiffers: the upload stands at another place.
        TooManyBytes: more come than the file was said to have. Those before stay.
        ChunkTooSmall: fewer than 64 KiB, and not the end of the file.
        SenderStalled: no byte came for a minute.
        TusRefused: they do not fit their checksum, and none stays.
    """
    async with db.tenant(workspace_id) as tx:
        upload = await queries.get_upload(tx, workspace_id=workspace_id, upload_id=upload_id)
    if chunk.offset != upload.received:
        raise OffsetDiffers
    _check_size(upload, chunk.size)
    arriving = _awake(body)
    if chunk.checksum is not None:
        whole = await _whole(arriving)
        if not chunk.checksum.fits(whole):
            raise checksum_differs()
        arriving = _once(whole)
    began = upload.received
    async for content in _pieces(arriving):
        if len(content) < CHUNK:
            # Only the last piece is smaller: by now it is known how much came.
            _check_size(upload, upload.received - began + len(content), since=began)
        upload = await _keep(db, storage, upload, content)
    return upload


def _check_size(upload: Upload, size: int | None, *, since: int | None = None) -> None:
    if size is None:
        return
    end = (upload.received if since is None else since) + size
    if end > upload.file_size:
        raise TooManyBytes
    if 0 < size < MIN_CHUNK and end != upload.file_size:
        raise ChunkTooSmall(limit=MIN_CHUNK)


async def _keep(db: Database, storage: Storage, upload: Upload, content: bytes) -> Upload:
    """Store a piece and note it."""
    key = f"{upload.folder}/{upload.received:012}-{random_token(6)}"
    await storage.put_piece(key, content)
    async with db.tenant(upload.workspace_id) as tx:
        moved = await queries.add_piece(
            tx,
            workspace_id=upload.workspace_id,
            upload_id=upload.id,
            start=upload.received,
            piece=Piece(key, len(content)),
            expires_at=clock.now() + KEPT,
        )
    if moved is None:
        # Another sender was first, the upload was given up, or too much came.
        await storage.delete(key)
        raise TooManyBytes if upload.received + len(content) > upload.file_size else OffsetDiffers
    return moved


async def _pieces(arriving: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Cut what arrives into pieces. The last is smaller; what came when it breaks off is not yielded."""
    gathered = bytearray()
    async for some in arriving:
        gathered += some
        while len(gathered) >= CHUNK:
            yield bytes(gathered[:CHUNK])
            del gathered[:CHUNK]
    if gathered:
        yield bytes(gathered)


async def _awake(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass bytes on, and give up when none come."""
    while True:
        try:
            async with asyncio.timeout(STALLED_AFTER_S):
                some = await anext(body, None)
        except TimeoutError as error:
            raise SenderStalled from error
        if some is None:
            return
        yield some


async def _whole(arriving: AsyncIterator[bytes]) -> bytes:
    gathered = bytearray()
    async for some in arriving:
        gathered += some
        if len(gathered) > MAX_CHUNK:
            raise TusRefused(413, f"a chunk with a checksum may have {MAX_CHUNK} bytes at the most")
    return bytes(gathered)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content

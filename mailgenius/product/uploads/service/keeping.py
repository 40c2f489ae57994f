"""Beginning, using and giving up uploads. How their bytes come in is `receiving`."""

from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.storage import Storage
from mailgenius.product.uploads import queries
from mailgenius.product.uploads.errors import (
    TooManyUploads,
    TooMuchUnfinished,
    UploadNotFound,
    UploadUnfinished,
)
from mailgenius.product.uploads.model import (
    IDLE,
    KEPT,
    MAX_OPEN,
    MAX_OPEN_BYTES,
    OpenUploads,
    Upload,
)

GRACE = IDLE
"""A piece that is on its way when its upload is given up has long arrived when the files go."""
GIVEN_UP_AT_ONCE = 100


async def create(
    tx: Tx,
    *,
    workspace_id: int,
    file_name: str,
    file_size: int,
    metadata: str = "",
    created_by: int | None = None,
) -> Upload:
    """Begin an upload. At the limits, those that stood still for an hour make room.

    Raises:
        TooManyUploads: so many are under way already.
        TooMuchUnfinished: they would be too large together.
    """
    await queries.lock_uploads(tx, workspace_id=workspace_id)
    while error := _beyond(await queries.open_uploads(tx, workspace_id=workspace_id), file_size):
        before = clock.now() - IDLE
        if not await queries.give_up_idle(tx, workspace_id=workspace_id, before=before):
            raise error
    return await queries.add_upload(
        tx,
        workspace_id=workspace_id,
        file_name=_own_name(file_name),
        file_size=file_size,
        metadata=metadata,
        created_by=created_by,
        expires_at=clock.now() + KEPT,
    )


def _beyond(there: OpenUploads, size: int) -> TooManyUploads | TooMuchUnfinished | None:
    if there.uploads >= MAX_OPEN:
        return TooManyUploads(limit=MAX_OPEN)
    if there.uploads and there.size + size > MAX_OPEN_BYTES:
        return TooMuchUnfinished(limit=MAX_OPEN_BYTES)
    return None


def _own_name(name: str) -> str:
    """Return a file's name without folders and control characters, for people to see."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable()).strip()[-120:] or "upload"


async def get(tx: Tx, *, workspace_id: int, upload_id: int) -> Upload:
    """Return an upload and how far it is.

    Raises:
        UploadNotFound: this workspace has no such upload, or none any more.
    """
    return await queries.get_upload(tx, workspace_id=workspace_id, upload_id=upload_id)


async def ready(db: Database, storage: Storage, *, workspace_id: int, upload_id: int) -> Upload:
    """Make an upload readable under its `file_key`, for one who is about to `take` it. A second call is fine.

    Opens its own transactions, because the store is written between them.

    Raises:
        UploadNotFound: this workspace has no such upload, or none any more.
        UploadUnfinished: bytes are missing.
    """
    async with db.tenant(workspace_id) as tx:
        upload = await queries.get_upload(tx, workspace_id=workspace_id, upload_id=upload_id)
        if not upload.finished:
            raise UploadUnfinished(received=upload.received, size=upload.file_size)
        pieces = await queries.list_pieces(tx, workspace_id=workspace_id, upload_id=upload_id)
        until = clock.now() + KEPT
        await queries.keep_on(tx, workspace_id=workspace_id, upload_id=upload_id, expires_at=until)
    await storage.join(upload.file_key, folder=upload.folder, pieces=pieces)
    return upload


async def take(tx: Tx, *, workspace_id: int, upload_id: int) -> None:
    """Forget an upload that is ready: from the commit on its file belongs to whom the transaction gives it.

    Raises:
        UploadNotFound: this workspace has no such upload, or none any more.
    """
    if not await queries.take(tx, workspace_id=workspace_id, upload_id=upload_id):
        raise UploadNotFound


async def abandon(db: Database, storage: Storage, *, workspace_id: int, upload_id: int) -> None:
    """Give an upload up and remove its files. What is not removed now, the job removes.

    Raises:
        UploadNotFound: this workspace has no such upload, or none any more.
    """
    async with db.tenant(workspace_id) as tx:
        upload = await queries.get_upload(tx, workspace_id=workspace_id, upload_id=upload_id)
        if not await queries.give_up(tx, workspace_id=workspace_id, upload_id=upload_id):
            raise UploadNotFound
    # The row stays for the job: a piece may be on its way into the store at this moment.
    await _remove_files(storage, upload)


async def forget_given_up(db: Database, storage: Storage) -> int:
    """Remove what is left of uploads that were given up; return how many. A second run finds them gone."""
    forgotten = 0
    while True:
        async with db.trusted() as tx:
            old = await queries.given_up(tx, before=clock.now() - GRACE, limit=GIVEN_UP_AT_ONCE)
        for upload in old:
            await _remove_files(storage, upload)
            async with db.trusted() as tx:
                await queries.forget(tx, workspace_id=upload.workspace_id, upload_id=upload.id)
        forgotten += len(old)
        if len(old) < GIVEN_UP_AT_ONCE:
            return forgotten


async def _remove_files(storage: Storage, upload: Upload) -> None:
    await storage.delete(upload.file_key)
    await storage.delete_folder(upload.folder)

"""One typed function for each statement of queries.sql. No decisions here."""

from datetime import datetime

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.storage import Piece
from mailgenius.product.uploads.errors import UploadNotFound
from mailgenius.product.uploads.model import OpenUploads, Upload

_SQL = load_queries(__file__)


async def lock_uploads(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["lock-uploads"], workspace_id=workspace_id)


async def open_uploads(tx: Tx, *, workspace_id: int) -> OpenUploads:
    return await tx.one(OpenUploads, _SQL["open-uploads"], missing=UploadNotFound, workspace_id=workspace_id)


async def give_up_idle(tx: Tx, *, workspace_id: int, before: datetime) -> bool:
    return await tx.execute(_SQL["give-up-idle"], workspace_id=workspace_id, before=before) == 1


async def add_upload(
    tx: Tx,
    *,
    workspace_id: int,
    file_name: str,
    file_size: int,
    metadata: str,
    created_by: int | None,
    expires_at: datetime,
) -> Upload:
    return await tx.one(
        Upload,
        _SQL["add-upload"],
        missing=UploadNotFound,
        workspace_id=workspace_id,
        file_name=file_name,
        file_size=file_size,
        metadata=metadata,
        created_by=created_by,
        expires_at=expires_at,
    )


async def get_upload(tx: Tx, *, workspace_id: int, upload_id: int) -> Upload:
    return await tx.one(
        Upload, _SQL["get-upload"], missing=UploadNotFound, workspace_id=workspace_id, upload_id=upload_id
    )


async def add_piece(
    tx: Tx, *, workspace_id: int, upload_id: int, start: int, piece: Piece, expires_at: datetime
) -> Upload | None:
    return await tx.first(
        Upload,
        _SQL["add-piece"],
        workspace_id=workspace_id,
        upload_id=upload_id,
        start=start,
        size=piece.size,
        key=piece.key,
        expires_at=expires_at,
    )


async def list_pieces(tx: Tx, *, workspace_id: int, upload_id: int) -> list[Piece]:
    return await tx.all(Piece, _SQL["list-pieces"], workspace_id=workspace_id, upload_id=upload_id)


async def keep_on(tx: Tx, *, workspace_id: int, upload_id: int, expires_at: datetime) -> bool:
    touched = await tx.execute(
        _SQL["keep-on"], workspace_id=workspace_id, upload_id=upload_id, expires_at=expires_at
    )
    return touched == 1


async def give_up(tx: Tx, *, workspace_id: int, upload_id: int) -> bool:
    return await tx.execute(_SQL["give-up"], workspace_id=workspace_id, upload_id=upload_id) == 1


async def take(tx: Tx, *, workspace_id: int, upload_id: int) -> bool:
    return await tx.execute(_SQL["take"], workspace_id=workspace_id, upload_id=upload_id) == 1


async def given_up(tx: Tx, *, before: datetime, limit: int) -> list[Upload]:
    return await tx.all(Upload, _SQL["given-up"], before=before, limit=limit)


async def forget(tx: Tx, *, workspace_id: int, upload_id: int) -> None:
    await tx.execute(_SQL["forget"], workspace_id=workspace_id, upload_id=upload_id)

"""Uploads that go on after a break, over the tus 1.0 protocol: any tus client can send files here.

What is sent becomes an import with `POST /imports` and its `upload_id`.
"""

from typing import Any

from litestar import HttpMethod, MediaType, Request, Response, Router, delete, patch, post, route
from litestar.datastructures import State

from mailgenius.api.access import needs
from mailgenius.api.bodies import UploadId
from mailgenius.api.call import Caller
from mailgenius.api.problems import answer_error
from mailgenius.kit import tus
from mailgenius.kit.audit.model import unnoted
from mailgenius.product.uploads import service as uploads
from mailgenius.product.uploads.model import MAX_SIZE
from mailgenius.product.workspaces.model import Permission

PATH = "/uploads"
ONE = f"{PATH}/{{upload_id:int}}"
TUS = "See [tus.io](https://tus.io/protocols/resumable-upload). Every request carries `Tus-Resumable: 1.0.0`."


@route(
    PATH,
    http_method=HttpMethod.OPTIONS,
    status_code=204,
    opt=needs(Permission.LEADS_WRITE),
    sync_to_thread=False,
    include_in_schema=False,
)
def tell_abilities() -> Response[None]:
    return Response(None, headers=tus.abilities(limit=MAX_SIZE))


@post(
    PATH,
    opt=needs(Permission.LEADS_WRITE) | unnoted("bytes on their way: what becomes of the file is noted"),
    summary="Begin an upload",
    description=f"Headers: `Upload-Length`, and `Upload-Metadata` with the `filename`. {TUS} The answer's"
    " `Location` is where its bytes go; HEAD says there how many are stored. It is kept for a day.",
)
async def begin_upload(call: Caller) -> Response[None]:
    wanted = tus.read_wanted(call.request.headers, limit=MAX_SIZE)
    async with call.tenant() as tx:
        made = await uploads.create(
            tx,
            workspace_id=call.workspace_id,
            file_name=wanted.name,
            file_size=wanted.size,
            metadata=wanted.metadata,
            created_by=call.actor.user_id,
        )
    return Response(
        None,
        headers=tus.standing(
            received=0,
            expires_at=made.expires_at,
            Location=f"{call.request.url.path.rstrip('/')}/{made.id}",
        ),
    )


@route(
    ONE,
    http_method=HttpMethod.HEAD,
    status_code=200,
    opt=needs(Permission.LEADS_WRITE),
    include_in_schema=False,
)
async def read_upload(call: Caller, upload_id: UploadId) -> Response[None]:
    """Say how far an upload is."""
    tus.check_version(call.request.headers)
    async with call.tenant() as tx:
        found = await uploads.get(tx, workspace_id=call.workspace_id, upload_id=upload_id)
    return Response(
        None,
        headers=tus.standing(
            received=found.received,
            expires_at=found.expires_at,
            Upload_Length=str(found.file_size),
            Upload_Metadata=found.metadata,
        ),
    )


@patch(
    ONE,
    status_code=204,
    opt=needs(Permission.LEADS_WRITE) | unnoted("bytes on their way: what becomes of the file is noted"),
    request_max_body_size=MAX_SIZE,
    summary="Send bytes of an upload",
    description="From `Upload-Offset` on, which must be where the upload stands. Chunks of 64 KiB to 5 MiB"
    f" are best; what is not stored when the connection breaks is 2 MiB at the most. {TUS}",
)
async def send_bytes(call: Caller, upload_id: UploadId) -> Response[None]:
    found = await uploads.receive(
        call.services.db,
        call.services.storage,
        workspace_id=call.workspace_id,
        upload_id=upload_id,
        chunk=tus.read_chunk(call.request.headers),
        body=call.request.stream(),
    )
    return Response(None, headers=tus.standing(received=found.received, expires_at=found.expires_at))


@delete(
    ONE,
    opt=needs(Permission.LEADS_WRITE) | unnoted("bytes on their way: what becomes of the file is noted"),
    summary="Give an upload up",
    description=f"Its bytes are removed. {TUS}",
)
async def give_up_upload(call: Caller, upload_id: UploadId) -> Response[None]:
    tus.check_version(call.request.headers)
    await uploads.abandon(
        call.services.db, call.services.storage, workspace_id=call.workspace_id, upload_id=upload_id
    )
    return Response(None, headers=tus.VERSION_HEADER)


def _answer_error(request: Request[Any, Any, State], error: Exception) -> Response[Any]:
    """Answer as everywhere, but where the protocol has statuses of its own."""
    if isinstance(error, tus.TusRefused):
        return Response(
            error.message, status_code=error.status, headers=error.headers, media_type=MediaType.TEXT
        )
    answer = answer_error(request, error)
    answer.headers.update(tus.VERSION_HEADER)
    return answer


router = Router(
    "",
    route_handlers=[tell_abilities, begin_upload, read_upload, send_bytes, give_up_upload],
    exception_handlers={Exception: _answer_error},
    tags=["Imports"],
)

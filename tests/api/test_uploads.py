"""Uploads over tus: the protocol's promises, limits, and that a break costs two megabytes at the most."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.ports import free_port
from mailgenius.kit.services import Services
from mailgenius.kit.storage import Storage
from mailgenius.product.imports.jobs import run
from mailgenius.product.uploads.jobs import forget
from mailgenius.product.uploads.model import CHUNK, MAX_OPEN, MAX_SIZE, MIN_CHUNK
from tests.stores import no_store

UPLOADS = "/api/v1/uploads"
VERSION = {"Tus-Resumable": "1.0.0"}
AGE = Query("age", "Time passes.", "UPDATE uploads SET received_at = received_at - interval '2 hours'")
EXPIRE = Query("expire", "More time passes.", "UPDATE uploads SET expires_at = now() - interval '2 hours'")


def csv_of(size: int) -> bytes:
    """A file of leads of exactly so many bytes, no row of which is like another."""
    head = b"email,note\n"
    count = (size - 100) // 62
    rows = b"".join(b"p%07d@example.com,%s\n" % (n, os.urandom(20).hex().encode()) for n in range(count))
    tail = size - len(head) - len(rows)
    return head + rows + b"z@example.com," + b"x" * (tail - 15) + b"\n"


async def begin(client: httpx.AsyncClient, size: int, name: str = "leads.csv") -> str:
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    headers = VERSION | {"Upload-Length": str(size), "Upload-Metadata": metadata}
    made = await client.post(UPLOADS, headers=headers)
    assert made.status_code == 201, made.text
    return made.headers["location"]


async def send(
    client: httpx.AsyncClient, place: str, offset: int, content: bytes, **more: str
) -> httpx.Response:
    kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
    headers = VERSION | kind | {name.replace("_", "-"): value for name, value in more.items()}
    return await client.patch(place, content=content, headers=headers)


async def offset_of(client: httpx.AsyncClient, place: str) -> int:
    answer = await client.head(place, headers=VERSION)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def stored(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


def context_of(services: Services) -> JobContext:
    return JobContext(db=services.db, settings=services.settings, storage=services.storage)


async def test_a_file_in_chunks_becomes_leads(
    client: httpx.AsyncClient, services: Services, workspace_id: int, tmp_path: Path
):
    content = csv_of(3 * MIN_CHUNK + 777)
    place = await begin(client, len(content), "clientes ção.csv")
    first = await send(client, place, 0, content[:MIN_CHUNK])
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(MIN_CHUNK))
    assert first.headers["tus-resumable"] == "1.0.0"
    assert first.headers["upload-expires"].endswith("GMT")
    unfinished = await client.post("/api/v1/imports", json={"upload_id": place.rsplit("/", 1)[-1]})
    assert unfinished.status_code == 409
    offset = await offset_of(client, place)
    await send(client, place, offset, content[offset:])
    body = {"upload_id": place.rsplit("/", 1)[-1], "mapping": {"email": "email", "note": "skip"}}
    key = {"Idempotency-Key": "once"}
    made = await client.post("/api/v1/imports", json=body, headers=key)
    assert made.status_code == 202, made.text
    assert made.json()["file_name"] == "clientes ção.csv"
    again = await client.post("/api/v1/imports", json=body, headers=key)
    assert again.content == made.content
    assert (await client.post("/api/v1/imports", json=body)).status_code == 404
    assert (await client.head(place, headers=VERSION)).status_code == 404
    await run(context_of(services), workspace_id=workspace_id, import_id=int(made.json()["id"]))
    done = (await client.get(f"/api/v1/imports/{made.json()['id']}")).json()
    assert (done["state"], done["rows_created"]) == ("done", content.count(b"\n") - 1)
    assert stored(tmp_path) == []


async def test_the_protocol_is_kept(client: httpx.AsyncClient, other: httpx.AsyncClient):
    abilities = await client.options(UPLOADS)
    assert abilities.status_code == 204
    assert abilities.headers["tus-max-size"] == str(MAX_SIZE)
    assert abilities.headers["tus-extension"] == "creation,expiration,checksum,termination"
    bare = await client.post(UPLOADS, headers={"Upload-Length": "10"})
    assert (bare.status_code, bare.headers["tus-version"]) == (412, "1.0.0")
    for headers, status in (
        ({"Upload-Length": str(MAX_SIZE + 1)}, 413),
        ({"Upload-Length": "ten"}, 400),
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": "filename ???"}, 400),
    ):
        assert (await client.post(UPLOADS, headers=VERSION | headers)).status_code == status, headers
    content = csv_of(2 * MIN_CHUNK)
    place = await begin(client, len(content))
    half = content[:MIN_CHUNK]
    assert (await send(client, place, 5, half)).status_code == 409
    assert (await send(client, place, 0, half, Content_Type="text/csv")).status_code == 415
    assert (await send(client, place, 0, half, Tus_Resumable="0.2.2")).status_code == 412
    assert (await send(client, place, 0, half[:100])).status_code == 422
    assert (await send(client, place, 0, content + b"more")).status_code == 422
    assert await offset_of(client, place) == 0
    wrong = base64.b64encode(hashlib.sha1(b"other", usedforsecurity=False).digest()).decode()
    right = base64.b64encode(hashlib.sha256(half).digest()).decode()
    assert (await send(client, place, 0, half, Upload_Checksum=f"sha1 {wrong}")).status_code == 460
    assert (await send(client, place, 0, half, Upload_Checksum=f"crc32 {wrong}")).status_code == 400
    assert await offset_of(client, place) == 0
    assert (await send(client, place, 0, half, Upload_Checksum=f"sha256 {right}")).status_code == 204
    for stranger in (
        await other.head(place, headers=VERSION),
        await send(other, place, MIN_CHUNK, half),
        await other.delete(place, headers=VERSION),
        await other.post("/api/v1/imports", json={"upload_id": place.rsplit("/", 1)[-1]}),
    ):
        assert stranger.status_code == 404
    assert await offset_of(client, place) == MIN_CHUNK


async def test_two_senders_at_one_place_store_it_once(client: httpx.AsyncClient, tmp_path: Path):
    content = csv_of(CHUNK + MIN_CHUNK)
    place = await begin(client, len(content))
    answers = await asyncio.gather(*(send(client, place, 0, content) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409]
    assert await offset_of(client, place) == len(content)
    assert sorted(path.stat().st_size for path in stored(tmp_path)) == [MIN_CHUNK, CHUNK]


async def test_what_nobody_wants_goes(
    client: httpx.AsyncClient, services: Services, db: Database, tmp_path: Path
):
    content = csv_of(MIN_CHUNK)
    given_up, left = [await begin(client, len(content)) for _ in range(2)]
    for place in (given_up, left):
        await send(client, place, 0, content)
    assert (await client.delete(given_up, headers=VERSION)).status_code == 204
    assert (await client.head(given_up, headers=VERSION)).status_code == 404
    assert len(stored(tmp_path)) == 1
    async with db.trusted() as tx:
        await tx.execute(EXPIRE)
    assert (await client.head(left, headers=VERSION)).status_code == 404
    await forget(context_of(services))
    assert stored(tmp_path) == []


async def test_a_workspace_has_so_many_uploads_at_once(client: httpx.AsyncClient, db: Database):
    for _ in range(MAX_OPEN):
        place = await begin(client, 10)
    headers = VERSION | {"Upload-Length": "10"}
    refused = await client.post(UPLOADS, headers=headers)
    assert (refused.status_code, refused.headers["tus-resumable"]) == (429, "1.0.0")
    await client.delete(place, headers=VERSION)
    assert (await client.post(UPLOADS, headers=headers)).status_code == 201
    async with db.trusted() as tx:
        await tx.execute(AGE)
    # Those that stand still for hours make room by themselves.
    assert (await client.post(UPLOADS, headers=headers)).status_code == 201


async def test_a_store_that_is_away_costs_no_byte_that_was_taken(
    client: httpx.AsyncClient, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    content = csv_of(2 * MIN_CHUNK)
    place = await begin(client, len(content))
    assert (await send(client, place, 0, content[:MIN_CHUNK])).status_code == 204
    ours, away = services.storage.store, no_store(tmp_path, monkeypatch).store
    object.__setattr__(services.storage, "store", away)
    refused = await send(client, place, MIN_CHUNK, content[MIN_CHUNK:])
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "no answer" in refused.json()["detail"]
    object.__setattr__(services.storage, "store", ours)
    offset = await offset_of(client, place)
    assert offset == MIN_CHUNK
    assert (await send(client, place, offset, content[offset:])).status_code == 204
    made = await client.post("/api/v1/imports", json={"upload_id": place.rsplit("/", 1)[-1]})
    assert made.json()["file_size"] == len(content)


@pytest.fixture
async def port(app: Litestar) -> AsyncIterator[int]:
    """The API behind the real server: a connection that breaks is felt only there."""
    port = free_port()
    server = Server(
        app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_level=LogLevels.warning
    )
    task = asyncio.create_task(server.serve())
    yield port
    server.stop()  # type: ignore[no-untyped-call]  # Granian does not annotate it.
    await task


async def test_a_connection_cut_at_nine_tenths_costs_two_megabytes(
    port: int, key: str, services: Services, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    content = os.urandom(5 * CHUNK)
    largest = 0
    put = Storage.put_piece

    async def watched(self: Storage, key: str, piece: bytes) -> None:
        nonlocal largest
        largest = max(largest, len(piece))
        await put(self, key, piece)

    monkeypatch.setattr(Storage, "put_piece", watched)
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(
        base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=60
    ) as client:
        for _ in range(600):
            try:
                place = await begin(client, len(content))
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
        cut = len(content) * 9 // 10 - 1
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"PATCH {place} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nTus-Resumable: 1.0.0\r\n"
            f"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content[:cut])
        await writer.drain()
        while await offset_of(client, place) < cut - CHUNK:
            await asyncio.sleep(0.05)
        writer.transport.abort()
        offset = await offset_of(client, place)
        assert cut - CHUNK <= offset <= cut
        assert (await send(client, place, offset, content[offset:])).status_code == 204
        made = await client.post("/api/v1/imports", json={"upload_id": place.rsplit("/", 1)[-1]})
    copy = services.settings.home / "copy"
    (joined,) = (services.settings.home / "files" / "imports").rglob("*.joined")
    await services.storage.get_to(str(joined.relative_to(services.settings.home / "files")), copy)
    assert hashlib.sha256(copy.read_bytes()).digest() == hashlib.sha256(content).digest()
    assert made.json()["file_size"] == len(content)
    assert largest == CHUNK

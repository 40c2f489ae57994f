"""Files in a store: what every store must do, and what a store that refuses or is away may not cost.

With MAILGENIUS_TEST_STORAGE_URL the promises are also held against that S3-compatible store; see
docs/operate/install.md. The refusals come from an HTTP service that speaks as S3 does when it will not.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from mailgenius.kit import clock
from mailgenius.kit.config import Settings
from mailgenius.kit.errors import Invalid
from mailgenius.kit.multipart import storage_key
from mailgenius.kit.storage import (
    JOINED,
    RANGE,
    WRITTEN_AT_ONCE,
    FileMissing,
    FileTooLarge,
    Piece,
    Storage,
    StoreUnavailable,
    open_storage,
)
from tests.stores import no_store, storage_url, store_at


async def chunks_of(content: bytes, size: int = 1 << 20) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def put(store: Storage, key: str, content: bytes) -> None:
    assert await store.put(key, chunks_of(content), limit=1 << 30) == len(content)


async def read(store: Storage, key: str) -> bytes:
    return b"".join([chunk async for chunk in await store.content(key)])


async def keys_of(store: Storage, folder: str) -> set[str]:
    later = clock.now() + timedelta(days=1)
    return {key async for keys in store.keys_before(folder, later) for key in keys}


@pytest.fixture
def store(tmp_path: Path) -> Storage:
    return open_storage(Settings(home=tmp_path, storage_url=storage_url()))


async def test_a_file_is_what_was_put_whatever_its_size(store: Storage, tmp_path: Path):
    long = os.urandom(WRITTEN_AT_ONCE + RANGE + 7)
    for name, content in {"none": b"", "short": b"a,b\n", "long": long}.items():
        await put(store, f"f/{name}", content)
        assert await read(store, f"f/{name}") == content
        assert await store.get_to(f"f/{name}", tmp_path / "copy") == len(content)
        assert (tmp_path / "copy").read_bytes() == content
    await put(store, "f/short", b"anew")
    assert await read(store, "f/short") == b"anew"
    with await asyncio.to_thread(store.reader, "f/long") as reader:
        reader.seek(-3, 2)
        assert await asyncio.to_thread(reader.read, 10) == long[-3:]


async def test_pieces_are_read_as_one_file_and_go_with_it(store: Storage):
    content = os.urandom(3000)
    pieces = [Piece(f"u/1/{start:012}", 1000) for start in range(0, 3000, 1000)]
    for number, piece in enumerate(pieces):
        await store.put_piece(piece.key, content[number * 1000 :][:1000])
    await store.put_piece("u/1/broken", b"of a write that was never noted")
    await store.put_piece("u/10/other", b"of another")
    whole = f"f/file{JOINED}"
    for _ in range(2):
        await store.join(whole, folder="u/1", pieces=pieces)
    assert await read(store, whole) == content
    with await asyncio.to_thread(store.reader, whole) as reader:
        reader.seek(990)
        assert await asyncio.to_thread(reader.read, 1020) == content[990:2010]
    for _ in range(2):
        await store.delete(whole)
    assert await keys_of(store, "u") == {"u/10/other"}
    assert await keys_of(store, "f") == set()


async def test_what_somebody_sends_is_never_read_as_a_list_of_pieces(store: Storage):
    await put(store, "exports/2/17.csv", b"of another workspace")
    forged = b'{"folder":"exports/2","pieces":[{"key":"exports/2/17.csv","size":20}]}'
    key = storage_key("imports/1", f"leads.csv{JOINED}")
    await put(store, key, forged)
    assert await read(store, key) == forged
    await store.delete(key)
    assert await read(store, "exports/2/17.csv") == b"of another workspace"
    with pytest.raises(ValueError, match="forged"):
        await store.put(f"imports/1/forged{JOINED}", chunks_of(forged), limit=1 << 20)


async def test_nothing_is_kept_of_what_broke_off(store: Storage):
    async def breaking() -> AsyncIterator[bytes]:
        yield bytes(WRITTEN_AT_ONCE + 1)
        raise ConnectionResetError(104, "the sender is gone")

    with pytest.raises(FileTooLarge):
        await store.put("b/large", chunks_of(bytes(2 * WRITTEN_AT_ONCE)), limit=WRITTEN_AT_ONCE + 1)
    with pytest.raises(ConnectionResetError):
        await store.put("b/broken", breaking(), limit=1 << 30)
    assert await keys_of(store, "b") == set()


async def test_a_missing_file_is_told_before_its_first_byte(store: Storage):
    await put(store, "m/there", b"x")
    for key in ("m/file", f"m/file{JOINED}"):
        with pytest.raises(FileMissing):
            await store.content(key)
        with pytest.raises(FileMissing):
            await asyncio.to_thread(store.reader, key)
        await store.delete(key)
    await store.delete_folder("m/folder")
    assert await keys_of(store, "m") == {"m/there"}


@pytest.fixture
def refusal() -> tuple[int, str]:
    """What the store says to everything."""
    return 403, "AccessDenied"


@pytest.fixture
async def refusing(refusal: tuple[int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A store that answers everything with its refusal, in the words of S3."""
    status, code = refusal

    async def refuse(request: web.Request) -> web.Response:
        await request.read()
        text = f"<Error><Code>{code}</Code><Message>No.</Message></Error>"
        return web.Response(status=status, text=text, content_type="application/xml")

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield store_at(f"http://127.0.0.1:{runner.addresses[0][1]}", tmp_path, monkeypatch)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "refusal",
    [(403, "InvalidAccessKeyId"), (403, "AccessDenied"), (404, "NoSuchBucket"), (503, "SlowDown")],
    ids=lambda refusal: refusal[1],
)
async def test_a_store_that_refuses_is_away_and_its_files_are_not_missing(
    refusing: Storage, refusal: tuple[int, str]
):
    acts = {
        "put": lambda: refusing.put("a/file", chunks_of(b"x"), limit=10),
        "put long": lambda: refusing.put("a/file", chunks_of(bytes(2 * WRITTEN_AT_ONCE)), limit=1 << 30),
        "piece": lambda: refusing.put_piece("a/file", b"x"),
        "content": lambda: refusing.content("a/file"),
        "joined": lambda: refusing.content(f"a/file{JOINED}"),
        "reader": lambda: asyncio.to_thread(refusing.reader, "a/file"),
        "delete": lambda: refusing.delete("a/file"),
        "delete joined": lambda: refusing.delete(f"a/file{JOINED}"),
        "folder": lambda: refusing.delete_folder("a"),
        "keys": lambda: keys_of(refusing, "a"),
    }
    for name, act in acts.items():
        with pytest.raises(StoreUnavailable) as told:
            await act()
        # An answer to HEAD has no body: of most refusals only the status is known then.
        assert refusal[1] in told.value.message or str(refusal[0]) in told.value.message, name


async def test_a_store_without_an_answer_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    away = no_store(tmp_path, monkeypatch)
    with pytest.raises(StoreUnavailable, match="no answer"):
        await away.put("a/file", chunks_of(b"x"), limit=10)
    with pytest.raises(StoreUnavailable, match="no answer"):
        await away.content("a/file")


@pytest.mark.parametrize("url", ["files", "s3://", "s3:///folder", "gs://bucket", "https://files.example"])
def test_an_address_that_is_none_of_a_store_is_refused_by_its_name(url: str, tmp_path: Path):
    with pytest.raises(Invalid) as told:
        open_storage(Settings(home=tmp_path, storage_url=url))
    assert told.value.problems[0].field == "MAILGENIUS_STORAGE_URL"

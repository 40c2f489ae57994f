"""Imports over the API: the upload as a stream, progress, rejected rows."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.kit.storage import Storage
from mailgenius.product.imports.jobs import run

IMPORTS = "/api/v1/imports"
CSV = b"E-mail,Name,City\nana@example.com,Ana,Recife\nbroken,Bad,Olinda\njoao@example.com,Jo\xc3\xa3o,Natal\n"


def file(content: bytes = CSV, name: str = "leads.csv") -> dict:
    return {"file": (name, content, "text/csv")}


def stored(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


async def work(services: Services, workspace_id: int, import_id: str) -> None:
    """Do what the queued job does."""
    context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
    await run(context, workspace_id=workspace_id, import_id=int(import_id))


async def test_a_file_is_imported_and_its_rejects_are_fetched(
    client: httpx.AsyncClient, services: Services, workspace_id: int
):
    made = await client.post(IMPORTS, files=file(), data={"tags": ["june, vip", "fair"]})
    assert made.status_code == 202
    assert made.json()["state"] == "queued"
    assert (made.json()["file_name"], made.json()["file_size"]) == ("leads.csv", len(CSV))
    address = f"{IMPORTS}/{made.json()['id']}"
    await work(services, workspace_id, made.json()["id"])
    done = (await client.get(address)).json()
    assert (done["state"], done["rows_read"], done["rows_created"], done["rows_rejected"]) == (
        "done",
        3,
        2,
        1,
    )
    lead = (await client.get("/api/v1/leads?search=ana@example.com")).json()["items"][0]
    assert set(lead["tags"]) == {"june", "vip", "fair"}
    rejects = await client.get(f"{address}/rejects")
    assert rejects.headers["content-type"] == "text/csv; charset=utf-8"
    lines = rejects.text.splitlines()
    assert lines[0] == "line,reason,E-mail,Name,City"
    assert lines[1].startswith("3,")
    assert lines[1].endswith("broken,Bad,Olinda")
    listed = (await client.get(IMPORTS)).json()["items"]
    assert [item["id"] for item in listed] == [made.json()["id"]]


async def test_columns_are_mapped_by_hand(client: httpx.AsyncClient, services: Services, workspace_id: int):
    mapping = '{"E-mail": "email", "Name": "name", "City": "field:town"}'
    made = await client.post(IMPORTS, data={"mapping": mapping, "mode": "overwrite"}, files=file())
    await work(services, workspace_id, made.json()["id"])
    lead = (await client.get("/api/v1/leads?search=ana@example.com")).json()["items"][0]
    assert lead["fields"] == {"town": "Recife"}


async def test_a_mapping_makes_fields_with_types(
    client: httpx.AsyncClient, services: Services, workspace_id: int
):
    town = {"type": "choice", "label": "Town", "field": "town", "choices": ["Recife"]}
    mapping = json.dumps({"E-mail": "email", "Name": "field:nick:text", "City": town})
    made = await client.post(IMPORTS, data={"mapping": mapping}, files=file())
    assert made.status_code == 202, made.text
    await work(services, workspace_id, made.json()["id"])
    found = {item["key"]: item["type"] for item in (await client.get("/api/v1/fields")).json()["items"]}
    assert found == {"nick": "text", "town": "choice"}
    done = (await client.get(f"{IMPORTS}/{made.json()['id']}")).json()
    assert (done["rows_created"], done["rows_rejected"]) == (1, 2)


async def test_an_import_is_tried_and_then_made(
    client: httpx.AsyncClient, services: Services, workspace_id: int
):
    made = (await client.post(f"{IMPORTS}?dry_run=true", files=file())).json()
    address = f"{IMPORTS}/{made['id']}"
    assert (await client.post(f"{address}/make")).status_code == 409
    await work(services, workspace_id, made["id"])
    tried = (await client.get(address)).json()
    assert (tried["state"], tried["dry_run"], tried["rows_created"], tried["rows_rejected"]) == (
        "done",
        True,
        2,
        1,
    )
    assert (await client.get("/api/v1/leads")).json()["items"] == []
    queued = await client.post(f"{address}/make")
    assert (queued.status_code, queued.json()["dry_run"]) == (202, False)
    await work(services, workspace_id, made["id"])
    assert len((await client.get("/api/v1/leads")).json()["items"]) == 2


async def test_an_import_is_cancelled_once(client: httpx.AsyncClient):
    made = (await client.post(IMPORTS, files=file())).json()
    cancelled = await client.post(f"{IMPORTS}/{made['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (await client.post(f"{IMPORTS}/{made['id']}/cancel")).status_code == 409


@pytest.mark.parametrize(
    ("request_parts", "field"),
    [
        ({"data": {"mode": "merge"}, "files": {"other": ("a.csv", CSV)}}, "file"),
        ({"files": file(), "data": {"mode": "destroy"}}, "mode"),
        ({"files": file(), "data": {"mapping": "{"}}, "mapping"),
        ({"files": file(), "data": {"mapping": '{"E-mail": 5}'}}, "mapping"),
        ({"files": file(), "data": {"colour": "red"}}, "colour"),
        ({"files": file(), "data": {"consent_source": "a\0b"}}, "consent_source"),
        ({"files": [("file", ("a.csv", CSV)), ("file", ("b.csv", CSV))]}, "file"),
        ({"files": file(), "data": {"mapping": "x" * (300 << 10)}}, "mapping"),
    ],
)
async def test_a_refused_upload_leaves_no_file(
    client: httpx.AsyncClient, tmp_path: Path, request_parts: dict, field: str
):
    answer = await client.post(IMPORTS, **request_parts)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert stored(tmp_path) == []
    assert (await client.get(IMPORTS)).json()["items"] == []


async def test_a_body_that_is_no_form_is_refused(client: httpx.AsyncClient):
    assert (await client.post(IMPORTS, content=CSV)).status_code == 422


async def test_a_form_that_is_cut_off_leaves_no_file(client: httpx.AsyncClient, tmp_path: Path):
    head = b'--xx\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    answer = await client.post(
        IMPORTS, content=head + CSV, headers={"Content-Type": "multipart/form-data; boundary=xx"}
    )
    assert answer.status_code == 422
    assert stored(tmp_path) == []


async def test_a_file_name_cannot_leave_its_folder(
    client: httpx.AsyncClient, tmp_path: Path, workspace_id: int
):
    made = await client.post(IMPORTS, files=file(name="../../../etc/passwd"))
    assert made.status_code == 202
    folder = tmp_path / "files" / "imports" / str(workspace_id)
    assert [path.is_relative_to(folder) for path in stored(tmp_path)] == [True]


async def test_a_repeated_upload_is_one_import(client: httpx.AsyncClient, tmp_path: Path):
    key = {"Idempotency-Key": "june"}
    first = await client.post(IMPORTS, files=file(), headers=key)
    again = await client.post(IMPORTS, files=file(), headers=key)
    other = await client.post(IMPORTS, files=file(CSV + b"more@example.com,,\n"), headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert first.content == again.content
    assert len(stored(tmp_path)) == 1
    assert len((await client.get(IMPORTS)).json()["items"]) == 1


async def test_a_large_file_passes_through_in_pieces(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    """The store gets the pieces as they come, so memory does not grow with the file."""
    largest, total = 0, 0
    put = Storage.put

    async def watched(self: Storage, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> int:
        async def seen() -> AsyncIterator[bytes]:
            nonlocal largest, total
            async for chunk in chunks:
                largest, total = max(largest, len(chunk)), total + len(chunk)
                yield chunk

        return await put(self, key, seen(), limit=limit)

    monkeypatch.setattr(Storage, "put", watched)

    async def body() -> AsyncIterator[bytes]:
        yield b'--xx\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail\r\n'
        for number in range(320):
            yield b"".join(b"p%06d@example.com\r\n" % (number * 3000 + row) for row in range(3000))
        yield b"\r\n--xx--\r\n"

    made = await client.post(
        IMPORTS, content=body(), headers={"Content-Type": "multipart/form-data; boundary=xx"}
    )
    assert made.status_code == 202, made.text
    assert total == made.json()["file_size"] > 16 << 20
    assert largest < 1 << 20

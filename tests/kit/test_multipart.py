"""Multipart bodies, in pieces of any size, whole and broken."""

from collections.abc import AsyncIterator

import pytest

from mailgenius.kit.errors import Invalid
from mailgenius.kit.multipart import FIELD_LIMIT, MultipartBroken, parts, safe_name

BODY = (
    b'--x\r\nContent-Disposition: form-data; name="mode"\r\n\r\nmerg\xc3\xa9\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a/b.csv"\r\n\r\none\r\ntwo\r\n'
    b'--x\r\nContent-Disposition: form-data; name="last"\r\n\r\n1\r\n--x--\r\n'
)


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def read(body: bytes, *, size: int = 7, **more):
    return parts(pieces(body, size), kind="multipart/form-data", boundary="x", **more)


@pytest.mark.parametrize("size", [1, 5, 1000])
async def test_parts_come_whole_however_the_body_is_cut(size: int):
    found = [
        (each.name, each.filename, b"".join([c async for c in each.chunks()]))
        async for each in read(BODY, size=size)
    ]
    assert found == [
        ("mode", None, "mergé".encode()),
        ("file", "a/b.csv", b"one\r\ntwo"),
        ("last", None, b"1"),
    ]


async def test_parts_that_nobody_reads_are_passed_over():
    assert [each.name async for each in read(BODY)] == ["mode", "file", "last"]


@pytest.mark.parametrize("cut", [-8, -30, -100, 20])
async def test_a_body_that_is_cut_off_is_broken(cut: int):
    with pytest.raises(MultipartBroken):
        [b"".join([c async for c in each.chunks()]) async for each in read(BODY[:cut])]


async def test_more_parts_than_allowed_are_refused():
    with pytest.raises(MultipartBroken):
        [each async for each in read(BODY, most=2)]


@pytest.mark.parametrize("value", [b"x" * (FIELD_LIMIT + 1), b"\xff", b"a\0b"])
async def test_a_field_is_short_text(value: bytes):
    body = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + value + b"\r\n--x--\r\n"
    with pytest.raises(Invalid) as refused:
        [await each.text() async for each in read(body, size=10_000)]
    assert refused.value.problems[0].field == "f"


async def test_another_kind_of_body_is_refused():
    with pytest.raises(Invalid):
        [each async for each in parts(pieces(BODY, 9), kind="application/json", boundary=None)]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("C:\\Docs\\leads 1.csv", "leads_1.csv"),
        ("../../etc/passwd", "passwd"),
        ("...", "upload"),
        ("ação.xlsx", "a_o.xlsx"),
    ],
)
def test_file_names_become_safe_keys(name: str, safe: str):
    assert safe_name(name) == safe

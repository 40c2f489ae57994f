"""Serves the built scripts, styles and fonts. Names hold a hash of the content, so they are kept for ever."""

import asyncio
import gzip
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from mailgenius.kit.errors import NotFound
from mailgenius.web import assets

_FOREVER: Final = "public, max-age=31536000, immutable"
_TEXT: Final = frozenset({"text/css", "text/javascript", "image/svg+xml", "application/json", "text/plain"})
_TYPES: Final = {
    ".js": "text/javascript",
    ".woff2": "font/woff2",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, kw_only=True)
class StaticFile:
    """One file as it is sent."""

    media_type: str
    plain: bytes
    zipped: bytes | None


@get(f"{assets.STATIC_URL}/dist/{{name:str}}", opt={"no_visit": True})
async def static_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """One built file, compressed when the browser takes that."""
    file = await asyncio.to_thread(_load, name, assets.DIST_DIR)
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    body = file.plain
    if file.zipped and "gzip" in request.headers.get("accept-encoding", ""):
        body = file.zipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=file.media_type, headers=headers)


@get(f"{assets.STATIC_URL}/favicon.svg", opt={"no_visit": True})
async def favicon() -> Response[bytes]:
    """The one file with a plain name: browsers ask for it again after a day."""
    file = await asyncio.to_thread(_load, "favicon.svg", assets.STATIC_DIR)
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(file.plain, media_type=file.media_type, headers=headers)


@lru_cache(maxsize=64)
def _load(name: str, folder: Path) -> StaticFile:
    """Read and compress a file once per process: there are a dozen, and their content never changes."""
    path = folder / name
    if path.parent != folder or not path.is_file() or name.startswith("."):
        raise NotFound
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    plain = path.read_bytes()
    zipped = gzip.compress(plain, 9) if media_type in _TEXT else None
    return StaticFile(media_type=media_type, plain=plain, zipped=zipped)

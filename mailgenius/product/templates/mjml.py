"""MJML to HTML, in a process of its own.

The converter is native code and recurses by nesting: a hostile template overflows its stack and takes the
process with it. So it runs as a short-lived child with a time limit; the child's death is an answer.
Run as a program it reads MJML from standard input and writes HTML, or the converter's words and exit code 3.
"""

import asyncio
import sys
from collections import OrderedDict

from mailgenius.product.templates.errors import MjmlBroken

TIME_LIMIT_S = 10
REFUSED = 3
_CACHE_SIZE = 64
_cache: OrderedDict[str, str] = OrderedDict()


async def to_html(source: str) -> str:
    """Convert MJML. Merge fields pass through untouched.

    Raises:
        MjmlBroken: it is not MJML, it nests too deep, or it takes too long.
    """
    if source in _cache:
        _cache.move_to_end(source)
        return _cache[source]
    html = await _convert(source)
    _cache[source] = html
    if len(_cache) > _CACHE_SIZE:
        _cache.popitem(last=False)
    return html


async def _convert(source: str) -> str:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(child.communicate(source.encode()), TIME_LIMIT_S)
    except TimeoutError as error:
        child.kill()
        await child.wait()
        raise MjmlBroken(detail="it takes too long") from error
    if child.returncode == 0:
        return output.decode()
    if child.returncode == REFUSED:
        raise MjmlBroken(detail=output.decode() or "it is not MJML")
    raise MjmlBroken(detail="it nests too deep")


def _child() -> int:
    import mjml  # noqa: PLC0415  # Native code that only the child may load.

    try:
        # Without fonts: the converter would add style sheets from other hosts, which tell them who reads.
        html = mjml.mjml2html(sys.stdin.buffer.read().decode(), fonts={})
    except ValueError as error:
        sys.stdout.write(str(error))
        return REFUSED
    sys.stdout.buffer.write(html.encode())
    return 0


if __name__ == "__main__":
    sys.exit(_child())

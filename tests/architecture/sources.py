"""The files of the project as the checks of this folder read them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import mailgenius

PACKAGE = Path(mailgenius.__file__).parent
ROOT = PACKAGE.parent


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git tracks or would track, as paths below the root."""
    # The clone may belong to another account than the one that runs the checks.
    command = [
        "git",
        "-c",
        f"safe.directory={ROOT}",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout
    return tuple(Path(name) for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file())


def python_files(*folders: str) -> list[Path]:
    """Tracked Python files below some folders."""
    return [path for path in tracked() if path.suffix == ".py" and path.parts[0] in folders]


def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text_of(path), filename=str(path))


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """Dotted names that a file imports; `from a import b` gives `a.b`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def areas() -> list[Path]:
    """The folders of product areas and engine parts."""
    found = []
    for storey in ("product", "engine"):
        folders = (path for path in (PACKAGE / storey).iterdir() if (path / "__init__.py").exists())
        found += sorted(path.relative_to(ROOT) for path in folders)
    return found

"""Finds the texts of pages and Python files and compares them with the Portuguese catalogs.

`python -m mailgenius.web.i18n extract [AREA]` adds what is missing to `AREA.po`; `check` fails when a text
has no translation, two different ones, or one that lost a placeholder. Used by authors and `make check`.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import write_po
from jinja2.ext import babel_extract

from mailgenius.web.i18n import LOCALES, catalog_dir, catalogs, read_catalog

PACKAGE: Final = Path(__file__).parents[1]
HTML: Final = PACKAGE / "web" / "html"
FRAME: Final = "frame"
TARGET: Final = LOCALES[1]

_KEYWORDS: Final[dict[str, tuple[int, ...] | None]] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
}
_JINJA_OPTIONS: Final[dict[str, Any]] = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")

Msgid = str | tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A text in the sources: its msgid, the catalog it belongs to and where it stands."""

    msgid: Msgid
    area: str
    place: tuple[str, int]


def find_texts() -> list[Found]:
    """Every text of the templates and of the package's Python files, in the order of the files."""
    return [*_of_templates(), *_of_python()]


def missing(found: list[Found]) -> dict[Msgid, list[Found]]:
    """The texts that no catalog translates, with the places that use them."""
    translated = {key for catalog in catalogs(TARGET).values() for key, _ in _entries(catalog, filled=True)}
    result: dict[Msgid, list[Found]] = defaultdict(list)
    for item in found:
        if item.msgid not in translated:
            result[item.msgid].append(item)
    return dict(result)


def contradictions() -> list[str]:
    """Texts that two catalogs translate differently, and translations that lost or gained a placeholder."""
    problems: list[str] = []
    seen: dict[Msgid, tuple[str, tuple[str, ...]]] = {}
    for area, catalog in catalogs(TARGET).items():
        for msgid, texts in _entries(catalog, filled=True):
            if msgid in seen and seen[msgid][1] != texts:
                problems.append(f"{area}.po and {seen[msgid][0]}.po translate {msgid!r} differently")
            seen.setdefault(msgid, (area, texts))
            wanted = set(_PLACEHOLDER.findall(" ".join(msgid) if isinstance(msgid, tuple) else msgid))
            for text in texts:
                # A singular form may leave the number out ("one lead"); nothing may invent a placeholder.
                got = set(_PLACEHOLDER.findall(text))
                if got - wanted or (isinstance(msgid, str) and got != wanted):
                    problems.append(f"{area}.po: placeholders of {msgid!r} and {text!r} differ")
    return problems


def extract(area: str | None) -> dict[str, int]:
    """Append the untranslated texts to their catalogs with an empty translation; returns how many per area."""
    wanted: dict[str, list[Found]] = defaultdict(list)
    for places in missing(find_texts()).values():
        first = next((item for item in places if item.area == area), places[0])
        if area is None or first.area == area:
            wanted[first.area].append(first)
    for name, items in wanted.items():
        path = catalog_dir(TARGET) / f"{name}.po"
        catalog = read_catalog(path) if path.is_file() else Catalog(locale=TARGET, domain=name, fuzzy=False)
        for item in items:
            catalog.add(item.msgid, locations=[item.place])
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=110, omit_header=False, include_lineno=False)
    return {name: len(items) for name, items in wanted.items()}


def area_of(path: Path) -> str:
    """The catalog of a source file: the folder under `html`, or the name of the Python module."""
    if path.is_relative_to(HTML):
        folder = path.relative_to(HTML).parts[0]
        return FRAME if folder in {"layout", "components"} else folder
    parts = path.relative_to(PACKAGE).parts
    if parts[:2] == ("web", "pages") or parts[0] == "product":
        return parts[2].removesuffix(".py") if parts[0] == "web" else parts[1]
    return FRAME if parts[0] == "web" else parts[0]


def _of_templates() -> Iterator[Found]:
    for path in sorted(HTML.rglob("*.html")):
        with path.open("rb") as file:
            rows = babel_extract(file, list(_KEYWORDS), [], dict(_JINJA_OPTIONS))
            yield from _as_found(path, ((line, name, texts) for line, name, texts, _comments in rows))


def _of_python() -> Iterator[Found]:
    for path in sorted(PACKAGE.rglob("*.py")):
        with path.open("rb") as file:
            rows = extract_python(file, _KEYWORDS, [], {})
            yield from _as_found(path, ((line, name, texts) for line, name, texts, _comments in rows))


def _as_found(path: Path, rows: Iterator[tuple[int, Any, Any]]) -> Iterator[Found]:
    for line, function, texts in rows:
        values = [text for text in (texts if isinstance(texts, (tuple, list)) else (texts,)) if text]
        if not values:
            continue
        msgid: Msgid = (values[0], values[1]) if function == "ngettext" and len(values) > 1 else values[0]
        place = (path.relative_to(PACKAGE).as_posix(), line)
        yield Found(msgid=msgid, area=area_of(path), place=place)


def _entries(catalog: Catalog, *, filled: bool) -> Iterator[tuple[Msgid, tuple[str, ...]]]:
    for message in catalog:
        if not message.id:
            continue
        plural = isinstance(message.id, (tuple, list))
        texts = tuple(message.string) if plural else (str(message.string),)
        if filled and not (all(texts) and not message.fuzzy):
            continue
        yield ((message.id[0], message.id[1]) if plural else str(message.id)), texts


def main(arguments: list[str]) -> int:
    """`extract [AREA]` or `check`."""
    match arguments:
        case ["extract", *rest] if len(rest) <= 1:
            counts = extract(rest[0] if rest else None)
            for area, count in sorted(counts.items()):
                _say(f"{area}.po: {count} texts to translate")
            if not counts:
                _say("nothing is missing")
            return 0
        case ["check"]:
            return _check()
        case _:
            _say("usage: python -m mailgenius.web.i18n extract [AREA] | check")
            return 2


def _check() -> int:
    gaps = missing(find_texts())
    for msgid, places in gaps.items():
        path, line = places[0].place
        _say(f"{path}:{line}: no Portuguese translation ({places[0].area}.po): {msgid!r}")
    problems = contradictions()
    for problem in problems:
        _say(problem)
    if gaps or problems:
        return 1
    _say("every text has its Portuguese translation")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")

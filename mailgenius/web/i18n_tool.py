"""Compares the texts of the sources with the Portuguese catalogs.

`python -m mailgenius.web.i18n extract [AREA]` adds what is missing to `AREA.po`; `check` fails when a text
has no translation, two different ones, or one that lost a placeholder. Used by authors and `make check`.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from mailgenius.web.i18n import LOCALES, catalog_dir, catalogs, read_catalog
from mailgenius.web.i18n_sources import Found, Msgid, find_texts

TARGET: Final = LOCALES[1]

_NOISE: Final = (b'"Report-Msgid-Bugs-To', b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Generated-By')
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")


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
                problems.append(f"{area}.po and {seen[msgid][0]}.po translate {msgid} differently")
            seen.setdefault(msgid, (area, texts))
            wanted = set(_PLACEHOLDER.findall(msgid.text + msgid.plural))
            for text in texts:
                # A singular form may leave the number out ("one lead"); nothing may invent a placeholder.
                got = set(_PLACEHOLDER.findall(text))
                if got - wanted or (not msgid.plural and got != wanted):
                    problems.append(f"{area}.po: placeholders of {msgid} and {text!r} differ")
    return problems


def extract(area: str | None) -> dict[str, int]:
    """Append the untranslated texts to their catalogs, with empty translations; returns how many per area."""
    wanted: dict[str, list[Found]] = defaultdict(list)
    for places in missing(find_texts()).values():
        first = next((item for item in places if item.area == area), places[0])
        if area is None or first.area == area:
            wanted[first.area].append(first)
    for name, items in wanted.items():
        path = catalog_dir(TARGET) / f"{name}.po"
        catalog = read_catalog(path) if path.is_file() else _new_catalog(name)
        for item in items:
            msgid = item.msgid
            key = (msgid.text, msgid.plural) if msgid.plural else msgid.text
            catalog.add(key, locations=[item.place], context=msgid.context or None)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_po(catalog))
    return {name: len(items) for name, items in wanted.items()}


def as_po(catalog: Catalog) -> bytes:
    """The catalog as a file, without the header lines that would change with every run."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=110, include_lineno=False)
    return b"".join(
        line for line in buffer.getvalue().splitlines(keepends=True) if not line.startswith(_NOISE)
    )


def _new_catalog(area: str) -> Catalog:
    return Catalog(
        locale=TARGET,
        domain=area,
        header_comment=f"# Brazilian Portuguese texts: {area}.",
        project="MailGenius",
        version=area,
        last_translator="MailGenius",
        language_team="pt_BR",
        fuzzy=False,
    )


def _entries(catalog: Catalog, *, filled: bool) -> Iterator[tuple[Msgid, tuple[str, ...]]]:
    for message in catalog:
        if not message.id:
            continue
        plural = isinstance(message.id, (tuple, list))
        texts = tuple(message.string or ()) if plural else (str(message.string),)
        if filled and (message.fuzzy or not texts or not all(texts)):
            continue
        singular, other = (message.id[0], message.id[1]) if plural else (str(message.id), "")
        yield Msgid(singular, other, message.context or ""), texts


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
        _say(f"{path}:{line}: no Portuguese translation ({places[0].area}.po): {msgid}")
    problems = contradictions()
    for problem in problems:
        _say(problem)
    if gaps or problems:
        return 1
    _say("every text has its Portuguese translation")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")

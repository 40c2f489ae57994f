"""Finds every text that a page may show: in templates, in Python files, and in the errors of lower storeys.

Lower storeys know no gettext. Their errors carry the message as the class docstring, and their field problems
as plain sentences, so both are read from the source here. Comparing with the catalogs is `i18n_tool`'s work.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

from babel.messages.extract import extract_python
from jinja2.ext import babel_extract

Trees = dict[Path, ast.Module]

PACKAGE: Final = Path(__file__).parents[1]
HTML: Final = PACKAGE / "web" / "html"
FRAME: Final = "frame"
ERRORS: Final = "errors"

_KEYWORDS: Final[dict[str, tuple[int, ...] | None]] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": None,
}
_JINJA_OPTIONS: Final[dict[str, Any]] = {
    "trimmed": "true",
    "newstyle_gettext": "true",
    "silent": "false",
    "extensions": "jinja2.ext.do, jinja2.ext.loopcontrols",
}
_ERROR_BASE: Final = "MailGeniusError"
_PROBLEMS: Final = frozenset({"Problem", "invalid", "launch_error"})
_SHOWN: Final = {
    "SettingField": ("label", "help"),
    "Starter": ("title", "text"),
    "Advice": ("meaning", "remedy"),
}
"""Values of lower storeys that pages show: the keyword arguments that hold texts."""
# Doors of their own language: their errors never reach a page.
_NOT_ON_PAGES: Final = frozenset({"api", "cli", "processes", "migrations"})
_MARK: Final = re.compile(rb"\b(?:_|N_|[np]?gettext)\(")
_NUMBER: Final = re.compile(r"\d[\d,.]*\d|\d")


class Msgid(NamedTuple):
    """A text to translate: where the same English word needs several Portuguese ones, with a context."""

    text: str
    plural: str = ""
    context: str = ""

    def __str__(self) -> str:
        where = f" ({self.context})" if self.context else ""
        return f"{self.text!r}{where}"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A text in the sources: its msgid, the catalog it belongs to and where it stands."""

    msgid: Msgid
    area: str
    place: tuple[str, int]


def find_texts() -> list[Found]:
    """Every text of the templates, the Python files and the errors, in the order of the files."""
    trees = _trees()
    return [*_of_templates(), *_of_python(), *_of_errors(trees), *_of_values(trees)]


def area_of(path: Path) -> str:
    """The catalog of a source file: the folder under `html`, or the name of the Python module."""
    if path.is_relative_to(HTML):
        folder = path.relative_to(HTML).parts[0]
        return FRAME if folder in {"layout", "components"} else folder
    parts = path.relative_to(PACKAGE).parts
    if parts[0] == "product" or parts[:2] in {("web", "pages"), ("web", "forms")}:
        return parts[2].removesuffix(".py") if parts[0] == "web" else parts[1]
    return FRAME if parts[0] == "web" else parts[0]


def _of_templates() -> Iterator[Found]:
    for path in sorted(HTML.rglob("*.html")):
        with path.open("rb") as file:
            rows = babel_extract(file, list(_KEYWORDS), [], dict(_JINJA_OPTIONS))
            yield from _as_found(path, ((line, name, texts) for line, name, texts, _comments in rows))


def _of_python() -> Iterator[Found]:
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        # Most files mark no text, and to look for the marks is quicker than to take a file apart.
        if _MARK.search(source):
            rows = extract_python(BytesIO(source), _KEYWORDS, [], {})
            yield from _as_found(path, ((line, name, texts) for line, name, texts, _comments in rows))


def _as_found(path: Path, rows: Iterator[tuple[int, Any, Any]]) -> Iterator[Found]:
    for line, function, texts in rows:
        values = [text for text in (texts if isinstance(texts, (tuple, list)) else (texts,)) if text]
        if not values:
            continue
        match function, values:
            case "ngettext", [text, plural, *_rest]:
                msgid = Msgid(text, plural)
            case "pgettext", [context, text, *_rest]:
                msgid = Msgid(text, context=context)
            case _:
                msgid = Msgid(values[0])
        yield Found(msgid=msgid, area=area_of(path), place=_place(path, line))


def _trees() -> Trees:
    return {
        path: ast.parse(path.read_text("utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in _NOT_ON_PAGES
    }


def _of_values(trees: Trees) -> Iterator[Found]:
    """Texts in values: forms of providers, examples of templates, and what a provider is called."""
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in _SHOWN:
                wanted = _SHOWN[_name(node.func)]
                texts = [each.value for each in node.keywords if each.arg in wanted]
            elif isinstance(node, ast.ClassDef) and node.name.endswith("Provider"):
                texts = [
                    each.value
                    for each in node.body
                    if isinstance(each, ast.Assign) and _name(each.targets[0]) == "label"
                ]
            else:
                continue
            for text in texts:
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield Found(msgid=Msgid(text.value), area=area_of(path), place=_place(path, text.lineno))


def _of_errors(trees: Trees) -> Iterator[Found]:
    classes = [
        (path, node)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    names = _descendants([node for _path, node in classes])
    for path, node in classes:
        text = ast.get_docstring(node)
        if node.name in names and text:
            first = " ".join(cleandoc(text).split("\n\n")[0].split())
            yield Found(msgid=Msgid(first), area=ERRORS, place=_place(path, node.lineno))
    for path, tree in trees.items():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _name(call.func) in _PROBLEMS and len(call.args) > 1:
                message = _pattern(call.args[1])
                if message:
                    yield Found(msgid=Msgid(message), area=ERRORS, place=_place(path, call.lineno))


def _descendants(classes: list[ast.ClassDef]) -> set[str]:
    """The names of all classes below the error base; names are unique enough within this package."""
    names = {_ERROR_BASE}
    while True:
        more = {node.name for node in classes if any(_name(base) in names for base in node.bases)} - names
        if not more:
            return names
        names |= more


def _pattern(node: ast.expr) -> str | None:
    """The text as `texts.reason` looks it up: `%(num)s` for its number, `“%(value)s”` for what it quotes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _NUMBER.sub("%(num)s", node.value)
    if isinstance(node, ast.JoinedStr):
        text = "".join(
            _NUMBER.sub("%(num)s", str(part.value)) if isinstance(part, ast.Constant) else "%(num)s"
            for part in node.values
        )
        return text.replace("“%(num)s”", "“%(value)s”")
    return None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _place(path: Path, line: int) -> tuple[str, int]:
    return path.relative_to(PACKAGE).as_posix(), line

"""The part of the template language that customers may use, checked on the source before MiniJinja sees it.

Allowed: `{{ … }}`, `if`, `for`, `set name = …`, comments, the filters of `filters.py`, and `range(…)`.
Refused, because a few lines of them fill any memory: macros, calls, namespaces, includes, blocks, `*`, map
literals, and joining (`~`, `+`, lists) of names that the template itself has set. The check is by tokens, not
by meaning: whether the tags make sense together is MiniJinja's to say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailgenius.kit.rendering.errors import TemplateBroken
from mailgenius.kit.rendering.filters import FILTERS

LONGEST_SOURCE = 1_000_000
LONGEST_TAG = 2_000
MOST_WORDS = 200
"""Words in one tag: two thousand minus signs in a row end the process on a small stack."""
MOST_TAGS = 10_000
MOST_JOINS = 10
"""Joining operators in one tag."""
DEEPEST_BLOCKS = 50
"""Open `if` and `for` blocks; each `elif` counts as one, because the parser nests them."""

_OPENING = re.compile(r"\{[{%#]")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<end>[-+]?%\}|-?\}\})
      | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<sign>\*\*|//|[=!<>]=|[-+*/%~|.,:<>=()\[\]])""",
    re.VERBOSE | re.DOTALL,
)
_STATEMENTS = frozenset({"if", "elif", "else", "endif", "for", "endfor", "set"})
_WORDS = frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"}
)
_GIVEN = frozenset({"loop", "range"})
NOT_FIELDS = _WORDS | _GIVEN
"""Names that are not taken from a template's data."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a tag: its kind (string, number, name, sign) and its text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """One `{{ … }}` or `{% … %}`: where it stands, and its words."""

    start: int
    end: int
    line: int
    trims: bool
    """Whether it ends with `-` and so eats the white space that follows."""
    statement: str
    """The first word of a `{% … %}`; empty for `{{ … }}`."""
    tokens: tuple[Token, ...]
    """The words after the statement's name."""


@dataclass(slots=True)
class Outline:
    """What the check learned about a source."""

    tags: list[Tag] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    """Where each `{# … #}` starts and ends."""
    bound: set[str] = field(default_factory=set)
    """Names that the template itself sets."""
    loops: list[tuple[Tag, int]] = field(default_factory=list)
    """Each `for`, and how many characters of source its body has."""


def outline(source: str) -> Outline:
    """Check a source and describe it.

    Raises:
        TemplateBroken: it uses what is not allowed, or a tag is not closed.
    """
    if len(source) > LONGEST_SOURCE:
        raise TemplateBroken(line=1, reason=f"a template has at most {LONGEST_SOURCE:,} characters")
    found = Outline()
    _read(source, found)
    _check_blocks(found)
    for tag in found.tags:
        found.bound.update(_bound_names(tag))
    for tag in found.tags:
        _check_calls(tag)
        _check_joins(tag, found.bound)
    return found


def merge_fields(source: str) -> set[str]:
    """Return the dotted names that a source takes from its data, such as `lead.fields.city`.

    Raises:
        TemplateBroken: as `outline`.
    """
    found = outline(source)
    names: set[str] = set()
    for tag in found.tags:
        names.update(_paths(tag.tokens))
    return {name for name in names if name.partition(".")[0] not in found.bound | _GIVEN}


def _read(source: str, found: Outline) -> None:
    position, line, counted_to, count = 0, 1, 0, 0
    while opening := _OPENING.search(source, position):
        line += source.count("\n", counted_to, opening.start())
        counted_to = opening.start()
        count += 1
        if count > MOST_TAGS:
            raise TemplateBroken(line=line, reason=f"a template has at most {MOST_TAGS:,} tags")
        if opening.group() == "{#":
            closing = source.find("#}", opening.end())
            if closing < 0:
                raise TemplateBroken(line=line, reason="a comment that starts with {# is not closed with #}")
            position = closing + 2
            found.comments.append((opening.start(), position))
            continue
        tag = _tag(source, opening.start(), line)
        position = tag.end
        found.tags.append(tag)


def _tag(source: str, start: int, line: int) -> Tag:
    closing = "}}" if source[start + 1] == "{" else "%}"
    position = start + 2
    if source[position : position + 1] in {"-", "+"}:
        position += 1
    tokens: list[Token] = []
    while True:
        match = _TOKEN.match(source, position)
        if match is None or match.end() - start > LONGEST_TAG:
            raise TemplateBroken(line=line, reason=_why_not(source, start, position, closing))
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "end":
            break
        if kind != "space":
            tokens.append(Token(kind, match.group()))
        if len(tokens) > MOST_WORDS:
            raise TemplateBroken(line=line, reason=f"a tag has at most {MOST_WORDS} words and signs")
    if not match.group().endswith(closing):
        raise TemplateBroken(line=line, reason=f"this tag must end with {closing}")
    statement = ""
    if closing == "%}":
        statement = tokens.pop(0).text if tokens else ""
        if statement not in _STATEMENTS:
            raise TemplateBroken(line=line, reason=f"{{% {statement} %}} cannot be used here")
    return Tag(start, position, line, match.group().startswith("-"), statement, tuple(tokens))


def _why_not(source: str, start: int, position: int, closing: str) -> str:
    if position >= len(source):
        return f"a tag that starts with {source[start : start + 2]} is not closed with {closing}"
    if position - start >= LONGEST_TAG:
        return f"a tag has at most {LONGEST_TAG:,} characters"
    return f"{source[position]} is not understood inside a tag that starts with {source[start : start + 2]}"


def _check_blocks(found: Outline) -> None:
    """Match each block with its end, and bound the nesting.

    MiniJinja has a limit of its own, but it does not count `elif`, and ten thousand of those end the process.
    """
    open_blocks: list[Tag] = []
    for tag in found.tags:
        if tag.statement in {"if", "for", "elif"}:
            open_blocks.append(tag)
        elif tag.statement in {"endif", "endfor"}:
            opening = tag.statement.removeprefix("end")
            while open_blocks and open_blocks[-1].statement == "elif" and opening == "if":
                open_blocks.pop()
            if not open_blocks or open_blocks[-1].statement != opening:
                raise TemplateBroken(line=tag.line, reason=f"{{% {tag.statement} %}} closes nothing")
            opened = open_blocks.pop()
            if opening == "for":
                found.loops.append((opened, tag.start - opened.end))
        if len(open_blocks) > DEEPEST_BLOCKS:
            raise TemplateBroken(
                line=tag.line, reason=f"more than {DEEPEST_BLOCKS} conditions and loops nest"
            )
    if open_blocks:
        raise TemplateBroken(
            line=open_blocks[0].line, reason=f"{{% {open_blocks[0].statement} %}} is not closed"
        )


def _bound_names(tag: Tag) -> set[str]:
    if tag.statement == "set":
        if len(tag.tokens) < 3 or tag.tokens[0].kind != "name" or tag.tokens[1].text != "=":  # noqa: PLR2004  # a = b
            raise TemplateBroken(line=tag.line, reason="write {% set name = value %}")
        return {tag.tokens[0].text}
    if tag.statement == "for":
        words = [token.text for token in tag.tokens]
        if "in" not in words or "recursive" in words:
            raise TemplateBroken(line=tag.line, reason="write {% for name in list %}")
        return {token.text for token in tag.tokens[: words.index("in")] if token.kind == "name"}
    return set()


def _check_calls(tag: Tag) -> None:
    """Allow parentheses for grouping, filters, tests and `range`, and only filters that we know."""
    before: Token | None = None
    earlier: Token | None = None
    for token in tag.tokens:
        if before is not None and before.text == "|" and token.text not in FILTERS:
            raise TemplateBroken(line=tag.line, reason=f"there is no filter named {token.text}")
        if token.kind == "name" and token.text.startswith("_"):
            raise TemplateBroken(line=tag.line, reason=f"{token.text} starts with an underscore")
        called = token.text == "(" and before is not None and _can_be_called(before)
        lead_in = earlier.text if earlier is not None else ""
        if (
            called
            and lead_in not in {"|", "is"}
            and not (before and before.text == "range" and lead_in != ".")
        ):
            raise TemplateBroken(line=tag.line, reason="nothing can be called here except range(…)")
        # `is not divisibleby(3)` is a test as well.
        earlier = earlier if before is not None and before.text == "not" and lead_in == "is" else before
        before = token
        if token.kind == "sign" and token.text == "*":
            raise TemplateBroken(line=tag.line, reason="to multiply, write |times(…) after the number")


def _can_be_called(token: Token) -> bool:
    return (
        (token.kind == "name" and token.text not in _WORDS)
        or token.kind == "string"
        or token.text in {")", "]"}
    )


def _check_joins(tag: Tag, bound: set[str]) -> None:
    joins = sum(_joins(tag.tokens))
    if not joins:
        return
    if joins > MOST_JOINS:
        raise TemplateBroken(line=tag.line, reason=f"one tag joins at most {MOST_JOINS} values")
    if tag.statement not in {"set", "for"}:
        return
    names = [token.text for token in tag.tokens if token.kind == "name"]
    own = bound.intersection(names[1:] if tag.statement == "set" else names[names.index("in") :])
    if own:
        raise TemplateBroken(
            line=tag.line, reason=f"{min(own)} was set by the template itself and cannot be joined here"
        )


def _joins(tokens: tuple[Token, ...]) -> Iterator[bool]:
    """Say for each word whether it joins values: `~`, `+`, or a bracket or comma that makes a list."""
    before: Token | None = None
    for token in tokens:
        makes_list = token.text == "[" and (before is None or not _can_be_called(before))
        yield token.kind == "sign" and (token.text in {"~", "+", ","} or makes_list)
        before = token


def _paths(tokens: tuple[Token, ...]) -> Iterator[str]:
    """Yield each name with what follows it by dots and by `['…']`, as one dotted name."""
    index = 0
    while index < len(tokens):
        token = tokens[index]
        before = tokens[index - 1].text if index else ""
        index += 1
        if token.kind != "name" or token.text in _WORDS or before in {"|", ".", "is"}:
            continue
        if index < len(tokens) and tokens[index].text == "=" and before in {"(", ","}:
            continue  # The name of a filter's argument.
        path = [token.text]
        while (step := _step(tokens, index)) is not None:
            path.append(step[0])
            index += step[1]
        yield ".".join(path)


def _step(tokens: tuple[Token, ...], index: int) -> tuple[str, int] | None:
    following = tokens[index : index + 3]
    shape = [token.text if token.kind == "sign" else token.kind for token in following]
    if shape[:2] == [".", "name"]:
        return following[1].text, 2
    if shape == ["[", "string", "]"]:
        return following[1].text[1:-1], 3
    return None

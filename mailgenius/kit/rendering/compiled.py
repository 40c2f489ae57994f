"""A template compiled once and rendered many times, with its fuel and its output counted."""

from typing import Any

import minijinja

from mailgenius.kit.rendering.errors import TemplateBroken
from mailgenius.kit.rendering.filters import OWN, FilterRefused, text_of
from mailgenius.kit.rendering.grammar import Outline, outline
from mailgenius.kit.rendering.values import CleanValues

FUEL = 50_000
"""Steps of one render: a page with a hundred products takes a tenth of it."""
LONGEST_OUTPUT = 2_000_000
LONGEST_RANGE = 1_000

_NAME = "template"
_COUNT = "_count"


class CompiledTemplate:
    """Renders one source. Not for two threads at once: it counts what the render under way has printed."""

    __slots__ = ("_environment", "_printed")

    def __init__(self, source: str, *, html: bool) -> None:
        self._printed = 0
        self._environment = minijinja.Environment(
            debug=False,
            fuel=FUEL,
            undefined_behavior="chainable",
            auto_escape_callback=lambda _: html,
            finalizer=self._print,
            filters=OWN,
            globals={"range": _range, _COUNT: self._count},
            keep_trailing_newline=True,
            pycompat=False,
        )
        for name in self._environment.globals.keys() - {"range", _COUNT}:
            self._environment.remove_global(name)
        try:
            self._environment.add_template(_NAME, _counting_loops(source, outline(source)))
        except minijinja.TemplateError as error:
            raise _broken(error) from error

    def render(self, values: CleanValues) -> str:
        """Return the text with the values put in. What is missing prints as nothing.

        Raises:
            TemplateBroken: a step failed, or the render took too many steps or printed too much.
        """
        self._printed = 0
        try:
            text = self._environment.render_template(_NAME, **values)
        except minijinja.TemplateError as error:
            raise _broken(error) from error
        except FilterRefused as error:
            raise TemplateBroken(line=1, reason=str(error)) from error
        if len(text) > LONGEST_OUTPUT:
            raise TemplateBroken(line=1, reason=_TOO_LONG)
        return text

    def _print(self, value: Any) -> Any:
        """Say what a `{{ … }}` prints. Python's own objects, such as the methods of a dict, print nothing."""
        text = value if isinstance(value, str) else text_of(value)
        self._printed += len(text)
        if self._printed > LONGEST_OUTPUT:
            raise FilterRefused(_TOO_LONG)
        return text

    def _count(self, characters: int) -> None:
        self._printed += characters
        if self._printed > LONGEST_OUTPUT:
            raise FilterRefused(_TOO_LONG)


_TOO_LONG = f"the message would be longer than {LONGEST_OUTPUT:,} characters"


def compile_template(source: str, *, html: bool) -> CompiledTemplate:
    """Compile a source; with `html`, values are escaped for HTML.

    Raises:
        TemplateBroken: the source is not right, or it uses what templates may not use.
    """
    return CompiledTemplate(source, html=html)


def _range(*bounds: Any) -> list[int]:
    try:
        numbers = range(*[int(bound or 0) for bound in bounds])
    except (TypeError, ValueError) as error:
        raise FilterRefused("range(…) takes whole numbers") from error
    if len(numbers) > LONGEST_RANGE:
        raise FilterRefused(f"range(…) has at most {LONGEST_RANGE} numbers")
    return list(numbers)


def _counting_loops(source: str, found: Outline) -> str:
    """Add to each loop a tag that counts its body, because plain text is printed without passing `_print`."""
    for tag, body in sorted(found.loops, key=lambda loop: -loop[0].end):
        counter = f"{{{{ {_COUNT}({body}) {'-' if tag.trims else ''}}}}}"
        source = source[: tag.end] + counter + source[tag.end :]
    return source


def _broken(error: minijinja.TemplateError) -> TemplateBroken:
    cause = error.__cause__
    if isinstance(cause, FilterRefused):
        reason = str(cause)
    elif error.kind == "OutOfFuel":
        reason = "the template takes too many steps"
    else:
        reason = error.detail or error.message
    return TemplateBroken(line=error.line or 1, reason=reason)

"""Texts in the user's language: catalogs, the current locale, and negotiation with the browser.

Catalogs are the `.po` files under `locale/<locale>/LC_MESSAGES/`; every file of a locale is merged into one.
English needs none: its texts are the msgids. The tool that finds untranslated texts is in `i18n_tool`.
"""

import gettext as gettext_module
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from babel.core import negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

Locale = Literal["en", "pt_BR"]

LOCALES: Final[tuple[Locale, ...]] = get_args(Locale)
DEFAULT_LOCALE: Final[Locale] = "en"
LOCALE_NAMES: Final[dict[Locale, str]] = {"en": "English", "pt_BR": "Português (Brasil)"}
LOCALE_DIR: Final = Path(__file__).parent / "locale"

_current: ContextVar[Locale] = ContextVar("mailgenius_locale", default=DEFAULT_LOCALE)


@dataclass(frozen=True, kw_only=True)
class Translations:
    """The texts of one locale: single ones, and plural ones by number."""

    single: dict[tuple[str, str], str]
    plural: dict[str, tuple[str, ...]]
    plural_index: Callable[[int], int]

    def gettext(self, message: str, context: str = "") -> str:
        """The text in this locale, or the msgid when nobody translated it."""
        return self.single.get((context, message), message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The form of the text that this locale uses for the number."""
        forms = self.plural.get(singular)
        if forms is None:
            return singular if number == 1 else plural
        return forms[self.plural_index(number)]


def current_locale() -> Locale:
    """The locale of the request or render that is under way."""
    return _current.get()


@contextmanager
def use_locale(locale: Locale) -> Iterator[None]:
    """Make `_()` answer in this locale within the block; the web door opens one for each request."""
    token = _current.set(locale)
    try:
        yield
    finally:
        _current.reset(token)


def _(message: str, /, **values: object) -> str:
    """The text in the current locale, with `%(name)s` filled in; a literal percent sign is `%%`."""
    return translations(_current.get()).gettext(message) % values


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """As `_()`, for texts with a number; `%(num)s` is the number as the locale writes it."""
    return plural_form(singular, plural, number) % {"num": number_text(number), **values}


def pgettext(context: str, message: str, /, **values: object) -> str:
    """As `_()`, for a word whose translation depends on what it is said of, such as a state."""
    return translations(_current.get()).gettext(message, context) % values


def plural_form(singular: str, plural: str, number: int) -> str:
    """The form for the number in the current locale, placeholders untouched."""
    return translations(_current.get()).ngettext(singular, plural, number)


def number_text(number: int) -> str:
    """A whole number with the current locale's grouping."""
    return format_decimal(number, format="#,##0", locale=_current.get())


def N_(message: str) -> str:  # noqa: N802  # The name that extraction tools and readers of gettext know.
    """Mark a text in a constant for translation; `_()` translates it where it is shown."""
    return message


def negotiate(accept_language: str | None) -> Locale:
    """The best of our locales for an Accept-Language header."""
    wanted = [tag for tag, _quality in sorted(_weighted(accept_language or ""), key=lambda item: -item[1])]
    preferred = [alias for tag in wanted for alias in _aliases(tag)]
    found = negotiate_locale(preferred, LOCALES, sep="_")
    return as_locale(found)


def as_locale(value: str | None) -> Locale:
    """The value when it is one of our locales, else the default."""
    return next((locale for locale in LOCALES if locale == value), DEFAULT_LOCALE)


@cache
def translations(locale: Locale) -> Translations:
    """All catalogs of a locale merged; read once per process."""
    single: dict[tuple[str, str], str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    plural_expression = "(n != 1)"
    for catalog in catalogs(locale).values():
        plural_expression = catalog.plural_expr
        for message in catalog:
            if not message.id or message.fuzzy:
                continue
            if isinstance(message.id, (tuple, list)):
                forms = tuple(message.string or ())
                if forms and all(forms):
                    plural[message.id[0]] = forms
            elif message.string:
                single[message.context or "", message.id] = str(message.string)
    return Translations(single=single, plural=plural, plural_index=_plural_function(plural_expression))


def catalogs(locale: str) -> dict[str, Catalog]:
    """The catalogs of a locale by name (`frame`, `leads` ...), in the order of their names."""
    return {path.stem: read_catalog(path) for path in sorted(catalog_dir(locale).glob("*.po"))}


def catalog_dir(locale: str) -> Path:
    """The folder that holds the `.po` files of a locale."""
    return LOCALE_DIR / locale / "LC_MESSAGES"


def read_catalog(path: Path) -> Catalog:
    """Parse one `.po` file; a broken one raises with its line."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def _plural_function(expression: str) -> Callable[[int], int]:
    # The standard library compiles the header's C expression; the function is public but not in its stubs.
    compile_expression = cast("Any", gettext_module).c2py
    return cast("Callable[[int], int]", compile_expression(expression))


def _weighted(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(",")[:20]:
        tag, _sep, parameters = part.strip().partition(";")
        quality = 1.0
        if parameters.strip().startswith("q="):
            try:
                quality = float(parameters.strip()[2:])
            except ValueError:
                continue
        if tag and quality > 0:
            yield tag.strip().replace("-", "_"), quality


def _aliases(tag: str) -> tuple[str, ...]:
    """The tag itself; any Portuguese also reads Brazilian Portuguese, any English reads ours."""
    language = tag.split("_", maxsplit=1)[0].lower()
    if language == "pt":
        return (tag, "pt_BR")
    return (tag, language)


if __name__ == "__main__":
    import sys

    from mailgenius.web import i18n_tool

    sys.exit(i18n_tool.main(sys.argv[1:]))

"""What our errors say, in the language of the page.

An error's message id is its class docstring; the catalogs translate it like any other text. Which HTTP status
or page an error becomes is `failures`.
"""

import re
from typing import Final

from mailgenius.kit.errors import MailGeniusError
from mailgenius.web import i18n

# Rules below the doors write whole sentences; what differs from case to case is a number or a quoted value.
_VARIABLE: Final = re.compile(r"“[^”]*”|\d[\d,.]*\d|\d")


def message_of(error: MailGeniusError) -> str:
    """The sentence of an error in the current language."""
    translated = i18n.translations(i18n.current_locale()).gettext(error.message_id())
    return translated.format_map({key: reason(str(value)) for key, value in error.values.items()})


def problems_of(error: MailGeniusError) -> dict[str, str]:
    """The problems of an error by field, as a form shows them."""
    return {problem.field: sentence(reason(problem.message)) for problem in error.problems}


def reason(text: str) -> str:
    """A reason that a rule gave, in the current language.

    The catalogs hold it with `%(num)s` for its number and `“%(value)s”` for what it quotes.
    """
    gettext = i18n.translations(i18n.current_locale()).gettext
    found: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        value = match[0]
        if value.startswith("“"):
            found["value"] = value[1:-1]
            return "“%(value)s”"
        found["num"] = value
        return "%(num)s"

    pattern = _VARIABLE.sub(name, text)
    translated = gettext(pattern)
    if translated == pattern:
        return gettext(text)
    return translated % found if found else translated


def sentence(text: str) -> str:
    """Rules write "must be a number"; beside a field or in a table that is a sentence."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."

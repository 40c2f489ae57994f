"""What our errors say, in the language of the page.

An error's message id is its class docstring; the catalogs translate it like any other text. Which HTTP status
or page an error becomes is `failures`.
"""

from mailgenius.kit.errors import MailGeniusError
from mailgenius.web import i18n


def message_of(error: MailGeniusError) -> str:
    """The sentence of an error in the current language."""
    translated = i18n.translations(i18n.current_locale()).gettext(error.message_id())
    return translated.format_map({key: str(value) for key, value in error.values.items()})


def problems_of(error: MailGeniusError) -> dict[str, str]:
    """The problems of an error by field, as a form shows them."""
    gettext = i18n.translations(i18n.current_locale()).gettext
    return {problem.field: _sentence(gettext(problem.message)) for problem in error.problems}


def _sentence(text: str) -> str:
    """Rules write "must be a number"; beside a field that is a sentence."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."

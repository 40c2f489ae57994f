"""Templates to begin with, in each language. Files are named `<key>.<locale>.<html|mjml>`."""

from dataclasses import dataclass
from importlib import resources

from mailgenius.product.templates.model import Syntax, TemplateInput

FALLBACK_LOCALE = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class Starter:
    """A template to begin with. Title and text are English message ids."""

    key: str
    title: str
    text: str
    syntax: Syntax
    subjects: dict[str, str]
    preheaders: dict[str, str]


STARTERS = (
    Starter(
        key="newsletter",
        title="Newsletter",
        text="A greeting, a story with a button, two short items. MJML: looks right in every mail program.",
        syntax=Syntax.MJML,
        subjects={
            "en": "{{ lead.name|default('Hello') }}, here is what is new",
            "pt_BR": "{{ lead.name|default('Olá') }}, veja as novidades",
        },
        preheaders={"en": "Three things worth your minute", "pt_BR": "Três coisas que valem um minuto seu"},
    ),
    Starter(
        key="announcement",
        title="Announcement",
        text="One message, one button.",
        syntax=Syntax.HTML,
        subjects={"en": "We have something to show you", "pt_BR": "Temos uma novidade para mostrar"},
        preheaders={"en": "It takes less than a minute", "pt_BR": "Leva menos de um minuto"},
    ),
    Starter(
        key="letter",
        title="Letter",
        text="Looks like an e-mail that you typed yourself.",
        syntax=Syntax.HTML,
        subjects={"en": "A quick question", "pt_BR": "Uma pergunta rápida"},
        preheaders={"en": "", "pt_BR": ""},
    ),
)


def starter(key: str, *, locale: str, name: str) -> TemplateInput:
    """Return a starter as a template to edit.

    Raises:
        KeyError: there is no such starter.
    """
    chosen = {each.key: each for each in STARTERS}[key]
    language = locale if locale in chosen.subjects else FALLBACK_LOCALE
    file = resources.files(__name__) / f"{key}.{language}.{chosen.syntax}"
    return TemplateInput(
        name=name,
        subject=chosen.subjects[language],
        preheader=chosen.preheaders[language],
        syntax=chosen.syntax,
        source=file.read_text(encoding="utf-8"),
    )

"""Small pages for recipients: one template, a strict policy, no script, no cookie, nothing from elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response, get
from litestar.enums import MediaType

from mailgenius.edge.form_texts import FormTexts
from mailgenius.edge.preference_texts import LANGUAGE_NAMES, PreferenceTexts
from mailgenius.edge.texts import Texts
from mailgenius.product.forms.model import Form, Question
from mailgenius.product.leads.model import FieldType
from mailgenius.product.leads.service import Preferences
from mailgenius.product.preferences.model import LeadLanguage

HERE = Path(__file__).parent
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # The address holds the token, so it must not travel anywhere.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
_STYLES = (HERE / "static" / "edge.css").read_bytes()
_templates = Environment(loader=FileSystemLoader(HERE / "html"), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """The one thing that a page offers. It posts `name=yes` to the page's own address."""

    name: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Another page of ours that a page leads to, below all else."""

    href: str
    label: str


def page(
    texts: Texts,
    title: str,
    paragraphs: Sequence[str],
    *,
    button: Button | None = None,
    link: Link | None = None,
    hint: str = "",
    done: bool = False,
    status: int = 200,
) -> Response[str]:
    """Build a page. `done` shows that something was carried out."""
    html = _templates.get_template("page.html").render(
        texts=texts,
        title=title,
        paragraphs=paragraphs,
        button=button,
        link=link,
        hint=hint,
        done=done,
        mark="✓" if done else "✉",
    )
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=PAGE_HEADERS)


def form_page(
    texts: Texts,
    *,
    words: FormTexts,
    form: Form,
    asked: Sequence[Question],
    answers: Mapping[str, str],
    errors: Mapping[str, str],
    honeypot: str,
    goes_to: str,
    status: int,
) -> Response[str]:
    """Build the page of a form. `goes_to` is the site that it may lead to when it was sent."""
    email = Question(key="email", label=words.email, required=True, type=FieldType.TEXT)
    html = _templates.get_template("form.html").render(
        texts=texts,
        words=words,
        form=form,
        asked=[email, *asked],
        answers=answers,
        errors=errors,
        honeypot=honeypot,
    )
    policy = PAGE_HEADERS["Content-Security-Policy"].replace(
        "form-action 'self'", f"form-action 'self' {goes_to}".rstrip()
    )
    headers = {**PAGE_HEADERS, "Content-Security-Policy": policy}
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)


def preference_page(
    texts: Texts, *, words: PreferenceTexts, intro: str, note: str, holds: Preferences, choosable: bool
) -> Response[str]:
    """Build the page on which a lead chooses. Without anything `choosable` it only offers to leave."""
    html = _templates.get_template("preferences.html").render(
        texts=texts,
        words=words,
        intro=intro,
        note=note,
        holds=holds,
        choosable=choosable,
        language=LeadLanguage(texts.language),
        language_names=LANGUAGE_NAMES,
        shortened=shortened,
    )
    return Response(html, media_type=MediaType.HTML, headers=PAGE_HEADERS)


def shortened(address: str) -> str:
    """Show so much of an address that its owner knows it: links get forwarded."""
    local, at, domain = address.rpartition("@")
    if not at:
        return f"•••{address[-4:]}"
    return f"{local[:2]}•••@{domain}"


def gone_page(texts: Texts) -> Response[str]:
    """Answer a link that nobody made, that was cut short, or whose message is gone."""
    return page(texts, texts.gone_title, [texts.gone], status=404)


def away_page(texts: Texts) -> Response[str]:
    """Answer while the database is away and the page cannot be made without it."""
    response = page(texts, texts.away_title, [texts.away], status=503)
    response.headers["Retry-After"] = "30"
    return response


@get("/u/static/edge.css", sync_to_thread=False)
def styles() -> Response[bytes]:
    """Serve the stylesheet of these pages."""
    return Response(
        _STYLES,
        media_type="text/css; charset=utf-8",
        headers={"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"},
    )

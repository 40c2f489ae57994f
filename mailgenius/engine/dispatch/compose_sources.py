"""The sources of an order's messages, made ready once: preheader, footer, text, marked links and pixel.

Everything here still holds merge fields. Putting values in is the business of `compose.py`.
"""

import re
from dataclasses import dataclass
from html import escape

from mailgenius.engine.ledger.model import OrderContent
from mailgenius.engine.tracking.links import CLOSE, MARKS, MIDDLE, OPEN, mark_links
from mailgenius.kit.html_text import text_of_html
from mailgenius.kit.html_tokens import Piece, pieces
from mailgenius.kit.rendering import MASK, Masked, TemplateBroken, compile_template, mask, merge_fields

PIXEL_MARK = f"{OPEN}0{MIDDLE}{CLOSE}"
"""Stands where the open pixel goes: a link with the number that no link has."""
UNSUBSCRIBE = "unsubscribe_url"
PREHEADER_MARK = "data-preheader"
"""HTML that brings its own preheader says so with this attribute."""

# The invisible characters keep what follows out of the line that inboxes show beside the subject.
_PREHEADER = (
    f'<div {PREHEADER_MARK} style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;'
    'font-size:1px;line-height:1px;color:transparent;mso-hide:all">{}'
    + ("\n" + "&#847;&zwnj;&nbsp;" * 15) * 2
    + "</div>\n"
)
_FRAME = (
    '<!doctype html>\n<html><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>\n{}\n</body></html>\n'
)
_FOOTER = (
    '\n<div style="padding:24px 16px;text-align:center;font:12px/1.5 Arial,sans-serif;color:#6b7280">'
    '<a href="{{{{ unsubscribe_url }}}}" style="color:#6b7280">{}</a></div>\n'
)
_TEXT_FOOTER = "\n\n--\n{}: {{{{ unsubscribe_url }}}}\n"
_LONGEST_LINE = 500
"""Characters after which a line of HTML is broken at the next tag: e-mail has no lines over 998 bytes, and a
part with a longer one travels as quoted-printable, which is bigger and costs more at both ends."""
_VALUE_LENGTH = 30
_LINK_LENGTH = 150
"""What a value and a signed link are taken to add to a line."""
_ONE_LINE_END = re.compile(r"\r\n?")
_TAG_NAME = re.compile(r"<[a-zA-Z][a-zA-Z0-9:-]*(?=[\s>])")

# The frozen content does not say its language; the HTML usually does.
_FOOTER_WORDS = {"pt": "Cancelar inscrição", "en": "Unsubscribe"}
_LANGUAGE = re.compile(r"[a-z]{2}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Templates of one order, ready to be compiled."""

    subject: str
    html: str
    """Followed links and the pixel are marked. Empty when the message is plain text only."""
    text: str
    text_from_html: bool
    """The text could not be derived from the template and must be derived from each rendered HTML."""
    links: tuple[str, ...]
    """Addresses of the followed links; the first has number 1."""


def prepare(content: OrderContent) -> Sources:
    """Make the templates of an order ready.

    Raises:
        TemplateBroken: one of them is not right.
    """
    html = _ONE_LINE_END.sub("\n", content.html.translate(MARKS))
    text = _ONE_LINE_END.sub("\n", content.text.translate(MARKS))
    words = _footer_words(html)
    if html.strip():
        html = _framed(html, content, words)
    if content.leavable and text.strip() and UNSUBSCRIBE not in merge_fields(text):
        text = text.rstrip() + _TEXT_FOOTER.format(words)
    derived = not text.strip() and bool(html)
    if derived:
        text = _derived_text(html)
    links: tuple[str, ...] = ()
    marked = html
    if content.track_clicks:
        marked, links = mark_links(html)
    if content.track_opens and html:
        marked = _before_body_end(marked, PIXEL_MARK)
    return Sources(
        subject=content.subject,
        html=_shorter_lines(marked),
        text=text,
        text_from_html=derived and not _compiles(text),
        links=links,
    )


def _framed(html: str, content: OrderContent, words: str) -> str:
    """Add what every HTML message has: a document around it, the preheader, a way to leave."""
    if not any(piece.name in {"html", "body"} for piece in pieces(mask(html).text)):
        html = _FRAME.format(html)
    if content.leavable and UNSUBSCRIBE not in merge_fields(html):
        html = _before_body_end(html, _FOOTER.format(words))
    if content.preheader.strip() and PREHEADER_MARK not in html:
        html = _after_body_start(html, _PREHEADER.format(_escaped(content.preheader.translate(MARKS))))
    return html


def _escaped(source: str) -> str:
    """Escape the words of a text template for HTML, and leave its tags alone."""
    masked = mask(source)
    return masked.unmask(escape(masked.text))


def _before_body_end(html: str, addition: str) -> str:
    masked = mask(html)
    ends = [piece.start for piece in pieces(masked.text) if piece.kind == "end" and piece.name == "body"]
    return _inserted(masked, ends[-1] if ends else len(masked.text), addition)


def _after_body_start(html: str, addition: str) -> str:
    masked = mask(html)
    starts = [piece.end for piece in pieces(masked.text) if piece.kind == "start" and piece.name == "body"]
    return _inserted(masked, starts[0] if starts else 0, addition)


def _inserted(masked: Masked, position: int, addition: str) -> str:
    return masked.unmask(masked.text[:position]) + addition + masked.unmask(masked.text[position:])


def _shorter_lines(html: str) -> str:
    """Break long lines behind the name of a tag, the one place where a line end never means anything."""
    masked = mask(html)
    source = masked.text
    parts: list[str] = []
    position = used = 0
    for piece in pieces(source):
        if piece.kind != "start":
            continue
        used = _on_last_line(source[position : piece.start], used)
        parts.append(source[position : piece.start])
        position = piece.start
        if used > _LONGEST_LINE and (name := _TAG_NAME.match(source, position)):
            parts += [name.group(), "\n"]
            position, used = name.end(), 0
    parts.append(source[position:])
    return masked.unmask("".join(parts))


def _on_last_line(text: str, before: int) -> int:
    """Return about how many characters the last line has when this text follows `before` others in it."""
    line_end = text.rfind("\n")
    line = text[line_end + 1 :]
    added = len(line) + _VALUE_LENGTH * len(MASK.findall(line)) + _LINK_LENGTH * line.count(OPEN)
    return added if line_end >= 0 else before + added


def _derived_text(html: str) -> str:
    masked = mask(html)
    return masked.unmask(text_of_html(masked.text, keep=masked.statements))


def _compiles(text: str) -> bool:
    """Say whether a derived text is still a template: leaving out half of a condition would break it."""
    try:
        compile_template(text, html=False)
    except TemplateBroken:
        return False
    return True


def _footer_words(html: str) -> str:
    language = next((_language(piece) for piece in pieces(html) if piece.name == "html"), "")
    return _FOOTER_WORDS.get(language) or " · ".join(_FOOTER_WORDS.values())


def _language(tag: Piece) -> str:
    match = _LANGUAGE.match(tag.value("lang"))
    return match.group().lower() if match else ""

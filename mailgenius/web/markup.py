"""Small pieces of HTML that Python writes for the templates: icons, attributes, data for scripts.

Pure functions; what needs the page (its token, its time zone) is in `templating`.
"""

import json
from collections.abc import Mapping
from functools import lru_cache

from markupsafe import Markup

from mailgenius.web import assets


@lru_cache(maxsize=2000)
def icon(name: str, size: str = "md", label: str | None = None) -> Markup:
    """An icon as inline SVG; without a label it is decoration and hidden from screen readers."""
    meaning = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true" focusable="false"')
    )
    # The paths come from the icon package at build time, never from a user.
    paths = Markup(assets.icon_paths(name))  # noqa: S704
    return Markup(
        '<svg class="icon mg-icon-{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>'
    ).format(size, meaning, paths)


def html_attributes(*groups: Mapping[str, object] | None) -> Markup:
    """Attributes with a leading space; None and False leave one out, True gives a bare one."""
    merged: dict[str, object] = {}
    for group in groups:
        merged.update(group or {})
    parts = []
    for key, value in merged.items():
        if value is True:
            parts.append(Markup(" {}").format(key))
        elif value is not None and value is not False:
            parts.append(Markup(' {}="{}"').format(key, value))
    return Markup("").join(parts)


def confirm_attributes(confirm: str | Mapping[str, str] | None) -> dict[str, str]:
    """What the script's dialog reads from a button that asks first."""
    if not confirm:
        return {}
    if isinstance(confirm, str):
        return {"data-confirm": confirm}
    names = {"text": "data-confirm", "title": "data-confirm-title", "label": "data-confirm-label"}
    found = {names.get(key, f"data-confirm-{key}"): str(value) for key, value in confirm.items()}
    return {"data-confirm": "", **found}


def describe(field_id: str, help_text: str, error: str) -> dict[str, object]:
    """The aria attributes that tie a field to its help and its error."""
    notes = [f"{field_id}-{part}" for part, text in (("error", error), ("help", help_text)) if text]
    return {"aria-describedby": " ".join(notes) or None, "aria-invalid": "true" if error else None}


def json_script(value: object, **attributes: str) -> Markup:
    """Data for a script, as a `<script type="application/json">` that no text can break out of."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    named = html_attributes({key.replace("_", "-"): text for key, text in attributes.items()})
    # Safe because the three characters that HTML reads in a script element were replaced above.
    return Markup('<script type="application/json"{}>{}</script>').format(named, Markup(safe))  # noqa: S704


def initials(name: str) -> str:
    """Up to two letters that stand for a name or an address."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "") if words else "?"
    return letters.upper()

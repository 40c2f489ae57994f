"""Renders our own pages: the Jinja2 environment, what every page knows, and the functions templates call.

Customers' message templates are not rendered here but by the sandboxed engine of `product/templates`.
Nothing here knows the web framework: a door makes a `PageContext` and sends the text that comes back.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from mailgenius.kit import clock
from mailgenius.web import assets, formats, i18n, markup, texts
from mailgenius.web.i18n import Locale

Theme = Literal["light", "dark", "auto"]
FlashKind = Literal["success", "info", "warning", "danger"]

HTML_DIR: Final = Path(__file__).parent / "html"
CSRF_FIELD: Final = "_csrf_token"
CSRF_HEADER: Final = "x-csrftoken"


class PageUser(NamedTuple):
    """Who is signed in."""

    name: str
    email: str


class PageWorkspace(NamedTuple):
    """A workspace that the user may open."""

    id: int
    name: str


class Flash(NamedTuple):
    """A message for the next page, such as "Lead saved."."""

    kind: FlashKind
    text: str


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What every page knows about its request; `page` in templates."""

    locale: Locale = i18n.DEFAULT_LOCALE
    timezone: str = "UTC"
    theme: Theme = "auto"
    csrf_token: str = ""
    csp_nonce: str = ""
    user: PageUser | None = None
    workspace: PageWorkspace | None = None
    workspaces: tuple[PageWorkspace, ...] = ()
    role: str = ""
    path: str = "/"
    flashes: tuple[Flash, ...] = ()
    is_htmx: bool = False

    @property
    def lang(self) -> str:
        """The locale as HTML and Accept-Language spell it."""
        return self.locale.replace("_", "-")

    def is_at(self, href: str) -> bool:
        """Whether the navigation item with this address is the current one."""
        return self.path == href if href == "/" else self.path == href or self.path.startswith(href + "/")


_page: ContextVar[PageContext] = ContextVar("mailgenius_page")


def render(name: str, *, page: PageContext, **values: object) -> str:
    """Render a whole template, such as `leads/list.html`."""
    with _rendering(page):
        return environment().get_template(name).render(page=page, **values)


def render_block(name: str, block: str, *, page: PageContext, **values: object) -> str:
    """Render one block of a page alone, for an htmx or SSE swap.

    Names that the page sets outside the block are not there; pass them, or set them inside it.
    """
    template = environment().get_template(name)
    if block not in template.blocks:
        raise LookupError(f"{name} has no block {block!r}")
    with _rendering(page):
        context = template.new_context({"page": page, **values})
        return "".join(template.blocks[block](context))


def toast(kind: FlashKind, text: str) -> str:
    """The value of an `HX-Trigger` header that shows a toast."""
    return json.dumps({"toast": {"kind": kind, "text": text}})


@cache
def environment() -> Environment:
    """The one environment; templates are read again after a change only when run from a checkout."""
    env = Environment(
        loader=FileSystemLoader(HTML_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        auto_reload=assets.SOURCE_DIR.is_dir(),
        cache_size=1000,
    )
    # The i18n extension adds this method at run time.
    env.install_gettext_callables(  # type: ignore[attr-defined]
        _gettext, i18n.plural_form, newstyle=True, pgettext=_pgettext
    )
    env.policies["ext.i18n.trimmed"] = True
    env.globals.update(
        asset=assets.asset_url,
        icon=markup.icon,
        csrf_field=csrf_field,
        ngettext=_ngettext,
        html_attributes=markup.html_attributes,
        confirm_attributes=markup.confirm_attributes,
        this_page=_page.get,
        locale_names=i18n.LOCALE_NAMES,
        json_script=markup.json_script,
        local_input=local_input,
        ui_describe=markup.describe,
        csrf_header=CSRF_HEADER,
        static_url=assets.STATIC_URL,
        ui=Components(env),
    )
    env.filters.update(_filters())
    return env


class Components:
    """Every macro of `components/*.html` by its name, and the few helpers that return plain values."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._files: dict[str, str] = {}
        for path in sorted((HTML_DIR / "components").glob("*.html")):
            self._index(f"components/{path.name}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            file = self._files[name]
        except KeyError:
            raise AttributeError(f"no component is called {name!r}") from None
        macro = getattr(self._env.get_template(file).module, name)
        if not self._env.auto_reload:
            # Kept as a plain attribute, so that the next call does not come here.
            setattr(self, name, macro)
        return macro

    @staticmethod
    def col(
        label: str,
        *,
        sort: str | None = None,
        align: str = "start",
        hide_label: bool = False,
        width: str | None = None,
    ) -> dict[str, object]:
        """One column of `ui.table`."""
        return {"label": label, "sort": sort, "align": align, "hide_label": hide_label, "width": width}

    @staticmethod
    def opens(modal_id: str) -> dict[str, str]:
        """The attributes of a button that opens the modal with this id."""
        return {"data-bs-toggle": "modal", "data-bs-target": f"#{modal_id}"}

    def _index(self, file: str) -> None:
        source = self._env.loader.get_source(self._env, file)[0] if self._env.loader else ""
        for part in source.split("{% macro ")[1:]:
            name = part.split("(", 1)[0].strip()
            if not name.startswith("_"):
                if name in self._files:
                    raise ValueError(f"{file} and {self._files[name]} both define {name!r}")
                self._files[name] = file


def csrf_field() -> Markup:
    """The hidden field of a plain form; htmx sends a header instead."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, _page.get().csrf_token)


def local_input(value: datetime | str | None) -> str:
    """A moment as `<input type="datetime-local">` wants it, in the page's time zone."""
    if value is None or isinstance(value, str):
        return value or ""
    return value.astimezone(formats.zone_of(_page.get().timezone)).strftime("%Y-%m-%dT%H:%M")


@contextmanager
def _rendering(page: PageContext) -> Iterator[None]:
    # Macros do not see the page's variables, so filters and functions find the page here.
    token = _page.set(page)
    try:
        with i18n.use_locale(page.locale):
            yield
    finally:
        _page.reset(token)


def _gettext(message: str) -> str:
    return i18n.translations(i18n.current_locale()).gettext(message)


def _pgettext(context: str, message: str) -> str:
    return i18n.translations(i18n.current_locale()).gettext(message, context)


def _ngettext(singular: str, plural: str, number: int, **values: object) -> Markup:
    # Jinja's own would print a bare 1284302; the number is to read as the locale writes it.
    text = Markup(i18n.plural_form(singular, plural, number))  # noqa: S704  # A text of ours, not of a user.
    return text % {"num": i18n.number_text(number), **values}


def _filters() -> dict[str, Callable[..., object]]:
    # `pass_context` keeps Jinja from working a constant out at compile time, in the wrong locale.
    def localised(function: Callable[..., str]) -> Callable[..., str]:
        @pass_context
        def apply(_context: Context, value: float | None, *arguments: int) -> str:
            return function(value, _page.get().locale, *arguments)

        return apply

    @pass_context
    def when(_context: Context, value: datetime | None, form: formats.TimeFormat = "medium") -> str:
        return formats.format_datetime(value, _page.get().locale, _page.get().timezone, form)

    @pass_context
    def ago(_context: Context, value: datetime | None) -> str:
        return formats.format_ago(value, _page.get().locale, clock.now())

    return {
        "number": localised(formats.format_number),
        "compact": localised(formats.format_compact),
        "percent": localised(formats.format_percent),
        "filesize": localised(formats.format_filesize),
        "duration": localised(formats.format_duration),
        "datetime": when,
        "ago": ago,
        "initials": markup.initials,
        "said": texts.reason,
    }

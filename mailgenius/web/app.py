"""Builds the app of the screens: routes, the guard of each, errors, headers. No rules and no pages."""

from litestar import Litestar, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import FromPath

from mailgenius.kit.errors import NotFound
from mailgenius.kit.services import Services
from mailgenius.web import security, static_files
from mailgenius.web.arrivals import VisitMiddleware
from mailgenius.web.failures import failure_handlers
from mailgenius.web.pages import (
    auth,
    campaigns,
    connections,
    dashboard,
    dead_letters,
    exports,
    forms,
    imports,
    leads,
    onboarding,
    operations,
    outbox,
    segments,
    settings,
    suppressions,
    templates,
)
from mailgenius.web.visits import ANYONE, Page, admit, visit_of

ROUTERS = (
    auth.router,
    onboarding.router,
    dashboard.router,
    exports.router,
    imports.router,
    leads.router,
    segments.router,
    forms.router,
    suppressions.router,
    templates.router,
    campaigns.router,
    connections.router,
    dead_letters.router,
    outbox.router,
    operations.router,
    settings.router,
)
"""One line for each area of pages."""


@get("/{path:path}", opt=ANYONE)
async def unknown(path: FromPath[str]) -> Page:  # noqa: ARG001  # The pattern needs a name.
    """Any other address. A route of its own, so that the visitor's language and theme are known."""
    raise NotFound


def create_app(services: Services) -> Litestar:
    """Build the app. The caller opens and closes what `services` holds."""
    return Litestar(
        route_handlers=[*ROUTERS, static_files.static_file, static_files.favicon, unknown],
        middleware=[VisitMiddleware(services)],
        guards=[admit],
        dependencies={"visit": Provide(visit_of, sync_to_thread=False)},
        exception_handlers=failure_handlers(services),
        before_send=[security.security_headers(services.settings)],
        openapi_config=None,
        # Errors are logged once, by `failures`, with the code that the visitor sees.
        logging_config=None,
        state=State({"services": services}),
    )

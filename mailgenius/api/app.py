"""Puts the API together: areas under /api/v1 behind the gate, its reference, and the probes."""

from typing import Any

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import Provide

from mailgenius.api import (
    audit_log,
    bulk_leads,
    campaigns,
    connections,
    consents,
    dead_letters,
    deliveries,
    exports,
    fields,
    forms,
    imports,
    leads,
    merging,
    message_events,
    messages,
    operations,
    preferences,
    privacy,
    resumable,
    segments,
    sender_domains,
    sending_limits,
    suppressions,
    templates,
    workspace,
)
from mailgenius.api.access import Callers, gate
from mailgenius.api.arriving import ArrivingLeads
from mailgenius.api.bodies import ApiRequest
from mailgenius.api.call import Call
from mailgenius.api.problems import answer_error
from mailgenius.api.reference import reference_router
from mailgenius.api.short_way import BODY_LIMIT, ShortWay
from mailgenius.api.system import system_router
from mailgenius.kit.services import Services

BASE_PATH = "/api/v1"
AREAS = (
    imports,
    bulk_leads,
    resumable,
    exports,
    leads,
    merging,
    consents,
    preferences,
    privacy,
    forms,
    fields,
    segments,
    templates,
    connections,
    sender_domains,
    sending_limits,
    suppressions,
    campaigns,
    deliveries,
    messages,
    message_events,
    dead_letters,
    operations,
    audit_log,
    workspace,
)


class Api(Litestar):
    """The framework, and beside it the short way of single leads."""

    def __init__(self, short_way: ShortWay, **parts: Any) -> None:
        super().__init__(**parts)
        self._short_way = short_way

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            actor = self._short_way.caller(scope)
            if actor is not None:
                await self._short_way.answer(actor, scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def create_app(services: Services) -> Litestar:
    """Build the API of one process. Its paths are whole: /api/…, /healthz, /readyz, /metrics."""
    callers, arriving = Callers(services), ArrivingLeads(services)
    areas = api_router(services, callers, arriving)
    return Api(
        ShortWay(callers, arriving),
        route_handlers=[areas, reference_router(areas), system_router(services)],
        request_class=ApiRequest,
        exception_handlers={Exception: answer_error},
        request_max_body_size=BODY_LIMIT,
        openapi_config=None,
        logging_config=None,
    )


def create_probes(services: Services) -> Litestar:
    """Build only /healthz, /readyz and /metrics, for processes that do not serve the API."""
    return Litestar(
        route_handlers=[system_router(services)],
        request_class=ApiRequest,
        exception_handlers={Exception: answer_error},
        openapi_config=None,
        logging_config=None,
    )


def api_router(services: Services, callers: Callers, arriving: ArrivingLeads) -> Router:
    """Gather the areas. Every route gets its `call` and stands behind the gate."""

    def provide_call(request: Request[Any, Any, State]) -> Call:
        return Call(services=services, request=request, arriving=arriving)

    return Router(
        BASE_PATH,
        route_handlers=[area.router for area in AREAS],
        before_request=gate(callers),
        # One and no more: for several the framework starts tasks, on every request.
        dependencies={"call": Provide(provide_call, sync_to_thread=False)},
    )

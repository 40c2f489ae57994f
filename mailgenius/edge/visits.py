"""What the public pages ask of a request: the services, who is at the other end, which language they read."""

from typing import Any

from litestar import Request
from litestar.datastructures import State

from mailgenius.edge.texts import Texts, texts_for
from mailgenius.kit.services import Services
from mailgenius.kit.visitors import visitor_ip

Visit = Request[Any, Any, State]


def services_of(request: Visit) -> Services:
    services: Services = request.app.state.services
    return services


def texts_of(request: Visit) -> Texts:
    return texts_for(request.headers.get("accept-language", ""))


def ip_of(request: Visit) -> str:
    return visitor_ip(
        peer=request.client.host if request.client else "",
        forwarded_for=request.headers.get("x-forwarded-for", ""),
        trusted_proxies=services_of(request).settings.trusted_proxies,
    )

"""Campaigns: listed, composed, launched and steered, followed live."""

from litestar import Router

from mailgenius.web.pages.campaigns import composing, listing, live, reporting, steering

router = Router(
    path="",
    route_handlers=[
        *listing.HANDLERS,
        *composing.HANDLERS,
        *reporting.HANDLERS,
        *steering.HANDLERS,
        *live.HANDLERS,
    ],
)

"""Leads: the list with search, filters and acts on many; one lead with its timeline."""

from litestar import Router

from mailgenius.web.pages.leads import bulk, consenting, leaving, listing, merging, one

router = Router(
    "/",
    route_handlers=[
        *listing.HANDLERS,
        *bulk.HANDLERS,
        *one.HANDLERS,
        *consenting.HANDLERS,
        *leaving.HANDLERS,
        *merging.HANDLERS,
    ],
)

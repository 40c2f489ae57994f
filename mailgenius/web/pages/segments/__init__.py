"""Segments: the list, one with its members, and the builder."""

from litestar import Router

from mailgenius.web.pages.segments import building, listing

router = Router("/", route_handlers=[*building.HANDLERS, *listing.HANDLERS])

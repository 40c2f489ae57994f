"""The settings: the workspace, its members and API keys, and one's own profile."""

from litestar import Router

from mailgenius.web.pages.settings import api_keys, fields, members, profile, sending, workspace

router = Router(
    "/",
    route_handlers=[
        *workspace.HANDLERS,
        *members.HANDLERS,
        *api_keys.HANDLERS,
        *fields.HANDLERS,
        *profile.HANDLERS,
    ],
)

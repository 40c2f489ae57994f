"""The settings: the workspace, its members and API keys, and one's own profile."""

from litestar import Router

from mailgenius.web.pages.settings import (
    activity,
    api_keys,
    fields,
    members,
    profile,
    sender_domains,
    sending,
    workspace,
)

router = Router(
    "/",
    route_handlers=[
        *workspace.HANDLERS,
        *sending.HANDLERS,
        *sender_domains.HANDLERS,
        *members.HANDLERS,
        *fields.HANDLERS,
        *api_keys.HANDLERS,
        *activity.HANDLERS,
        *profile.HANDLERS,
    ],
)

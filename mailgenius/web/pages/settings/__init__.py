"""The settings: the workspace, its members and API keys, and one's own profile."""

from litestar import Router

from mailgenius.web.pages.settings import (
    activity,
    api_keys,
    fields,
    members,
    privacy,
    profile,
    sender_domains,
    sending,
    topics,
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
        *topics.HANDLERS,
        *api_keys.HANDLERS,
        *privacy.HANDLERS,
        *activity.HANDLERS,
        *profile.HANDLERS,
    ],
)

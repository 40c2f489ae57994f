"""Who a key is: its workspace and what it may do there."""

from datetime import datetime
from typing import Annotated

from litestar import Router, get
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Id
from mailgenius.api.call import Caller
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Permission


class KeyAnswer(Answer):
    """The key of this call."""

    id: Id
    name: str
    prefix: Annotated[str, Meta(description="Its first characters.", examples=["mgk_Zk3v9xQa"])]
    scopes: Annotated[list[Permission], Meta(description="What it may do.")]
    created_at: datetime


class WorkspaceAnswer(Answer):
    """The workspace that the key belongs to."""

    id: Id
    name: str
    timezone: Annotated[str, Meta(examples=["America/Sao_Paulo"])]
    locale: Annotated[str, Meta(examples=["pt_BR"])]
    sender_name: str
    sender_email: str
    created_at: datetime
    api_key: KeyAnswer


@get("/workspace", opt=needs(None), summary="Say whose key this is", tags=["Workspace"])
async def get_workspace(call: Caller) -> WorkspaceAnswer:
    async with call.tenant() as tx:
        workspace = await workspaces.get_workspace(tx, workspace_id=call.workspace_id)
        key = await workspaces.get_api_key(
            tx, workspace_id=call.workspace_id, api_key_id=call.actor.api_key_id or 0
        )
    return WorkspaceAnswer(
        id=str(workspace.id),
        name=workspace.name,
        timezone=workspace.timezone,
        locale=workspace.locale,
        sender_name=workspace.sender_name,
        sender_email=workspace.sender_email,
        created_at=workspace.created_at,
        api_key=KeyAnswer(
            id=str(key.id),
            name=key.name,
            prefix=key.prefix,
            scopes=sorted(call.actor.permissions),
            created_at=key.created_at,
        ),
    )


router = Router("", route_handlers=[get_workspace])

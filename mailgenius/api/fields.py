"""Custom fields by JSON: list, create, change, archive."""

from typing import Annotated

from litestar import Response, Router, get, patch, post
from litestar.params import FromQuery, JSONBody, PathParameter
from msgspec import UNSET, Meta, UnsetType, field

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body
from mailgenius.api.call import Caller, Done
from mailgenius.api.lead_shapes import FieldValue
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.product.workspaces.model import Permission

Key = Annotated[str, Meta(description="a-z, 0-9 and _, beginning with a letter.", examples=["plan"])]
Label = Annotated[str, Meta(description="What people call it.", examples=["Plan"])]
Kind = Annotated[FieldType, Meta(description="What its values are; every way in checks them.")]
Choices = Annotated[
    list[str], Meta(description="What a choice may be, in the order shown.", examples=[["free", "pro"]])
]
Default = Annotated[FieldValue, Meta(description="What templates print when a lead has no value.")]
FieldKey = Annotated[str, PathParameter(description="Key of a custom field.")]


class FieldBody(Body):
    """A custom field to add."""

    label: Label
    type: Kind = FieldType.TEXT
    key: Annotated[str, Meta(description="Made of the label when absent.")] = ""
    choices: Choices = field(default_factory=list)
    default: Default = None


class FieldChanges(Body):
    """What to change of a field; what is absent stays. No lead is touched."""

    label: Label | UnsetType = UNSET
    type: Kind | UnsetType = UNSET
    choices: Choices | UnsetType = UNSET
    default: Annotated[FieldValue | UnsetType, Meta(description="Null takes the default away.")] = UNSET
    archived: Annotated[
        bool | UnsetType, Meta(description="An archived field is no longer offered; values stay.")
    ] = UNSET

    def changes(self) -> leads.FieldChanges:
        return leads.FieldChanges(
            label=None if self.label is UNSET else self.label,
            type=None if self.type is UNSET else self.type,
            choices=None if self.choices is UNSET else self.choices,
            default_value=None if self.default is UNSET else self.default,
            clear_default=self.default is None,
            archived=None if self.archived is UNSET else self.archived,
        )


class FieldAnswer(Answer):
    """A custom field."""

    key: Key
    label: Label
    type: Kind
    choices: Choices
    default: Default
    archived: bool


class FieldList(Answer):
    """The custom fields of the workspace."""

    items: list[FieldAnswer]


@get("/fields", opt=needs(Permission.LEADS_READ), summary="List the custom fields of leads")
async def list_fields(call: Caller, *, archived: FromQuery[bool] = False) -> FieldList:
    async with call.tenant() as tx:
        found = await leads.all_fields(tx, workspace_id=call.workspace_id)
    return FieldList(items=[field_answer(each) for each in found if archived or each.archived_at is None])


@post("/fields", opt=needs(Permission.LEADS_WRITE), summary="Create a custom field")
async def create_field(call: Caller, data: JSONBody[FieldBody]) -> Response[FieldAnswer]:
    async def work(tx: Tx) -> Done:
        made = await leads.create_field(
            tx,
            workspace_id=call.workspace_id,
            label=data.label,
            type=data.type,
            key=data.key,
            choices=data.choices,
            default_value=data.default,
        )
        return Done(body=field_answer(made))

    return await call.once(work)


@patch("/fields/{field_key:str}", opt=needs(Permission.LEADS_WRITE), summary="Change or archive a field")
async def change_field(call: Caller, field_key: FieldKey, data: JSONBody[FieldChanges]) -> FieldAnswer:
    async with call.tenant() as tx:
        changed = await leads.update_field(
            tx, workspace_id=call.workspace_id, key=field_key, changes=data.changes()
        )
    return field_answer(changed)


def field_answer(stored: LeadField) -> FieldAnswer:
    return FieldAnswer(
        key=stored.key,
        label=stored.label,
        type=stored.type,
        choices=list(stored.choices),
        default=stored.default_value,
        archived=stored.archived_at is not None,
    )


router = Router("", route_handlers=[list_fields, create_field, change_field], tags=["Leads"])

"""Forms by JSON: list, make, read, change, take out of use."""

from litestar import Response, Router, delete, get, patch, post
from litestar.params import JSONBody

from mailgenius.api.access import needs
from mailgenius.api.bodies import FormId
from mailgenius.api.call import Caller, Done
from mailgenius.api.form_shapes import FormAnswer, FormBody, FormChanges, FormList
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.forms import service as forms
from mailgenius.product.forms.model import Form
from mailgenius.product.workspaces.model import Permission


@get("/forms", opt=needs(Permission.LEADS_READ), summary="List the forms")
async def list_forms(call: Caller) -> FormList:
    async with call.tenant() as tx:
        found = await forms.list_forms(tx, workspace_id=call.workspace_id)
    return FormList(items=[_answer(call, each) for each in found])


@post("/forms", opt=needs(Permission.LEADS_WRITE), summary="Make a form")
async def create_form(call: Caller, data: JSONBody[FormBody]) -> Response[FormAnswer]:
    async def work(tx: Tx) -> Done:
        made = await forms.create(
            tx, workspace_id=call.workspace_id, form=data.as_input(), created_by=call.actor.user_id
        )
        return Done(body=_answer(call, made))

    return await call.once(work)


@get("/forms/{form_id:int}", opt=needs(Permission.LEADS_READ), summary="Read a form")
async def get_form(call: Caller, form_id: FormId) -> FormAnswer:
    async with call.tenant() as tx:
        return _answer(call, await forms.get(tx, workspace_id=call.workspace_id, form_id=form_id))


@patch("/forms/{form_id:int}", opt=needs(Permission.LEADS_WRITE), summary="Change a form")
async def change_form(call: Caller, form_id: FormId, data: JSONBody[FormChanges]) -> FormAnswer:
    async with call.tenant() as tx:
        stored = await forms.get(tx, workspace_id=call.workspace_id, form_id=form_id)
        changed = await forms.update(
            tx,
            workspace_id=call.workspace_id,
            form_id=form_id,
            form=data.applied_to(FormBody.of(stored)),
        )
    return _answer(call, changed)


@delete("/forms/{form_id:int}", opt=needs(Permission.LEADS_WRITE), summary="Take a form out of use")
async def archive_form(call: Caller, form_id: FormId) -> None:
    async with call.tenant() as tx:
        await forms.archive(tx, workspace_id=call.workspace_id, form_id=form_id)


def _answer(call: Caller, form: Form) -> FormAnswer:
    return FormAnswer.of(form, base_url=call.services.settings.base_url)


router = Router(
    "", route_handlers=[list_forms, create_form, get_form, change_form, archive_form], tags=["Consent"]
)

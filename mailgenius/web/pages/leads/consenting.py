"""The consent of one lead: what holds on each channel, in words, and writing more of it down."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from litestar import post
from litestar.params import FromPath

from mailgenius.channels.contract import Channel
from mailgenius.kit.errors import Invalid
from mailgenius.product.consents.model import Basis, ConsentAct, Statement, Way
from mailgenius.product.leads import service as leads
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import FormReader
from mailgenius.web.i18n import N_, _
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, needs

Key = TypeVar("Key", bound=StrEnum)

CHANNEL_NAMES: Final = {
    Channel.EMAIL: N_("E-mail"),
    Channel.SMS: N_("SMS"),
    Channel.WHATSAPP: N_("WhatsApp"),
}
BASIS_NAMES: Final = {
    Basis.CONSENT: N_("Consent"),
    Basis.CONTRACT: N_("Contract"),
    Basis.LEGITIMATE_INTEREST: N_("Legitimate interest"),
    Basis.LEGAL_OBLIGATION: N_("Legal obligation"),
}
WAY_NAMES: Final = {
    Way.IMPORT: N_("by an import"),
    Way.API: N_("by a program"),
    Way.PAGE: N_("by hand"),
    Way.FORM: N_("by a form"),
    Way.PREFERENCES: N_("on the preference page"),
    Way.UNSUBSCRIBE: N_("by the unsubscribe link"),
    Way.EARLIER: N_("known before"),
}
ACT_NAMES: Final = {ConsentAct.GIVEN: N_("Given"), ConsentAct.WITHDRAWN: N_("Withdrawn")}


@post("/leads/{lead_id:int}/consents", opt=needs(Permission.LEADS_WRITE))
async def record_consent(visit: CurrentVisit, lead_id: FromPath[int]) -> Page:
    """Write down what somebody said to a person of the workspace."""
    form = FormReader(await visit.request.form())
    statement = Statement(
        lead_id=lead_id,
        channel=form.choice("channel", Channel, default=Channel.EMAIL),
        act=form.choice("act", ConsentAct, default=ConsentAct.GIVEN),
        way=Way.PAGE,
        basis=form.choice("basis", (None, *Basis), default=None),
        source=form.text("source", limit=300),
    )
    if form.errors or not form.raw("act"):
        raise Invalid
    async with visit.tenant() as tx:
        await leads.state_consent(tx, workspace_id=visit.workspace_id, statement=statement)
    return visit.redirect(f"/leads/{lead_id}", Flash("success", _("Written down.")))


def named(names: Mapping[Key, str]) -> list[tuple[str, str]]:
    """Translate choices for a select."""
    return [(key.value, _(name)) for key, name in names.items()]


HANDLERS: Final = (record_consent,)

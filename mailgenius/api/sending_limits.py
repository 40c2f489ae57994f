"""The limits of a workspace's sending by JSON: read them, replace them. Those of connections are theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Annotated, Literal

from litestar import Router, get, put
from litestar.params import JSONBody
from msgspec import Meta, field

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body
from mailgenius.api.call import Caller
from mailgenius.api.connections import LimitsAnswer, LimitsBody
from mailgenius.engine.pacing import deciding, service as pacing
from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.model import Limit, Rate, Scope
from mailgenius.engine.pacing.usual import USUAL_LIMITS
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.workspaces.model import Permission

LimitScope = Annotated[
    Literal["workspace", "domain", "group"],
    Meta(description="All that is sent, what is sent from a domain, or what is sent to a mailbox provider."),
]
LimitKey = Annotated[
    str,
    Meta(
        description="The domain, or the mailbox provider: "
        + ", ".join(f"`{group.value}`" for group in MailboxGroup)
        + ". Empty for the workspace.",
        examples=["gmail"],
    ),
]
UsualLimits = Annotated[
    bool,
    Meta(
        description="Whether connections that deliver straight to mailboxes keep to the usual limits of those"
        " mailbox providers that have none here."
    ),
]


class SendingLimitBody(LimitsBody, kw_only=True):
    """One limit of a workspace."""

    scope: LimitScope
    key: LimitKey = ""


class SendingLimitsBody(Body):
    """All limits of a workspace; what is not among them has none."""

    limits: list[SendingLimitBody] = field(default_factory=list)
    usual_limits: UsualLimits = True


class SendingLimitAnswer(LimitsAnswer, kw_only=True):
    """One limit of a workspace."""

    scope: LimitScope
    key: LimitKey


class SendingLimitsAnswer(Answer):
    """The limits of a workspace."""

    limits: list[SendingLimitAnswer]
    usual_limits: UsualLimits
    usual: Annotated[
        list[SendingLimitAnswer],
        Meta(description="The usual limits; one above takes the place of its own."),
    ]


@get("/sending/limits", opt=needs(Permission.WORKSPACE_MANAGE), summary="Read the sending limits")
async def get_sending_limits(call: Caller) -> SendingLimitsAnswer:
    async with call.tenant() as tx:
        return await _read(tx, call.workspace_id)


@put(
    "/sending/limits",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Replace the sending limits",
    description="Engines keep to them within two seconds. A limit without a number is left out.",
)
async def replace_sending_limits(call: Caller, data: JSONBody[SendingLimitsBody]) -> SendingLimitsAnswer:
    limits = [
        Limit(scope=Scope(each.scope), key=each.key, rate=Rate(**asdict(each.limits())))
        for each in data.limits
    ]
    async with call.tenant() as tx:
        await pacing.set_limits(tx, workspace_id=call.workspace_id, limits=limits)
        rules = await deciding.sending_rules(tx, workspace_id=call.workspace_id)
        if rules.usual_limits != data.usual_limits:
            changed = replace(rules, usual_limits=data.usual_limits)
            await deciding.set_sending_rules(tx, workspace_id=call.workspace_id, rules=changed)
        return await _read(tx, call.workspace_id)


async def _read(tx: Tx, workspace_id: int) -> SendingLimitsAnswer:
    rules = await deciding.sending_rules(tx, workspace_id=workspace_id)
    return SendingLimitsAnswer(
        limits=_answers(await pacing.list_limits(tx, workspace_id=workspace_id)),
        usual_limits=rules.usual_limits,
        usual=_answers(_usual(USUAL_LIMITS)),
    )


def _usual(rates: Mapping[MailboxGroup, Rate]) -> list[Limit]:
    return [Limit(scope=Scope.GROUP, key=group.value, rate=rate) for group, rate in rates.items()]


def _answers(limits: Sequence[Limit]) -> list[SendingLimitAnswer]:
    return [
        SendingLimitAnswer(
            scope=each.scope.value,  # type: ignore[arg-type]  # The table holds no other scopes.
            key=each.key,
            **asdict(each.rate),
        )
        for each in limits
    ]


router = Router("", route_handlers=[get_sending_limits, replace_sending_limits], tags=["Workspace"])

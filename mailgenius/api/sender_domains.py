"""Sender domains by JSON: add, list, read, check, sign or not, rotate, delete. No private key comes out."""

from datetime import datetime
from typing import Annotated

from litestar import Response, Router, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import Meta, field

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, Id, SenderDomainId
from mailgenius.api.call import Caller, Done
from mailgenius.channels.email.dkim_keys import DkimAlgorithm
from mailgenius.engine.sender_domains import service as sender_domains
from mailgenius.engine.sender_domains.model import DkimKey, Finding, KeyState, SenderDomain
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.workspaces.model import Permission

Domain = Annotated[str, Meta(description="The part behind the @ of senders.", examples=["example.com"])]


class SenderDomainBody(Body):
    """A domain that messages are sent from."""

    domain: Domain
    algorithms: Annotated[
        list[DkimAlgorithm],
        Meta(
            min_length=1,
            description="What its keys are for: `rsa`, which every receiver reads, `ed25519`, or both.",
        ),
    ] = field(default_factory=lambda: [DkimAlgorithm.RSA])


class SenderDomainChanges(Body):
    """Whether its messages are signed."""

    signing: Annotated[bool, Meta(description="Needs a key whose record a check has seen.")]


class DkimKeyAnswer(Answer):
    """A key, and the DNS record by which others check what it signs."""

    selector: str
    algorithm: DkimAlgorithm
    state: Annotated[
        KeyState,
        Meta(
            description="waiting: its record has to be published; signing: it signs when the domain does; "
            "retired: another took its place."
        ),
    ]
    record_name: Annotated[str, Meta(description="Name of its TXT record.")]
    record: Annotated[str, Meta(description="Text of its TXT record.")]
    found: Annotated[Finding, Meta(description="What the last check found there.")]
    record_until: Annotated[
        datetime | None, Meta(description="When the record of a retired key may be taken out of the DNS.")
    ]
    created_at: datetime


class RecordAnswer(Answer):
    """What the last check found where a record should be."""

    found: Finding
    record: str


class SenderDomainAnswer(Answer):
    """A sender domain with its keys."""

    id: Id
    domain: Domain
    signing: bool
    keys: Annotated[list[DkimKeyAnswer], Meta(description="The newest first.")]
    spf: RecordAnswer
    dmarc: RecordAnswer
    checked_at: datetime | None
    created_at: datetime


class SenderDomainList(Answer):
    """The sender domains, by name."""

    items: list[SenderDomainAnswer]
    next_cursor: str | None


@post(
    "/sender-domains",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Add a sender domain",
    description="Makes its keys. Publish their records, check, and then let it sign.",
)
async def add_sender_domain(call: Caller, data: JSONBody[SenderDomainBody]) -> Response[SenderDomainAnswer]:
    pairs = await sender_domains.make_keys(data.algorithms)

    async def work(tx: Tx) -> Done:
        made = await sender_domains.add(
            tx, workspace_id=call.workspace_id, domain=data.domain, pairs=pairs, keys=call.services.keys
        )
        return Done(body=sender_domain_answer(made))

    return await call.once(work)


@get("/sender-domains", opt=needs(Permission.WORKSPACE_MANAGE), summary="List sender domains")
async def list_sender_domains(call: Caller) -> SenderDomainList:
    async with call.tenant() as tx:
        found = await sender_domains.list_domains(tx, workspace_id=call.workspace_id)
    return SenderDomainList(items=[sender_domain_answer(each) for each in found], next_cursor=None)


@get(
    "/sender-domains/{domain_id:int}", opt=needs(Permission.WORKSPACE_MANAGE), summary="Read a sender domain"
)
async def get_sender_domain(call: Caller, domain_id: SenderDomainId) -> SenderDomainAnswer:
    return sender_domain_answer(await _get(call, domain_id))


@patch(
    "/sender-domains/{domain_id:int}",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Switch signing on or off",
)
async def change_sender_domain(
    call: Caller, domain_id: SenderDomainId, data: JSONBody[SenderDomainChanges]
) -> SenderDomainAnswer:
    async with call.tenant() as tx:
        changed = await sender_domains.set_signing(
            tx, workspace_id=call.workspace_id, domain_id=domain_id, signing=data.signing
        )
    return sender_domain_answer(changed)


@post(
    "/sender-domains/{domain_id:int}/check",
    status_code=200,
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Check the DNS of a sender domain",
    description="Looks for the records of its keys, SPF and DMARC. A published key signs from then on.",
)
async def check_sender_domain(call: Caller, domain_id: SenderDomainId) -> Response[SenderDomainAnswer]:
    findings = await sender_domains.look_up(call.services.dns, await _get(call, domain_id))

    async def work(tx: Tx) -> Done:
        checked = await sender_domains.note_findings(
            tx, workspace_id=call.workspace_id, domain_id=domain_id, findings=findings
        )
        return Done(body=sender_domain_answer(checked), status=200)

    return await call.once(work)


@post(
    "/sender-domains/{domain_id:int}/rotate",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Begin to rotate the keys of a sender domain",
    description="Makes new keys. Each signs as soon as a check sees its record; until then the old one does.",
)
async def rotate_sender_domain(call: Caller, domain_id: SenderDomainId) -> Response[SenderDomainAnswer]:
    pairs = await sender_domains.make_keys((await _get(call, domain_id)).algorithms)

    async def work(tx: Tx) -> Done:
        rotated = await sender_domains.rotate(
            tx, workspace_id=call.workspace_id, domain_id=domain_id, pairs=pairs, keys=call.services.keys
        )
        return Done(body=sender_domain_answer(rotated))

    return await call.once(work)


@delete(
    "/sender-domains/{domain_id:int}",
    opt=needs(Permission.WORKSPACE_MANAGE),
    summary="Delete a sender domain",
    description="Its keys are forgotten, and its messages leave unsigned.",
)
async def delete_sender_domain(call: Caller, domain_id: SenderDomainId) -> None:
    async with call.tenant() as tx:
        await sender_domains.remove(tx, workspace_id=call.workspace_id, domain_id=domain_id)


async def _get(call: Caller, domain_id: int) -> SenderDomain:
    async with call.tenant() as tx:
        return await sender_domains.get(tx, workspace_id=call.workspace_id, domain_id=domain_id)


def sender_domain_answer(domain: SenderDomain) -> SenderDomainAnswer:
    return SenderDomainAnswer(
        id=str(domain.id),
        domain=domain.domain,
        signing=domain.signing,
        keys=[_key_answer(key, domain.domain) for key in domain.keys],
        spf=RecordAnswer(found=domain.spf, record=domain.spf_record),
        dmarc=RecordAnswer(found=domain.dmarc, record=domain.dmarc_record),
        checked_at=domain.checked_at,
        created_at=domain.created_at,
    )


def _key_answer(key: DkimKey, domain: str) -> DkimKeyAnswer:
    return DkimKeyAnswer(
        selector=key.selector,
        algorithm=key.algorithm,
        state=key.state,
        record_name=key.record_name(domain),
        record=key.record,
        found=key.found,
        record_until=key.record_until,
        created_at=key.created_at,
    )


router = Router(
    "",
    route_handlers=[
        add_sender_domain,
        list_sender_domains,
        get_sender_domain,
        change_sender_domain,
        check_sender_domain,
        rotate_sender_domain,
        delete_sender_domain,
    ],
    tags=["Sender domains"],
)

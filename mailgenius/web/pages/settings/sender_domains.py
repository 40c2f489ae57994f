"""Sender domains: listed, added, checked in the DNS, made to sign or not, their keys rotated, deleted."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.engine.sender_domains import service as sender_domains
from mailgenius.engine.sender_domains.errors import DomainTaken
from mailgenius.engine.sender_domains.model import Finding, KeyState, SenderDomain
from mailgenius.kit.errors import Invalid
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.forms.sender_domains import SENDER_DOMAIN_FIELDS, SenderDomainForm
from mailgenius.web.i18n import N_, _
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/settings/domains"
ONE: Final = f"{PATH}/{{domain_id:int}}"

KEY_FINDINGS: Final = {
    Finding.UNCHECKED: (N_("Not checked yet"), "neutral"),
    Finding.GOOD: (N_("Published"), "success"),
    Finding.MISSING: (N_("Not in the DNS"), "warning"),
    Finding.DIFFERENT: (N_("Another key is published"), "danger"),
    Finding.SEVERAL: (N_("Several records under this name"), "danger"),
    Finding.BROKEN: (N_("Something else is published"), "danger"),
    Finding.UNANSWERED: (N_("The DNS did not answer"), "warning"),
}
RECORD_FINDINGS: Final = {
    Finding.UNCHECKED: (N_("Not checked yet"), "neutral"),
    Finding.GOOD: (N_("Found"), "success"),
    Finding.WEAK: (N_("Too open"), "warning"),
    Finding.MISSING: (N_("Missing"), "warning"),
    Finding.SEVERAL: (N_("More than one"), "danger"),
    Finding.BROKEN: (N_("Not valid"), "danger"),
    Finding.UNANSWERED: (N_("The DNS did not answer"), "warning"),
}
SPF_HINTS: Final = {
    Finding.GOOD: N_("Make sure that it names the servers that your connections send through."),
    Finding.WEAK: N_("It lets everybody send for this domain. End it with ~all or -all."),
    Finding.MISSING: N_(
        "Gmail, Yahoo and Microsoft want a record that names the servers which may send for this domain. "
        "Your relay tells you what to write."
    ),
    Finding.SEVERAL: N_("Receivers then take none of them. Write all into one record."),
}
DMARC_HINTS: Final = {
    Finding.GOOD: N_("Gmail and Yahoo ask bulk senders for such a record."),
    Finding.MISSING: N_("Gmail and Yahoo ask bulk senders for one. This is the least that they take:"),
    Finding.SEVERAL: N_("Receivers then take none of them. Keep one record."),
    Finding.BROKEN: N_("It has no policy that receivers know: p=none, p=quarantine or p=reject."),
}


@get(PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def sender_domains_page(visit: CurrentVisit) -> Page:
    async with visit.tenant() as tx:
        found = await sender_domains.list_domains(tx, workspace_id=visit.workspace_id)
    return visit.html("sender_domains/list.html", domains=found, findings=_said(RECORD_FINDINGS))


@get(f"{PATH}/new", opt=needs(Permission.WORKSPACE_MANAGE))
async def new_sender_domain_page(visit: CurrentVisit) -> Page:
    return _form(visit, SenderDomainForm(), {})


@post(PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def add_sender_domain(visit: CurrentVisit) -> Page:
    form = SenderDomainForm.read(await visit.request.form())
    if form.errors:
        return _form(visit, form, form.errors)
    pairs = await sender_domains.make_keys(form.signs_with.algorithms)
    try:
        async with visit.tenant() as tx:
            made = await sender_domains.add(
                tx,
                workspace_id=visit.workspace_id,
                domain=form.domain,
                pairs=pairs,
                keys=visit.services.keys,
            )
    except (Invalid, DomainTaken) as error:
        return _form(visit, form, errors_of(error, fields=SENDER_DOMAIN_FIELDS, default="domain"))
    return visit.redirect(f"{PATH}/{made.id}")


@get(ONE, opt=needs(Permission.WORKSPACE_MANAGE))
async def sender_domain_page(visit: CurrentVisit, domain_id: FromPath[int]) -> Page:
    domain = await _get(visit, domain_id)
    return visit.html(
        "sender_domains/one.html",
        domain=domain,
        unseen=[key for key in domain.keys_in(KeyState.SIGNING) if key.found is not Finding.GOOD],
        key_findings=_said(KEY_FINDINGS),
        record_findings=_said(RECORD_FINDINGS),
        spf_hint=_(SPF_HINTS.get(domain.spf, "")),
        dmarc_hint=_(DMARC_HINTS.get(domain.dmarc, "")),
    )


@post(f"{ONE}/check", opt=needs(Permission.WORKSPACE_MANAGE))
async def check_sender_domain(visit: CurrentVisit, domain_id: FromPath[int]) -> Page:
    """Ask the DNS, outside of any transaction."""
    findings = await sender_domains.look_up(visit.services.dns, await _get(visit, domain_id))
    async with visit.tenant() as tx:
        checked = await sender_domains.note_findings(
            tx, workspace_id=visit.workspace_id, domain_id=domain_id, findings=findings
        )
    if not checked.keys_in(KeyState.WAITING) and set(findings.keys.values()) == {Finding.GOOD}:
        told = Flash("success", _("The DNS shows what it should."))
    elif Finding.UNANSWERED in findings.keys.values():
        told = Flash("warning", _("The DNS did not answer. Try again."))
    else:
        told = Flash("warning", _("The DNS does not show every key. New records may need some time."))
    return visit.redirect(f"{PATH}/{domain_id}", told)


@post(f"{ONE}/signing", opt=needs(Permission.WORKSPACE_MANAGE))
async def switch_signing(visit: CurrentVisit, domain_id: FromPath[int]) -> Page:
    signing = (await visit.request.form()).get("signing") == "on"
    async with visit.tenant() as tx:
        await sender_domains.set_signing(
            tx, workspace_id=visit.workspace_id, domain_id=domain_id, signing=signing
        )
    told = _("Messages are signed from now on.") if signing else _("Messages are no longer signed.")
    return visit.redirect(f"{PATH}/{domain_id}", Flash("success", told))


@post(f"{ONE}/rotate", opt=needs(Permission.WORKSPACE_MANAGE))
async def rotate_sender_domain(visit: CurrentVisit, domain_id: FromPath[int]) -> Page:
    pairs = await sender_domains.make_keys((await _get(visit, domain_id)).algorithms)
    async with visit.tenant() as tx:
        await sender_domains.rotate(
            tx, workspace_id=visit.workspace_id, domain_id=domain_id, pairs=pairs, keys=visit.services.keys
        )
    return visit.redirect(
        f"{PATH}/{domain_id}", Flash("success", _("The new key is ready. Publish its record."))
    )


@post(f"{ONE}/delete", opt=needs(Permission.WORKSPACE_MANAGE))
async def delete_sender_domain(visit: CurrentVisit, domain_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await sender_domains.remove(tx, workspace_id=visit.workspace_id, domain_id=domain_id)
    return visit.redirect(PATH, Flash("success", _("The sender domain was deleted.")))


async def _get(visit: Visit, domain_id: int) -> SenderDomain:
    async with visit.tenant() as tx:
        return await sender_domains.get(tx, workspace_id=visit.workspace_id, domain_id=domain_id)


def _form(visit: Visit, form: SenderDomainForm, errors: dict[str, str]) -> Page:
    return visit.html("sender_domains/new.html", code=422 if errors else 200, form=form, errors=errors)


def _said(findings: dict[Finding, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {finding.value: (_(text), kind) for finding, (text, kind) in findings.items()}


HANDLERS: Final = (
    sender_domains_page,
    new_sender_domain_page,
    add_sender_domain,
    sender_domain_page,
    check_sender_domain,
    switch_signing,
    rotate_sender_domain,
    delete_sender_domain,
)

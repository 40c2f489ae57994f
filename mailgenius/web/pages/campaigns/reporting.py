"""One campaign: the review of a draft before launch, and the report of what was launched."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import get
from litestar.params import FromPath

from mailgenius.channels.contract import Channel
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Connection
from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid
from mailgenius.product.analytics import service as analytics
from mailgenius.product.analytics.model import CampaignResults
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import Severity, Template
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.templates import TemplateForm
from mailgenius.web.pages.campaigns.listing import PATH
from mailgenius.web.pages.findings import finding_text
from mailgenius.web.pages.templates import framed_template
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

RECIPIENTS: Final = 50
UNSENT: Final = frozenset({CampaignState.DRAFT, CampaignState.SCHEDULED})


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A campaign with what it names."""

    campaign: Campaign
    template: Template
    connection: Connection | None
    """None: the engine chooses."""


@get(f"{PATH}/{{campaign_id:int}}", opt=needs(Permission.CAMPAIGNS_READ))
async def campaign_page(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        parts = await _parts(tx, visit, campaign_id)
    if parts.campaign.state in UNSENT or parts.campaign.order_id is None:
        return await _review(visit, parts)
    async with visit.tenant() as tx:
        values = await report_values(tx, visit, parts.campaign)
    return visit.html("campaigns/report.html", template=parts.template, connection=parts.connection, **values)


@get(f"{PATH}/{{campaign_id:int}}/preview", opt=needs(Permission.CAMPAIGNS_READ))
async def campaign_preview(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    """The campaign's template as its first lead would see it, for a frame."""
    async with visit.tenant() as tx:
        parts = await _parts(tx, visit, campaign_id)
    async with visit.trusted() as tx:
        try:
            first = await leads.audience_chunk(
                tx,
                workspace_id=visit.workspace_id,
                audience=parts.campaign.audience,
                channel=Channel(parts.campaign.channel),
                after_id=0,
                until_id=2**63 - 1,
                limit=1,
            )
        except Invalid:
            first = []
    form = TemplateForm.of(parts.template)
    return await framed_template(visit, form, lead_id=first[0][0] if first else None)


@get(f"{PATH}/{{campaign_id:int}}/recipients", opt=needs(Permission.CAMPAIGNS_READ))
async def recipients_page(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    """Everybody the campaign was written to, and what happened to each message."""
    wanted = visit.asked("state")
    state = MessageState(wanted) if wanted in set(MessageState) else None
    async with visit.tenant() as tx:
        campaign = await campaigns.get(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
        page = await campaigns.messages(
            tx,
            workspace_id=visit.workspace_id,
            campaign_id=campaign_id,
            state=state,
            limit=RECIPIENTS,
            cursor=visit.asked("cursor"),
        )
    values: dict[str, Any] = {
        "campaign": campaign,
        "messages": page.items,
        "next_cursor": page.next_cursor,
        "state": state.value if state else "",
        "states": [each.value for each in MessageState],
    }
    if visit.page.is_htmx:
        return visit.block("campaigns/recipients.html", "results", **values)
    return visit.html("campaigns/recipients.html", **values)


async def report_values(tx: Tx, visit: Visit, campaign: Campaign) -> dict[str, Any]:
    """What the live parts of a report show."""
    results: CampaignResults = await analytics.campaign_results(
        tx, workspace_id=visit.workspace_id, order_id=campaign.order_id or 0
    )
    counts = {state.value: n for state, n in results.counts.items() if n}
    waiting = sum(counts.get(state, 0) for state in ("queued", "sending", "deferred"))
    return {
        "campaign": campaign,
        "results": results,
        "counts": counts,
        "waiting": waiting,
        "live": campaign.state in {CampaignState.FREEZING, CampaignState.SENDING},
    }


async def _review(visit: Visit, parts: Parts) -> Page:
    campaign = parts.campaign
    async with visit.trusted() as tx:
        findings = await campaigns.checks(tx, workspace_id=visit.workspace_id, campaign_id=campaign.id)
        size = await leads.audience_size(
            tx,
            workspace_id=visit.workspace_id,
            audience=campaign.audience,
            channel=Channel(campaign.channel),
        )
    return visit.html(
        "campaigns/review.html",
        campaign=campaign,
        template=parts.template,
        connection=parts.connection,
        size=size,
        findings=[(finding, finding_text(finding)) for finding in findings],
        ready=not any(finding.severity is Severity.ERROR for finding in findings),
    )


async def _parts(tx: Tx, visit: Visit, campaign_id: int) -> Parts:
    campaign = await campaigns.get(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
    return Parts(
        campaign=campaign,
        template=await templates.get(tx, workspace_id=visit.workspace_id, template_id=campaign.template_id),
        connection=None
        if campaign.connection_id is None
        else await connections.get(tx, workspace_id=visit.workspace_id, connection_id=campaign.connection_id),
    )


HANDLERS: Final = (campaign_page, campaign_preview, recipients_page)

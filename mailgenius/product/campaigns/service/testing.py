"""Test sends: one message to a colleague, made like the campaign's but counted nowhere."""

from dataclasses import dataclass

from mailgenius.channels.contract import Channel
from mailgenius.engine.connections import service as connections
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import OrderContent
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid
from mailgenius.product.campaigns.errors import CampaignNotReady
from mailgenius.product.campaigns.service.drafting import address_problem
from mailgenius.product.leads import service as leads
from mailgenius.product.templates import service as templates

TEST_PRIORITY = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TestSend:
    """What to send, how, and to whom."""

    template_id: int
    connection_id: int
    sender_email: str
    recipient: str
    lead_id: int | None = None
    """The lead whose data fill the merge fields; none leaves them empty."""
    sender_name: str = ""
    campaign_name: str = ""


async def send_test(tx: Tx, *, workspace_id: int, test: TestSend) -> int:
    """Send one message of a template to an address, and return the order's id.

    Its unsubscribe links say that this was a test and change nothing; opens and clicks are not counted.

    Raises:
        Invalid: an address is wrong.
        CampaignNotReady: the template cannot be rendered; the problems say why.
    """
    problems = address_problem("recipient", test.recipient)
    problems += address_problem("sender_email", test.sender_email)
    if problems:
        raise Invalid(problems=problems)
    template = await templates.get(tx, workspace_id=workspace_id, template_id=test.template_id)
    fields = await leads.fields(tx, workspace_id=workspace_id)
    broken = templates.errors_of(
        await templates.check(template, custom_fields={field.key for field in fields})
    )
    if broken:
        raise CampaignNotReady(problems=broken)
    await connections.get(tx, workspace_id=workspace_id, connection_id=test.connection_id)
    if test.lead_id is not None:
        await leads.get(tx, workspace_id=workspace_id, lead_id=test.lead_id)
    compiled = await templates.compiled(template)
    order_id = await intake.open_order(
        tx,
        workspace_id=workspace_id,
        source="test",
        source_id=template.id,
        channel=Channel(template.channel),
        priority=TEST_PRIORITY,
        connection_id=test.connection_id,
        content=OrderContent(
            sender_email=test.sender_email.strip(),
            sender_name=test.sender_name.strip(),
            reply_to="",
            subject=compiled.subject,
            preheader=compiled.preheader,
            html=compiled.html,
            text=compiled.text,
            campaign_name=test.campaign_name or template.name,
            track_opens=False,
            track_clicks=False,
            sample=True,
        ),
    )
    await intake.accept(
        tx,
        workspace_id=workspace_id,
        order_id=order_id,
        recipients=[(test.lead_id, test.recipient.strip().lower())],
    )
    await intake.seal(tx, workspace_id=workspace_id, order_id=order_id)
    sent = "template.test_sent"
    await audit.note(tx, workspace_id=workspace_id, action=sent, object_id=template.id, name=template.name)
    return order_id

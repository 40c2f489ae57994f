"""Hosted forms as visitors, programs and scanners meet them."""

import asyncio
import re
from datetime import timedelta
from html import unescape

import pytest

from mailgenius.edge.forms import HONEYPOT
from mailgenius.engine.dispatch.compose import Composer
from mailgenius.engine.ledger import service as ledger
from mailgenius.kit.db.queries import Query
from mailgenius.kit.services import Services
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import ConsentAct, Statement, Way
from mailgenius.product.forms import service as forms
from mailgenius.product.forms.errors import FormUnclear
from mailgenius.product.forms.model import CONFIRM_WITHIN, TRIES, FormField, Language
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType, LeadStatus
from mailgenius.product.messages import service as messages
from tests.factories.forms import make_form
from tests.factories.leads import all_leads, make_lead

ANSWERS = {"email": " Ana@Example.com", "name": "Ana", "field:city": "Recife", "consent": "yes"}
AGE = Query(
    "age",
    "As if answered earlier.",
    """UPDATE form_submissions
          SET submitted_at = submitted_at - %(by)s::interval, mailed_at = mailed_at - %(by)s::interval""",
)


async def mails(services: Services, workspace_id: int) -> list[str]:
    """The links in the messages that ask ana@example.com to confirm, oldest first, as they are written."""
    links = []
    async with services.db.trusted() as tx:
        page = await messages.list_messages(tx, workspace_id=workspace_id, address="ana@example.com")
        for row in page.items[::-1]:
            message = await messages.get(tx, workspace_id=workspace_id, message_id=row.id)
            order = await ledger.get_order(tx, workspace_id=workspace_id, order_id=message.order_id)
            data = await ledger.data_of(tx, workspace_id=workspace_id, message_ids=[row.id])
            composer = Composer(order, base_url="https://m.test", keys=services.keys)
            written = composer.compose(row.id, message.address, {}, data[row.id])
            links.append(re.search(r'href="https?://[^/]+(/f/confirm/[^"]+)"', unescape(written.html))[1])
    return links


async def consent_of(services: Services, workspace_id: int, lead_id: int) -> list[tuple]:
    async with services.db.trusted() as tx:
        page = await consents.entries(tx, workspace_id=workspace_id, lead_id=lead_id)
    return [(each.act.value, each.way.value, each.source, each.text_version) for each in page.items]


async def test_an_answer_waits_for_its_confirmation_and_becomes_one_lead(client, services, workspace_id):
    left = await make_lead(services.db, workspace_id, email="ana@example.com", name="Old", tags=("vip",))
    withdrawal = Statement(lead_id=left.id, channel="email", act=ConsentAct.WITHDRAWN, way=Way.PAGE)
    async with services.db.tenant(workspace_id) as tx:
        await leads.state_consent(tx, workspace_id=workspace_id, statement=withdrawal)
    form = await make_form(services, workspace_id)
    path = f"/f/{form.public_id}"
    sent = await asyncio.gather(*(client.post(path, data=ANSWERS) for _ in range(3)))
    assert {answer.status_code for answer in sent} == {200}
    assert all("Please look into your mailbox" in answer.text for answer in sent)
    (link,) = await mails(services, workspace_id)
    assert "Yes, I do" in (await client.get(link)).text
    (lead,) = await all_leads(services.db, workspace_id)
    assert (lead.name, lead.status) == ("Old", LeadStatus.UNSUBSCRIBED)
    for _ in range(2):
        assert "Thank you" in (await client.post(link, data={"confirm": "yes"})).text
    (lead,) = await all_leads(services.db, workspace_id)
    assert (lead.id, lead.name, lead.fields, set(lead.tags)) == (
        left.id, "Ana", {"city": "Recife"}, {"vip", "site"},
    )  # fmt: skip
    assert lead.status is LeadStatus.ACTIVE
    assert (await consent_of(services, workspace_id, lead.id))[0] == (
        "given", "form", "Footer", f"{form.public_id}/1",
    )  # fmt: skip
    async with services.db.tenant(workspace_id) as tx:
        counted = await forms.get(tx, workspace_id=workspace_id, form_id=form.id)
    assert (counted.pending, counted.confirmed) == (0, 1)


async def test_a_link_runs_out_and_is_replaced(client, services, workspace_id):
    form = await make_form(services, workspace_id)
    await client.post(f"/f/{form.public_id}", data=ANSWERS)
    async with services.db.trusted() as tx:
        await tx.execute(AGE, by=timedelta(minutes=11))
    await client.post(f"/f/{form.public_id}", data=ANSWERS)
    first, second = await mails(services, workspace_id)
    for link in (first, second[:-2] + "AA", "/f/confirm/x"):
        assert (await client.get(link)).status_code == 404
        assert (await client.post(link)).status_code == 404
    async with services.db.trusted() as tx:
        await tx.execute(AGE, by=CONFIRM_WITHIN)
    assert (await client.post(second)).status_code == 404
    async with services.db.trusted() as tx:
        await forms.sweep(tx)
    assert (await client.post(second)).status_code == 404
    assert await all_leads(services.db, workspace_id) == []


async def test_what_is_wrong_is_said_beside_its_field(client, services, workspace_id):
    form = await make_form(services, workspace_id, language=Language.PORTUGUESE)
    answer = await client.post(f"/f/{form.public_id}", data={"email": "ana", "phone": "<b>12</b>"})
    assert answer.status_code == 422
    assert "Este não é um endereço de e-mail." in answer.text
    assert answer.text.count('aria-invalid="true"') == 4
    assert "&lt;b&gt;12&lt;/b&gt;" in answer.text
    assert await mails(services, workspace_id) == []


async def test_without_confirmation_a_stranger_changes_nothing_of_a_known_lead(
    client, services, workspace_id
):
    form = await make_form(
        services, workspace_id, double_opt_in=False, redirect_url="https://shop.test/thanks"
    )
    known = await make_lead(services.db, workspace_id, email="ana@example.com", name="Ana Maria")
    async with services.db.tenant(workspace_id) as tx:
        said = Statement(lead_id=known.id, channel="email", act=ConsentAct.WITHDRAWN, way=Way.PAGE)
        await leads.state_consent(tx, workspace_id=workspace_id, statement=said)
    for email in ("ana@example.com", "bia@example.com"):
        answer = await client.post(
            f"/f/{form.public_id}", data={**ANSWERS, "email": email, "phone": "11987654321"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "https://shop.test/thanks")
    ana, bia = await all_leads(services.db, workspace_id)
    assert (ana.name, ana.phone, ana.fields, ana.status) == ("Ana Maria", None, {}, LeadStatus.UNSUBSCRIBED)
    assert (bia.name, bia.phone, bia.tags) == ("Ana", "+5511987654321", ("site",))
    assert [entry[0] for entry in await consent_of(services, workspace_id, ana.id)] == ["withdrawn"]
    assert (
        "form-action 'self' https://shop.test;"
        in (await client.get(f"/f/{form.public_id}")).headers["content-security-policy"]
    )


async def test_programs_are_thanked_and_crowds_are_asked_to_wait(client, services, workspace_id):
    form = await make_form(services, workspace_id, double_opt_in=False)
    path = f"/f/{form.public_id}"
    assert "Thank you" in (await client.post(path, data={**ANSWERS, HONEYPOT: "x"})).text
    assert await all_leads(services.db, workspace_id) == []
    codes = [(await client.post(path, data={"email": "no"})).status_code for _ in range(TRIES + 1)]
    assert codes == [422] * TRIES + [429]
    assert (await client.post(path, data={"email": "x" * 100_000})).status_code == 413


async def test_a_page_of_a_form_is_locked_down_and_gone_when_archived(client, services, workspace_id):
    form = await make_form(services, workspace_id, title="<script>alert(1)</script>")
    page = await client.get(f"/f/{form.public_id}")
    assert "<script" not in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers
    async with services.db.tenant(workspace_id) as tx:
        await forms.archive(tx, workspace_id=workspace_id, form_id=form.id)
    assert (await client.get(f"/f/{form.public_id}")).status_code == 404
    assert (await client.post(f"/f/{form.public_id}", data=ANSWERS)).status_code == 404


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"redirect_url": "javascript:alert(1)"}, "redirect_url"),
        ({"redirect_url": "https://a@b.test/"}, "redirect_url"),
        ({"fields": (FormField(key="field:unknown", label="X"),)}, "fields"),
        ({"fields": (FormField(key="name", label="X"), FormField(key="name", label="Y"))}, "fields"),
        ({"template_id": 99}, "double_opt_in"),
    ],
)
async def test_a_form_that_is_not_right_is_refused(services, workspace_id, values, field):
    with pytest.raises(FormUnclear) as refused:
        await make_form(services, workspace_id, **values)
    assert field in {problem.field for problem in refused.value.problems}


async def test_each_type_of_field_is_asked_in_its_own_way(client, services, workspace_id):
    kinds = {
        "plan": (FieldType.CHOICE, ("Gold", "Silver & <b>")),
        "likes": (FieldType.CHOICES, ("Fish", "Rice", "Beans")),
        "member": (FieldType.BOOLEAN, ()),
        "born": (FieldType.DATE, ()),
        "age": (FieldType.NUMBER, ()),
        "site": (FieldType.URL, ()),
    }
    async with services.db.tenant(workspace_id) as tx:
        for key, (kind, choices) in kinds.items():
            await leads.create_field(tx, workspace_id=workspace_id, label=key, type=kind, choices=choices)
    asked = tuple(FormField(key=f"field:{key}", label=key, required=key == "plan") for key in kinds)
    form = await make_form(
        services, workspace_id, fields=asked, double_opt_in=False, language=Language.PORTUGUESE
    )
    path = f"/f/{form.public_id}"
    page = (await client.get(path)).text
    assert page.count("<select") == 2
    assert page.count('name="field:likes" type="checkbox"') == 3
    assert '<option value="Silver &amp; &lt;b&gt;" >' in page
    assert '<option value="yes" >Sim</option>' in page
    assert re.findall(r'name="field:(?:born|age|site)"\s+type="(\w+)"', page) == ["date", "text", "url"]
    answers = {
        "email": "ana@example.com", "consent": "yes", "field:plan": "Bronze", "field:likes": ["Rice", "Fish"],
        "field:member": "no", "field:born": "1990-01-31", "field:age": "41,5", "field:site": "https://a.example",
    }  # fmt: skip
    refused = await client.post(path, data=answers)
    assert refused.status_code == 422
    assert refused.text.count("checked") == 3
    assert '<option value="no" selected>Não</option>' in refused.text
    assert (await client.post(path, data={**answers, "field:plan": "Gold"})).status_code == 200
    (lead,) = await all_leads(services.db, workspace_id)
    assert lead.fields == {
        "plan": "Gold", "likes": ["Fish", "Rice"], "member": False, "born": "1990-01-31", "age": 41.5,
        "site": "https://a.example",
    }  # fmt: skip

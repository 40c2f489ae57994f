"""Templates: stored per workspace, checked before launch, compiled without harm."""

from pathlib import Path

import pytest

from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid
from mailgenius.product.templates import mjml, service as templates
from mailgenius.product.templates.errors import MjmlBroken, TemplateNotFound
from mailgenius.product.templates.model import Syntax, TemplateInput
from tests.factories.templates import make_template

MJML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Olá {{ lead.name }}</mj-text>"
    "</mj-column></mj-section></mj-body></mjml>"
)


def written(**values) -> TemplateInput:
    return TemplateInput(**{"name": "A", "subject": "S", "source": "<p>Hi</p>", **values})


async def test_a_template_is_seen_by_its_workspace_only(
    db: Database, workspace_id: int, other_workspace_id: int
):
    template = await make_template(db, workspace_id)
    async with db.tenant(other_workspace_id) as tx:
        with pytest.raises(TemplateNotFound):
            await templates.get(tx, workspace_id=other_workspace_id, template_id=template.id)
        with pytest.raises(TemplateNotFound):
            await templates.update(
                tx, workspace_id=other_workspace_id, template_id=template.id, template=written()
            )
        with pytest.raises(TemplateNotFound):
            await templates.archive(tx, workspace_id=other_workspace_id, template_id=template.id)
        with pytest.raises(TemplateNotFound):
            await templates.duplicate(
                tx, workspace_id=other_workspace_id, template_id=template.id, name="Copy"
            )
        page = await templates.list_templates(tx, workspace_id=other_workspace_id)
        assert page.items == []
    async with db.tenant(workspace_id) as tx:
        assert await templates.get(tx, workspace_id=workspace_id, template_id=template.id) == template


async def test_an_update_counts_the_version(db: Database, workspace_id: int):
    template = await make_template(db, workspace_id)
    async with db.tenant(workspace_id) as tx:
        updated = await templates.update(
            tx, workspace_id=workspace_id, template_id=template.id, template=written(subject="New")
        )
    assert (updated.version, updated.subject) == (2, "New")


async def test_templates_are_paged_newest_first(db: Database, workspace_id: int):
    for name in "abc":
        await make_template(db, workspace_id, name=name)
    async with db.tenant(workspace_id) as tx:
        first = await templates.list_templates(tx, workspace_id=workspace_id, limit=2)
        second = await templates.list_templates(
            tx, workspace_id=workspace_id, limit=2, cursor=first.next_cursor
        )
    assert [template.name for template in first.items] == ["c", "b"]
    assert [template.name for template in second.items] == ["a"]
    assert second.next_cursor is None


async def test_an_archived_template_is_not_listed_but_can_be_read(db: Database, workspace_id: int):
    template = await make_template(db, workspace_id)
    async with db.tenant(workspace_id) as tx:
        await templates.archive(tx, workspace_id=workspace_id, template_id=template.id)
        await templates.archive(tx, workspace_id=workspace_id, template_id=template.id)
        assert (await templates.list_templates(tx, workspace_id=workspace_id)).items == []
        assert await templates.get(tx, workspace_id=workspace_id, template_id=template.id)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"subject": "x" * 501}, "subject"),
        ({"source": "x" * 500_001}, "source"),
        ({"text": "a\0b"}, "text"),
        ({"channel": "fax"}, "channel"),
    ],
)
async def test_what_could_never_be_sent_is_refused(db: Database, workspace_id: int, values, field):
    async with db.tenant(workspace_id) as tx:
        with pytest.raises(Invalid) as caught:
            await templates.create(tx, workspace_id=workspace_id, template=written(**values))
    assert [problem.field for problem in caught.value.problems] == [field]


async def test_unknown_merge_fields_are_named():
    template = written(
        subject="{{ lead.nmae }}",
        source="<p>{{ lead.fields.city }} {{ lead.fields.plan }} {{ unsubscribe_url }} {{ lead.email }}</p>",
        text="{% for tag in lead.tags %}{{ tag }}{% endfor %} {{ campaign.name }} {{ budget }}",
    )
    findings = await templates.check(template, custom_fields={"city"})
    assert [(finding.field, finding.values["name"]) for finding in findings] == [
        ("subject", "lead.nmae"),
        ("source", "lead.fields.plan"),
        ("text", "budget"),
    ]


async def test_a_broken_template_is_explained():
    findings = await templates.check(written(source="<p>{% if lead.name %}</p>"), custom_fields=())
    assert [finding.field for finding in findings] == ["source"]


async def test_an_empty_template_cannot_be_launched():
    findings = await templates.check(written(subject=" ", source=""), custom_fields=())
    assert [finding.field for finding in findings] == ["subject", "source"]


async def test_mjml_becomes_html_and_keeps_its_merge_fields():
    compiled = await templates.compiled(written(syntax=Syntax.MJML, source=MJML))
    assert "Olá {{ lead.name }}" in compiled.html
    assert "<mj-" not in compiled.html


async def test_mjml_is_converted_by_our_code_whatever_stands_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Children must not take a package of the folder that we were started in for ours."""
    for stranger in ("mailgenius", "mjml"):
        (tmp_path / f"{stranger}.py").write_text("raise SystemExit('a stranger')")
    monkeypatch.chdir(tmp_path)
    assert "where we stand" in await mjml.to_html(MJML.replace("Olá", "where we stand"))


@pytest.mark.parametrize(
    "source",
    [
        "<mjml><mj-body>",
        '<mjml><mj-body><mj-include path="/etc/passwd" /></mj-body></mjml>',
        # Deep enough to overflow the converter's stack and kill its process, but not ours.
        "<mjml><mj-body>" + "<mj-wrapper>" * 20_000 + "</mj-wrapper>" * 20_000 + "</mj-body></mjml>",
    ],
)
async def test_hostile_mjml_is_an_error_and_not_a_crash(source: str):
    with pytest.raises(MjmlBroken):
        await templates.compiled(written(syntax=Syntax.MJML, source=source))


async def test_a_preview_is_what_the_lead_would_get(keys: Keys):
    template = written(
        subject="Olá {{ lead.name }}",
        source='<p>{{ lead.fields.city }} <a href="https://example.com/x">x</a></p>',
    )
    lead = {"name": "Zoë", "email": "zoe@example.com", "fields": {"city": "<b>São Paulo</b>"}}
    shown = await templates.preview(template, lead=lead, base_url="https://mail.example.com", keys=keys)
    assert shown.subject == "Olá Zoë"
    assert "&lt;b&gt;São Paulo" in shown.html
    assert 'href="https://example.com/x"' in shown.html
    assert "/o/" not in shown.html


async def test_a_preview_without_a_lead_leaves_merge_fields_empty(keys: Keys):
    shown = await templates.preview(
        written(subject="Hi {{ lead.name }}!"), lead={}, base_url="https://mail.example.com", keys=keys
    )
    assert shown.subject == "Hi !"

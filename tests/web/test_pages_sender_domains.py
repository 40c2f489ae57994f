"""The pages of sender domains, with a name server of the test."""

import re
from dataclasses import replace

import pytest

from mailgenius.kit.services import Services
from mailgenius.product.workspaces.model import Role
from tests.dns_server import Zone, zone as zone
from tests.web.browser import location
from tests.web.conftest import SignedIn

PATH = "/settings/domains"


@pytest.fixture
def services(services: Services, zone: Zone) -> Services:
    return replace(services, dns=zone.dns)


async def test_a_domain_from_its_record_to_its_end(signed_in: SignedIn, zone: Zone):
    browser = await signed_in(Role.ADMIN)
    assert "No sender domains yet" in (await browser.get(PATH)).text
    wrong = await browser.post(PATH, {"domain": "shop", "signs_with": "rsa"})
    assert wrong.status_code == 422
    assert "Enter a domain, such as example.com." in wrong.text
    one = location(await browser.post(PATH, {"domain": "shop.example", "signs_with": "rsa"}))
    page = (await browser.get(one)).text
    assert "Publish the key first" in page
    name, text = re.findall(r'data-copy="(mg\w+\._domainkey\.shop\.example|v=DKIM1[^"]+)"', page)
    await browser.post(f"{one}/check")
    assert "The DNS does not show every key." in (await browser.get(one)).text
    assert (await browser.post(f"{one}/signing", {"signing": "on"})).status_code == 409
    zone.texts[name] = [f'"{text[:200]}" "{text[200:]}"']
    await browser.post(f"{one}/check")
    page = (await browser.get(one)).text
    assert "The DNS shows what it should." in page
    assert "v=DMARC1; p=none" in page, "what is missing is offered"
    await browser.post(f"{one}/signing", {"signing": "on"})
    assert "Messages from shop.example are signed" in (await browser.get(one)).text
    await browser.post(f"{one}/rotate")
    assert "A new key waits for its record." in (await browser.get(PATH)).text
    del zone.texts[name]
    await browser.post(f"{one}/check")
    assert "the DNS does not show the key" in (await browser.get(one)).text
    await browser.post(f"{one}/signing", {"signing": "off"})
    assert "Start signing" in (await browser.get(one)).text
    assert location(await browser.post(f"{one}/delete")) == PATH
    assert (await browser.get(one)).status_code == 404


async def test_editors_and_strangers_do_not_reach_them(signed_in: SignedIn, other_workspace_id: int):
    browser = await signed_in(Role.OWNER)
    one = location(await browser.post(PATH, {"domain": "shop.example", "signs_with": "ed25519"}))
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    assert (await stranger.get(one)).status_code == 404
    for act in ("check", "signing", "rotate", "delete"):
        assert (await stranger.post(f"{one}/{act}")).status_code == 404
    editor = await signed_in(Role.EDITOR)
    for path in (PATH, one, f"{PATH}/new"):
        assert (await editor.get(path)).status_code == 403
    assert (await editor.post(f"{one}/rotate")).status_code == 403

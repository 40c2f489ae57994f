"""The whole story over the JSON API, against aiosmtpd: an SMTP server that we did not write."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailgenius.kit.ports import free_port
from tests.journeys.installation import command, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HTML = """<p>Olá {{ lead.name }} de {{ lead.fields.city }}!</p>
<p><a href="https://example.com/offer?from=mail">Offer</a> <a href="{{ unsubscribe_url }}">Leave</a></p>"""
CSV = (
    "E-mail;Nome;Cidade\n"
    + "".join(f"lead{n}@example.com;José {n};São Paulo\n" for n in range(300))
    + "no address;X;Y\n"
)
FINISHED_WITHIN_S = 240


class Mailbox:
    """Keeps what arrives; one recipient is always busy, one does not exist."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []

    async def handle_RCPT(  # noqa: N802  # The name that aiosmtpd calls.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == "lead7@example.com":
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # As above.
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        letter = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        self.letters += [(address, letter) for address in envelope.rcpt_tos]
        return "250 kept"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
    controller.start()
    yield box, port
    controller.stop()


def until(client: httpx.Client, path: str, states: set[str]) -> dict:
    deadline = time.monotonic() + FINISHED_WITHIN_S
    while True:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        if answer.json()["state"] in states:
            return answer.json()
        assert time.monotonic() < deadline, f"{path} is still {answer.json()}"
        time.sleep(0.1)


def created(answer: httpx.Response) -> str:
    assert answer.status_code in {200, 201, 202}, answer.text
    return answer.json()["id"]


def prepare(client: httpx.Client, smtp_port: int) -> str:
    """Import leads and write a campaign for them; return its id."""
    form = {"tags": "vip", "mapping": json.dumps({"E-mail": "email", "Nome": "name", "Cidade": "field:city"})}
    imported = client.post("/api/v1/imports", files={"file": ("leads.csv", CSV, "text/csv")}, data=form)
    progress = until(client, f"/api/v1/imports/{created(imported)}", {"done", "failed"})
    assert (progress["state"], progress["rows_created"], progress["rows_rejected"]) == ("done", 300, 1)
    rejects = client.get(f"/api/v1/imports/{created(imported)}/rejects")
    assert "no address" in rejects.text
    settings = {"host": "127.0.0.1", "port": smtp_port, "security": "none"}
    connection = {"name": "Peer", "channel": "email", "provider": "smtp", "settings": settings}
    template = {"name": "Offer", "channel": "email", "subject": "{{ lead.name }}, uma notícia", "html": HTML}
    campaign = {
        "name": "March",
        "template_id": created(client.post("/api/v1/templates", json=template)),
        "connection_id": created(client.post("/api/v1/connections", json=connection)),
        "sender": {"email": "news@example.com", "name": "Ação Ltda"},
        "audience": {"tags": {"any": ["vip"]}},
    }
    return created(client.post("/api/v1/campaigns", json=campaign))


def test_import_launch_arrive_open_click_leave(tmp_path: Path, mailbox: tuple[Mailbox, int]):
    box, smtp_port = mailbox
    tmp_path.chmod(0o755)
    with running(tmp_path) as installation:
        command(tmp_path, "workspace", "create", "Journey")
        key = command(tmp_path, "apikey", "create", "--workspace", "Journey")["key"]
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=installation.address, headers=headers, timeout=30) as client:
            campaign_id = prepare(client, smtp_port)
            launched = client.post(f"/api/v1/campaigns/{campaign_id}/launch")
            assert launched.status_code in {200, 202}, launched.text
            report = until(client, f"/api/v1/campaigns/{campaign_id}", {"finished", "cancelled"})
            assert report["state"] == "finished"
            assert {state: n for state, n in report["counts"].items() if n} == {
                "accepted": 299,
                "rejected": 1,
            }
            arrived = Counter(address for address, _ in box.letters)
            assert arrived == Counter(f"lead{n}@example.com" for n in range(300) if n != 7)
            address, letter = box.letters[0]
            check_letter(address, letter)
            visit_as(installation.address, letter)
            check_events(client, campaign_id, address)
        assert installation.stop() == 0


def check_letter(address: str, letter: EmailMessage) -> None:
    number = re.findall(r"\d+", address)[0]
    assert letter["Subject"] == f"José {number}, uma notícia"
    assert letter["To"].addresses[0].addr_spec == address
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.search(r"<w\d+\.list\.[a-z.]+>$", str(letter["List-Id"]))
    assert letter["Message-ID"]
    html = letter.get_body(("html",))
    text = letter.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert f"Olá José {number} de São Paulo" in html.get_content()
    assert f"José {number}" in text.get_content()


def visit_as(address: str, letter: EmailMessage) -> None:
    """Do what the recipient of a letter does: open, click, leave with one click."""
    body = letter.get_body(("html",))
    assert body is not None
    html = body.get_content()
    pixel = re.search(r"""src=["']([^"']*/o/[^"']+)""", html)
    link = re.search(r"""href=["']([^"']*/c/[^"']+)""", html)
    leave = re.search(r"<(http[^>]*/u/[^>]+)>", letter["List-Unsubscribe"])
    assert pixel
    assert link
    assert leave
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"}
    with httpx.Client(base_url=address, headers=browser, timeout=30) as recipient:
        assert recipient.get(urlsplit(pixel[1]).path).headers["Content-Type"] == "image/gif"
        clicked = recipient.get(urlsplit(link[1]).path)
        assert (clicked.status_code, clicked.headers["Location"]) == (
            302,
            "https://example.com/offer?from=mail",
        )
        assert recipient.get(urlsplit(leave[1]).path).status_code == 200
        left = recipient.post(urlsplit(leave[1]).path, data={"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200


def check_events(client: httpx.Client, campaign_id: str, address: str) -> None:
    """See the visit in the report, and the person among those who left."""
    deadline = time.monotonic() + FINISHED_WITHIN_S
    while True:
        report = client.get(f"/api/v1/campaigns/{campaign_id}").json()
        found = client.get("/api/v1/leads", params={"search": address}).json()["items"]
        seen = {name: report[name] for name in ("opened", "clicked", "unsubscribed")}
        if seen == {"opened": 1, "clicked": 1, "unsubscribed": 1} and found[0]["status"] == "unsubscribed":
            return
        assert time.monotonic() < deadline, f"{seen}, {[(each['email'], each['status']) for each in found]}"
        time.sleep(0.2)

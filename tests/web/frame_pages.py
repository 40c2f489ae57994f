"""The gallery: mock pages that use every component, and a local server that serves them under our policy."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import ChoiceLoader, FileSystemLoader

from mailgenius.web import assets, streams
from mailgenius.web.templating import (
    Flash,
    PageContext,
    PageUser,
    PageWorkspace,
    environment,
    render,
    render_block,
)

GALLERY = Path(__file__).parent / "gallery"
PAGES = {
    "/components": "components.html",
    "/dashboard": "dashboard.html",
    "/leads": "leads.html",
    "/connections/new": "form.html",
    "/templates/1": "editor.html",
    "/sign-in": "sign_in.html",
    "/live": "live.html",
    "/error": "layout/error.html",
}
NONCE = "c2FtcGxlLW5vbmNl"
CSP = (
    "default-src 'none'; script-src 'self'; "
    f"style-src 'self' 'nonce-{NONCE}'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
SOURCE = (
    '<!doctype html>\n<html>\n  <body style="margin: 0">\n    <!-- A friendly start. -->\n'
    "    <h1>Hello {{ lead.name }}</h1>\n    <p>Thank you for joining us.</p>\n"
    '    <a href="https://example.com/shop?a=1">Shop now</a>\n'
    "    {% if lead.fields.vip %}<p>You are a VIP.</p>{% endif %}\n"
    '    <a href="{{ unsubscribe_url }}">Unsubscribe</a>\n  </body>\n</html>\n'
)


def gallery_environment():
    env = environment()
    if not isinstance(env.loader, ChoiceLoader):
        env.loader = ChoiceLoader([env.loader, FileSystemLoader(GALLERY)])
    return env


def page_context(*, path="/leads", theme="light", locale="en", flashes=()):
    return PageContext(
        locale=locale,
        timezone="America/Sao_Paulo",
        theme=theme,
        csrf_token="token-of-the-page",
        csp_nonce=NONCE,
        user=PageUser("Marina Alves", "marina@acme.com.br"),
        workspace=PageWorkspace(1, "Acme Brasil"),
        workspaces=(PageWorkspace(1, "Acme Brasil"), PageWorkspace(2, "Padaria do Zé")),
        role="owner",
        path=path,
        flashes=flashes,
    )


def values():
    now = datetime.now(UTC)
    names = ["Ana Souza", "Bruno Lima", "Conceição Araújo", "", "Érica Nóbrega de Vasconcelos Albuquerque"]
    states = ["active", "unsubscribed", "bounced", "active", "blocked"]
    leads = [
        {
            "id": number,
            "name": names[number % 5],
            "email": f"pessoa{number}@uol.com.br",
            "status": states[number % 5],
            "tags": ["vip", "2025", "São Paulo", "novo"][: number % 5],
            "phone": "+55 11 98765-4321" if number % 2 else "",
            "at": now - timedelta(hours=number * 7),
        }
        for number in range(1, 13)
    ]
    campaigns = [
        ("Black Friday, wave 2", "sending", 14210, 0.31, 0.041),
        ("Welcome to the new shop", "finished", 120400, 0.42, 0.061),
        ("Aniversariantes de novembro", "scheduled", 0, None, None),
        ("Win back", "paused", 4400, 0.18, 0.012),
        ("Newsletter 44", "draft", 0, None, None),
    ]
    return {
        "now": now,
        "leads": leads,
        "campaigns": [
            {
                "id": index,
                "name": name,
                "state": state,
                "sent": sent,
                "opened": opened,
                "clicked": clicked,
                "at": now - timedelta(days=index),
            }
            for index, (name, state, sent, opened, clicked) in enumerate(campaigns)
        ],
        "events": [
            {
                "title": "Clicked a link",
                "at": now - timedelta(minutes=4),
                "text": "https://example.com/shop",
                "icon": "click",
                "kind": "success",
            },
            {
                "title": "Opened Black Friday",
                "at": now - timedelta(hours=2),
                "icon": "mail-opened",
                "kind": "info",
            },
            {"title": "Received Black Friday", "at": now - timedelta(hours=3), "icon": "mail-check"},
            {
                "title": "Imported",
                "at": now - timedelta(days=9),
                "text": "leads-november.csv, line 120",
                "icon": "upload",
            },
        ],
        "days": [f"{day} Nov" for day in range(1, 31)],
        "sent": [9000 + (day * 7919) % 9000 for day in range(30)],
        "opened": [4000 + (day * 3571) % 3500 for day in range(30)],
        "clicked": [500 + (day * 911) % 700 for day in range(30)],
        "source": SOURCE,
        "done": 0,
        "status": 404,
        "title": "This page does not exist",
        "text": "It may have been deleted, or the address has a typing mistake.",
        "back": ("/", "Back to the dashboard"),
    }


def progress_event(done):
    return streams.event(
        "progress", render_block("live.html", "progress", page=page_context(), done=done)
    ).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        query = {key: found[0] for key, found in parse_qs(url.query).items()}
        if url.path.startswith("/static/"):
            file = assets.STATIC_DIR / url.path.removeprefix("/static/")
            self.answer(file.read_bytes(), TYPES[file.suffix])
        elif url.path == "/events":
            self.stream()
        elif url.path in PAGES:
            page = page_context(
                path="/" if url.path == "/dashboard" else url.path,
                theme=query.get("theme", "light"),
                locale=query.get("locale", "en"),
                flashes=(Flash("success", "Lead saved."),) if "flash" in query else (),
            )
            if self.headers.get("HX-Request"):
                self.answer(render_block(PAGES[url.path], "results", page=page, **values()).encode())
            else:
                self.answer(render(PAGES[url.path], page=page, **values()).encode())
        else:
            self.send_error(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posts.append((self.path, body, dict(self.headers.items())))
        if self.path == "/preview":
            self.answer(
                b"<h1>Hello Ana</h1><p>Thank you for joining us.</p>", csp="default-src 'none'; sandbox"
            )
        else:
            self.send_response(204)
            self.end_headers()

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for done in (40, 100):
            self.wfile.write(progress_event(done).encode())
        self.wfile.write(b"event: done\ndata: \n\n")

    def answer(self, body, kind="text/html; charset=utf-8", csp=CSP):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", csp)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@contextmanager
def serving() -> Iterator[http.server.ThreadingHTTPServer]:
    gallery_environment()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.posts = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()

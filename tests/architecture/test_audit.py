"""Completeness of the audit log: doors open their transactions in one way, and exceptions are written down.

A transaction that `Visit` or `Call` opens for a request that may change something is refused when it changes
something and leaves no entry. So it is enough that every door goes that way, but for what is listed here.
"""

import ast
import re
from collections.abc import Iterator

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from mailgenius.api import app as api
from mailgenius.kit.audit.model import UNNOTED
from mailgenius.web import app as web
from mailgenius.web.pages.settings.activity_texts import ACTIONS, KINDS
from tests.architecture.sources import PACKAGE, ROOT, python_files, text_of, tree

READING = {"GET", "HEAD", "OPTIONS"}
INGEST = {
    "api POST /leads", "api POST /leads/batch", "api POST /messages", "api POST /messages/batch",
    "api POST /messages/events", "api POST /messages/{message_id}/events",
}  # fmt: skip
UPLOADS = {
    "api POST /uploads", "api PATCH /uploads/{upload_id}", "api DELETE /uploads/{upload_id}",
    "web POST /imports/uploads", "web PATCH /imports/uploads/{upload_id}",
    "web DELETE /imports/uploads/{upload_id}",
}  # fmt: skip
LOOKS = {
    "api POST /leads/count", "api POST /segments/preview", "api POST /segments/{segment_id}/count",
    "web POST /segments/{segment_id}/count", "web POST /segments/builder", "web POST /segments/look",
    "web POST /templates/preview", "web POST /templates/check", "web POST /campaigns/audience",
    "web POST /connections/{connection_id}/check",
}  # fmt: skip
OWN = {"web POST /sign-in", "web POST /preferences"}
"""Signing in notes itself, also when it fails; how the pages look to one person is nobody else's business."""

# Doors that open transactions or hand the database on in another way: reading, uploads, the gate itself.
OTHER_WAYS = {
    "api/access.py", "api/arriving.py", "api/call.py", "api/imports.py", "api/resumable.py",
    "api/suppressions.py", "api/system.py", "web/arrivals.py", "web/visits.py",
    "web/pages/imports/running.py",
    "web/pages/imports/uploading.py", "web/pages/imports/wizard.py", "web/pages/settings/activity.py",
    "web/pages/suppressions.py",
}  # fmt: skip
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
NOTING = re.compile(r"^_?note(_\w+)?$|^_by_name$|^_queued$")


def handlers(router: Router, path: str = "") -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in router.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - READING:
                yield f"{method} {re.sub(r':[a-z]+}', '}', path + route.path).replace('//', '/')}", handler


def changing() -> Iterator[tuple[str, HTTPRouteHandler]]:
    for area in api.AREAS:
        yield from ((f"api {name}", each) for name, each in handlers(area.router))
    for router in web.ROUTERS:
        yield from ((f"web {name}", each) for name, each in handlers(router))


def test_every_route_that_may_change_something_leaves_an_entry_or_says_why_not():
    found = dict(changing())
    assert len(found) > 100
    unnoted = {name for name, handler in found.items() if UNNOTED in handler.opt}
    assert all(handler.opt[UNNOTED] for name, handler in found.items() if name in unnoted)
    assert unnoted == INGEST | UPLOADS | LOOKS | OWN


def test_doors_open_their_transactions_where_it_is_known_who_acts():
    pattern = re.compile(r"\bservices\.db\b")
    found = {
        str((ROOT / path).relative_to(PACKAGE))
        for path in python_files("mailgenius")
        if path.parts[1] in {"web", "api"} and pattern.search(text_of(path))
    }
    assert found <= OTHER_WAYS, "use visit.tenant(), visit.trusted(), call.tenant() or call.trusted()"


def noted() -> Iterator[str]:
    """The names of acts in the sources: handed to something that notes, or called `action` or `sent`."""
    for path in python_files("mailgenius"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                values = [*node.args, *(word.value for word in node.keywords if word.arg == "action")]
                if not NOTING.match(name):
                    continue
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in {"action", "sent"}:
                values = [node.value]
            else:
                continue
            for value in values:
                for part in ast.walk(value):
                    if isinstance(part, ast.Constant) and ACTION.fullmatch(str(part.value)):
                        yield str(part.value)


def test_every_act_has_a_name_for_people_and_stands_in_the_reference():
    acts = set(noted())
    assert acts - set(ACTIONS) == set(), "say them in web/pages/settings/activity_texts.py"
    assert set(ACTIONS) - acts == set(), "nothing notes these"
    assert {act.partition(".")[0] for act in acts} == set(KINDS)
    page = (ROOT / "docs" / "reference" / "audit-log.md").read_text(encoding="utf-8")
    assert {act for act in acts if f"`{act}`" not in page} == set()

"""The OpenAPI document, and the page that shows it: rendered here, without scripts and without a CDN."""

from collections.abc import Iterator
from functools import cached_property
from importlib import resources
from importlib.metadata import version
from inspect import cleandoc
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader
from litestar import Litestar, MediaType, Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Tag
from markupsafe import Markup, escape

from mailgenius.api.bodies import Answer, Body, ProblemAnswer
from mailgenius.api.call import KEY_HEADER, REPLAYED_HEADER
from mailgenius.api.problems import PROBLEM_JSON

TAGS = (
    Tag(name="Imports", description="Files of leads, taken in by the background worker."),
    Tag(name="Leads", description="People you may write to."),
    Tag(name="Consent", description="What they said of being written to."),
    Tag(name="Preferences", description="Topics, and what people chose of them."),
    Tag(name="Privacy", description="What people may ask for, and how long what is kept."),
    Tag(name="Suppressions", description="Addresses that nothing is sent to."),
    Tag(name="Exports", description="Leads written into files."),
    Tag(name="Segments", description="Saved conditions on leads: who is in, how many, what it means."),
    Tag(name="Templates", description="What a message says."),
    Tag(name="Connections", description="Accounts at providers that carry the messages."),
    Tag(
        name="Sender domains",
        description="Domains that messages come from: their DKIM keys and what the DNS says.",
    ),
    Tag(name="Campaigns", description="One message to many: write, launch, steer, read the results."),
    Tag(name="Messages", description="One message to one person: receipts, codes, notices."),
    Tag(name="Dead letters", description="Messages that ended without success: explain, replay, discard."),
    Tag(name="Audit log", description="Who did what."),
    Tag(name="Workspace", description="Whose key this is."),
)
INTRODUCTION = (
    "Send an API key of your workspace as `Authorization: Bearer mgk_…`. Ids are strings. Times carry their"
    " time zone. Lists come in pages: pass `next_cursor` on as `cursor` until it is null. Errors are"
    " `application/problem+json`."
)
PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "The key is missing, unknown or revoked.",
    "403": "The key lacks a scope.",
    "404": "It does not exist in this workspace.",
    "410": "The lead was merged into `kept_id`. What reads is redirected there (308).",
    "409": "The present state does not allow this.",
    "413": "The body is too large.",
    "422": "Some values are not valid; `errors` names the fields.",
    "503": "The database is away; nothing was changed.",
}
SUCCESSES = {"200": "Done.", "201": "Created.", "202": "Taken in; the work follows.", "204": "Gone."}
SCHEMA_PATH = "#/components/schemas/{name}"
METHODS = ("get", "post", "put", "patch", "delete")
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Reference:
    """Makes the document once, when it is first asked for."""

    def __init__(self, areas: Router) -> None:
        self._areas = areas

    @cached_property
    def document(self) -> dict[str, Any]:
        # A second application, never served: the framework's own routes for a document would answer
        # unknown addresses of the API in HTML.
        described = Litestar(
            route_handlers=[self._areas],
            openapi_config=OpenAPIConfig(
                title="MailGenius API",
                version=version("mailgenius"),
                description=INTRODUCTION,
                tags=list(TAGS),
                components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
                security=[{"key": []}],
                operation_id_creator=lambda handler, _method, _path: handler.handler_name,
            ),
        )
        document: dict[str, Any] = described.openapi_schema.to_schema()
        schemas = document["components"]["schemas"]
        schemas |= msgspec.json.schema_components([ProblemAnswer], ref_template=SCHEMA_PATH)[1]
        for shape in _shapes():
            if shape.__name__ in schemas:
                schemas[shape.__name__].setdefault("description", cleandoc(shape.__doc__ or ""))
        for path, item in document["paths"].items():
            for method in METHODS:
                if method in item:
                    _complete(method, path, item[method])
        return document

    @cached_property
    def page(self) -> str:
        environment = Environment(loader=PackageLoader("mailgenius.api", "html"), autoescape=True)
        environment.filters["prose"] = prose
        environment.filters["type_name"] = type_name
        environment.filters["anchor"] = anchor
        return environment.get_template("reference.html").render(
            document=self.document, groups=self._groups()
        )

    def _groups(self) -> list[dict[str, Any]]:
        operations = [
            {"method": method.upper(), "path": path, **item[method]}
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        ]
        return [
            {
                "name": tag.name,
                "description": tag.description,
                "operations": [operation for operation in operations if tag.name in operation["tags"]],
            }
            for tag in TAGS
        ]


def reference_router(areas: Router) -> Router:
    reference = Reference(areas)
    style = resources.files("mailgenius.api").joinpath("html/reference.css").read_bytes()

    @get("/openapi.json", sync_to_thread=False)
    def document() -> dict[str, Any]:
        return reference.document

    @get("/docs", sync_to_thread=False, media_type=MediaType.HTML)
    def page() -> Response[str]:
        headers = {"Content-Security-Policy": PAGE_POLICY, "X-Content-Type-Options": "nosniff"}
        return Response(reference.page, headers=headers, media_type=MediaType.HTML)

    @get("/docs/reference.css", sync_to_thread=False)
    def sheet() -> Response[bytes]:
        return Response(style, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return Router("/api", route_handlers=[document, page, sheet], include_in_schema=False)


def prose(text: str) -> Markup:
    """Escape a text and show what stands between backticks as code."""
    parts = str(escape(text)).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(Markup(part)) if index % 2 else Markup(part)  # noqa: S704  # Escaped above.
        for index, part in enumerate(parts)
    )


def type_name(schema: dict[str, Any]) -> str:
    """Say in words what a schema takes; `#` marks the name of another schema."""
    if "$ref" in schema:
        return f"#{schema['$ref'].rsplit('/', 1)[-1]}"
    for way in ("oneOf", "anyOf"):
        if way in schema:
            return " or ".join(dict.fromkeys(type_name(part) for part in schema[way]))
    kind = schema.get("type", "anything")
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if kind == "array":
        return f"list of {type_name(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_name(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def anchor(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    """Add to one operation what holds for all of its kind."""
    responses = operation["responses"]
    responses.pop("400", None)  # The framework's own shape, which is not what we answer.
    for status, response in responses.items():
        response["description"] = SUCCESSES.get(status, response["description"])
    schema = {"$ref": SCHEMA_PATH.format(name="ProblemAnswer")}
    cannot_happen = set()
    if "{" not in path:
        cannot_happen.add("404")
    if "{lead_id}" not in path or method == "get":
        cannot_happen.add("410")
    if method == "get":
        cannot_happen |= {"400", "409", "413"}
    for status, description in PROBLEMS.items():
        if status in cannot_happen:
            continue
        responses[status] = {"description": description, "content": {PROBLEM_JSON: {"schema": schema}}}
    if method == "post":
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)


_IDEMPOTENCY_KEY = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "Makes a repetition safe: for 24 hours the same request with the same key is done once and"
    f" answered the same, then with the header `{REPLAYED_HEADER}: true`. Another request with the key is"
    " refused (422); while the first one runs, the answer is 409.",
}


def _shapes(base: type[msgspec.Struct] | None = None) -> Iterator[type[msgspec.Struct]]:
    """Yield the shapes of all bodies and answers, whose docstrings describe them."""
    for shape in base.__subclasses__() if base else (Body, Answer):
        yield shape
        yield from _shapes(shape)

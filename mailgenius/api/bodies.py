"""Reading and describing bodies: strict JSON, problems that name the field, types that areas share."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.params import PathParameter, QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import MAX_LIMIT

_AT = re.compile(r"^(?P<message>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`$")

Id = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]{0,17}$",
        description="Id of something, as a string: it may be larger than a JavaScript number.",
        examples=["184467440737"],
    ),
]
Limit = Annotated[
    int | None,
    QueryParameter(ge=1, le=MAX_LIMIT, description="How many items a page has at most; 50 when absent."),
]
Cursor = Annotated[
    str | None, QueryParameter(description="`next_cursor` of the page before; absent for the first page.")
]


def _path_id(description: str) -> Any:
    return PathParameter(description=description, schema_extra={"type": "string", "pattern": "^[0-9]+$"})


LeadId = Annotated[int, _path_id("Id of a lead.")]
ActId = Annotated[int, _path_id("Id of an act on many leads.")]
ExportId = Annotated[int, _path_id("Id of an export.")]
ImportId = Annotated[int, _path_id("Id of an import.")]
UploadId = Annotated[int, _path_id("Id of an upload.")]
TemplateId = Annotated[int, _path_id("Id of a template.")]
ConnectionId = Annotated[int, _path_id("Id of a connection.")]
SenderDomainId = Annotated[int, _path_id("Id of a sender domain.")]
FormId = Annotated[int, _path_id("Id of a form.")]
TopicId = Annotated[int, _path_id("Id of a topic.")]
SegmentId = Annotated[int, _path_id("Id of a segment.")]
CampaignId = Annotated[int, _path_id("Id of a campaign.")]
MessageId = Annotated[int, _path_id("Id of a message.")]
RunId = Annotated[int, _path_id("Id of a replay or discarding of many.")]


def number_of(given: str | None) -> int | None:
    """Return an id that may be absent as the services know it."""
    return None if given is None else int(given)


class Body(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a request carries. A field that we do not know is refused: it is a typing error."""


class Answer(Struct, kw_only=True):
    """What an answer carries. Fields may be added; none goes away or changes its type."""


class FieldProblem(Answer):
    """One thing wrong with one field."""

    field: Annotated[
        str, Meta(description="Path of the field; empty for the whole body.", examples=["sender.email"])
    ]
    message: Annotated[
        str, Meta(description="What is wrong with it.", examples=["must be an e-mail address"])
    ]


class ProblemAnswer(Answer):
    """An error, as application/problem+json."""

    type: Annotated[
        str,
        Meta(description="Stable name of the kind of problem.", examples=["urn:mailgenius:problem:invalid"]),
    ]
    title: Annotated[str, Meta(description="The kind in words.", examples=["Some values are not valid"])]
    status: Annotated[int, Meta(description="HTTP status.", examples=[422])]
    detail: Annotated[str, Meta(description="What happened this time.")]
    errors: Annotated[list[FieldProblem], Meta(description="The fields that are wrong; may be empty.")]
    kept_id: Annotated[
        Id | UnsetType, Meta(description="With 410: the lead that the one in the address was merged into.")
    ] = UNSET


WRONG_ITEMS = "mailgenius.wrong_items"


@dataclass(frozen=True, slots=True)
class Sifted:
    """A body of many items of which some have another shape: they are put aside, by their place."""

    body: Any
    wrong: dict[int, FieldProblem]


class MalformedJson(Exception):
    """The body is not JSON."""


class ApiRequest(Request[Any, Any, State]):
    """A request whose JSON is decoded strictly into the type that the route asks for: "1" is not 1."""

    async def json(self) -> Any:
        field = self.route_handler.parsed_data_field
        kind = Any if field is None else field.annotation
        decoded = decode(await self.body(), kind)
        if isinstance(decoded, Sifted):
            self.scope[WRONG_ITEMS] = decoded.wrong  # type: ignore[literal-required]  # A key of our own.
            return decoded.body
        return decoded


def decode(body: bytes, kind: Any) -> Any:
    """Decode JSON into a type. One with `read_json` reads itself, and may let single items be wrong.

    Raises:
        MalformedJson: it is no JSON.
        msgspec.ValidationError: it is JSON of another shape; the message names the path.
        Invalid: a text holds a NUL character, which the database cannot store.
    """
    try:
        decoded = (getattr(kind, "read_json", None) or _decoder(kind).decode)(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedJson(f"The body is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise MalformedJson("The body is nested too deep.") from error
    # The escape is rare, so the walk that makes sure of it costs nothing on ordinary bodies.
    if b"\\u0000" in body:
        _refuse_nul(msgspec.json.decode(body), "")
    return decoded


def field_problem(message: str) -> FieldProblem:
    """Turn a decoder's message, such as "Expected `str`, got `int` - at `$.sender.email`", into a problem."""
    found = _AT.match(message)
    path = (found["path"] or "").removeprefix(".") if found else ""
    text = found["message"] if found else message
    named = _NAMED.match(text)
    if named:
        path = f"{path}.{named['name']}" if path else named["name"]
        text = "is needed" if named["what"] == "missing required" else "is not a known field"
    return FieldProblem(field=path, message=text.replace("`", ""))


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _refuse_nul(value: Any, path: str) -> None:
    if isinstance(value, str) and "\0" in value:
        raise invalid(path, "must not hold a NUL character")
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_nul(key, path)
            _refuse_nul(item, f"{path}.{key}" if path else key)
    if isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_nul(item, f"{path}[{index}]")

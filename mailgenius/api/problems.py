"""Every error as application/problem+json (RFC 9457): one shape, whoever raised it."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE as TOO_LARGE
from msgspec import UNSET, UnsetType

from mailgenius.api.bodies import FieldProblem, MalformedJson, ProblemAnswer, field_problem
from mailgenius.kit.errors import Kind, MailGeniusError
from mailgenius.kit.logs import logger
from mailgenius.kit.storage import FileTooLarge
from mailgenius.product.leads.errors import LeadJoined

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "urn:mailgenius:problem:"
RETRY_SECONDS = "5"

STATUS: dict[Kind, HTTPStatus] = {
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Kind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.LIMIT: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
TITLES: dict[HTTPStatus, tuple[str, str]] = {
    HTTPStatus.BAD_REQUEST: ("malformed", "The request cannot be read"),
    HTTPStatus.UNAUTHORIZED: ("unauthenticated", "No valid API key"),
    HTTPStatus.FORBIDDEN: ("forbidden", "The API key may not do this"),
    HTTPStatus.NOT_FOUND: ("not_found", "Nothing is here"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not know this method"),
    HTTPStatus.GONE: ("gone", "It has become a part of another one"),
    HTTPStatus.CONFLICT: ("conflict", "The present state does not allow this"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", "The request is too large"),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("invalid", "Some values are not valid"),
    HTTPStatus.TOO_MANY_REQUESTS: ("limit", "More than is allowed"),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("internal", "Something broke here"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("unavailable", "A part of the system is away"),
}
"""The last word of a problem's `type`, and its title, by status. The words are part of the API."""

log = logger(__name__)


def answer_error(request: Request[Any, Any, State], error: Exception) -> Response[bytes]:
    """Turn any error into its problem. The unexpected is logged here, once, and told to nobody."""
    match error:
        case LeadJoined() if (place := error.follow(request.url.path)) is not None:
            answer = _moved(request, error, place)
        case MailGeniusError():
            answer = _expected(error)
        case ValidationException():
            answer = problem(HTTPStatus.UNPROCESSABLE_ENTITY, errors=_parameter_problems(error))
        case MalformedJson():
            answer = problem(HTTPStatus.BAD_REQUEST, detail=str(error))
        case msgspec.ValidationError():
            answer = problem(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[field_problem(str(error))])
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            answer = problem(HTTPStatus(error.status_code), headers=error.headers)
        case InternalServerException() if "disconnected" in error.detail:
            log.info("client left in the middle of its request", path=request.scope["path"])
            answer = problem(HTTPStatus.BAD_REQUEST)
        case _:
            log.error("request failed", method=request.method, path=request.scope["path"], exc_info=error)
            answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR)
    return answer


def problem(
    status: HTTPStatus,
    *,
    detail: str = "",
    errors: list[FieldProblem] | None = None,
    headers: dict[str, str] | None = None,
    kept_id: str | UnsetType = UNSET,
) -> Response[bytes]:
    word, title = TITLES.get(status, (status.name.lower(), status.phrase))
    if not detail:
        detail = "Some of the values are not valid. See errors." if errors else status.description
    body = ProblemAnswer(
        type=TYPE_PREFIX + word,
        title=title,
        status=status,
        detail=detail or title,
        errors=errors or [],
        kept_id=kept_id,
    )
    return Response(
        msgspec.json.encode(body), media_type=PROBLEM_JSON, status_code=status, headers=headers or {}
    )


def _moved(request: Request[Any, Any, State], error: LeadJoined, place: str) -> Response[bytes]:
    """Lead a reader on to the kept lead. Whoever would change the old one must name the kept one."""
    if request.method in {"GET", "HEAD"}:
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(b"", status_code=HTTPStatus.PERMANENT_REDIRECT, headers={"Location": place + query})
    return problem(HTTPStatus.GONE, detail=error.message, kept_id=str(error.kept_id))


def _expected(error: MailGeniusError) -> Response[bytes]:
    status = HTTPStatus(TOO_LARGE) if isinstance(error, FileTooLarge) else STATUS[error.kind]
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_SECONDS
        log.warning("part of the system is away", error=type(error).__name__, cause=str(error.__cause__))
    errors = [FieldProblem(field=item.field, message=item.message) for item in error.problems]
    return problem(status, detail=error.message, errors=errors, headers=headers)


def _parameter_problems(error: ValidationException) -> list[FieldProblem]:
    """Read what the framework found wrong with the parameters of the address, or with a missing body."""
    found = error.extra if isinstance(error.extra, list) else []
    return [
        FieldProblem(field="", message="a JSON body is needed")
        if item.get("key") == "data"
        else FieldProblem(field=item.get("key", ""), message=item.get("message", "").replace("`", ""))
        for item in found
    ]

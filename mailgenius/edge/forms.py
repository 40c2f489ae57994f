"""Hosted forms: the page, its answers, also from pages of the workspace's own, and the link that confirms.

A GET changes nothing. No cookie and no form token: an answer does what anybody may do, and what counts is
confirmed by the message to its address.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.params import FromPath

from mailgenius.edge.form_texts import FormTexts, form_texts
from mailgenius.edge.pages import Button, away_page, form_page, gone_page, page
from mailgenius.edge.texts import texts_in
from mailgenius.edge.tracking import header_url
from mailgenius.edge.visits import Visit, ip_of, services_of, texts_of
from mailgenius.kit.crypto import BadToken
from mailgenius.kit.db.database import DOOR_TIMEOUT
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.services import Services
from mailgenius.product.forms import service as forms
from mailgenius.product.forms.errors import AnswersUnclear, FormNotFound, LinkOver, TooManyTries
from mailgenius.product.forms.model import Form, Outcome, Visitor

LONGEST_BODY = 64 << 10
HONEYPOT = "website"
"""A field that no person sees. Who fills it in is a program: it is thanked, and nothing is kept."""


@get("/f/{public_id:str}")
async def show(request: Visit, public_id: FromPath[str]) -> Response[str]:
    """Show the form."""
    services = services_of(request)
    try:
        form = await _public(services, public_id)
        return await _form(services, form, {}, {})
    except FormNotFound:
        return gone_page(texts_of(request))
    except (Unavailable, TimeoutError):
        return away_page(texts_of(request))


@post("/f/{public_id:str}", status_code=200, request_max_body_size=LONGEST_BODY)
async def answer(request: Visit, public_id: FromPath[str]) -> Response[str]:
    """Take in an answer. What is wrong is said beside its field; the same answer again changes nothing."""
    services = services_of(request)
    posted = await request.form()
    given: dict[str, list[str]] = {}
    for key, value in posted.multi_items():
        if isinstance(value, str):
            given.setdefault(key, []).append(value.replace("\0", ""))
    # Several boxes of one question are ticked: that is how a cell of a file says it, too.
    answers = {key: ";".join(values) for key, values in given.items()}
    try:
        form = await _public(services, public_id)
        if answers.get(HONEYPOT):
            return _thanked(form, Outcome.CONFIRM if form.double_opt_in else Outcome.TAKEN)
        visitor = Visitor(ip=ip_of(request), accepted=bool(answers.get("consent")))
        async with services.db.trusted(limit=DOOR_TIMEOUT) as tx:
            await forms.admit(tx, form=form, ip=visitor.ip)
        return await _received(services, form, answers, visitor)
    except FormNotFound:
        return gone_page(texts_of(request))
    except TooManyTries:
        return _too_often(form)
    except (Unavailable, TimeoutError):
        return away_page(texts_of(request))


@get("/f/confirm/{token:str}")
async def ask(request: Visit, token: FromPath[str]) -> Response[str]:
    """Show the button that confirms: scanners follow links, and press no buttons."""
    services = services_of(request)
    try:
        async with services.db.trusted(limit=DOOR_TIMEOUT) as tx:
            form, email = await forms.waiting(tx, token=token, keys=services.keys)
    except (BadToken, LinkOver):
        return _over(request)
    except (Unavailable, TimeoutError):
        return away_page(texts_of(request))
    words = form_texts(form.language)
    button = Button(name="confirm", label=words.confirm_button)
    return page(texts_in(form.language), form.title, [words.confirm.format(address=email)], button=button)


@post("/f/confirm/{token:str}", status_code=200, request_max_body_size=LONGEST_BODY)
async def confirm(request: Visit, token: FromPath[str]) -> Response[str]:
    """Confirm. A second time shows the same page."""
    services = services_of(request)
    try:
        async with services.db.trusted(limit=DOOR_TIMEOUT) as tx:
            form = await forms.confirm(tx, token=token, keys=services.keys, ip=ip_of(request))
    except (BadToken, LinkOver):
        return _over(request)
    except (Unavailable, TimeoutError):
        return away_page(texts_of(request))
    return _thanked(form, Outcome.TAKEN)


async def _public(services: Services, public_id: str) -> Form:
    async with services.db.trusted(limit=DOOR_TIMEOUT) as tx:
        return await forms.public(tx, public_id=public_id)


async def _received(
    services: Services, form: Form, answers: Mapping[str, str], visitor: Visitor
) -> Response[str]:
    try:
        async with services.db.trusted(limit=DOOR_TIMEOUT) as tx:
            outcome = await forms.receive(
                tx,
                form=form,
                answers=answers,
                visitor=visitor,
                keys=services.keys,
                base_url=services.settings.base_url,
            )
    except AnswersUnclear as error:
        return await _form(services, form, answers, {each.field: each.message for each in error.problems})
    return _thanked(form, outcome)


async def _form(
    services: Services, form: Form, answers: Mapping[str, str], wrong: Mapping[str, str]
) -> Response[str]:
    async with services.db.trusted(limit=DOOR_TIMEOUT) as tx:
        asked = await forms.questions(tx, form=form)
    words = form_texts(form.language)
    errors = {name: words.errors.get(message, words.wrong) for name, message in wrong.items()}
    return form_page(
        texts_in(form.language),
        words=words,
        form=form,
        asked=asked,
        answers=answers,
        errors=errors,
        honeypot=HONEYPOT,
        goes_to=_origin(form),
        status=422 if errors else 200,
    )


def _thanked(form: Form, outcome: Outcome) -> Response[str]:
    """Say what happens next, here or on a page of the workspace's own."""
    texts, words = texts_in(form.language), form_texts(form.language)
    if outcome is Outcome.CONFIRM:
        return page(texts, words.check_title, [words.check, words.check_again], done=True)
    if form.redirect_url:
        headers = {"Location": header_url(form.redirect_url), "Cache-Control": "no-store"}
        return Response("", status_code=303, headers=headers)
    return page(texts, words.thanks_title, [form.success_text or words.thanks], done=True)


def _too_often(form: Form) -> Response[str]:
    words = form_texts(form.language)
    response = page(texts_in(form.language), words.too_often_title, [words.too_often], status=429)
    response.headers["Retry-After"] = "3600"
    return response


def _over(request: Visit) -> Response[str]:
    texts = texts_of(request)
    words: FormTexts = form_texts(texts.language)
    return page(texts, words.over_title, [words.over], status=404)


def _origin(form: Form) -> str:
    """Where the page may lead after it was sent: browsers hold redirects of forms to the page's policy."""
    if not form.redirect_url or form.double_opt_in:
        return ""
    parts = urlsplit(form.redirect_url)
    return f"{parts.scheme}://{parts.netloc.encode('idna').decode('ascii')}"

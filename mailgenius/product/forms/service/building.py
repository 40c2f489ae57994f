"""Making forms: what they ask, say and give. A form is checked as a whole each time it is saved."""

from dataclasses import replace
from urllib.parse import urlsplit

from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changed
from mailgenius.kit.crypto import random_token
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Problem
from mailgenius.product.forms import queries
from mailgenius.product.forms.errors import FormNotFound, FormUnclear
from mailgenius.product.forms.model import FIELD, MAX_FIELDS, OWN_KEYS, Form, FormField, FormInput
from mailgenius.product.forms.service.asking_back import make_of
from mailgenius.product.leads import normalise, service as leads
from mailgenius.product.messages import service as messages
from mailgenius.product.messages.errors import MessageNotSendable

PUBLIC_BYTES = 12
"""Of a public address: it cannot be guessed, though nothing hangs on that."""
LONGEST = {"name": 200, "title": 200, "intro": 2000, "consent_text": 2000, "success_text": 2000}
LONGEST_URL = 2000
LINK = "data.confirm_url"
"""What a message that asks to confirm is for."""
_note: audit.Noting[Form] = audit.noting(lambda form: (form.id, form.name))


async def create(tx: Tx, *, workspace_id: int, form: FormInput, created_by: int | None = None) -> Form:
    """Make a form.

    Raises:
        FormUnclear: the problems say what is wrong with it.
    """
    clean = await _checked(tx, workspace_id=workspace_id, form=form)
    form_id = await queries.insert_form(
        tx,
        workspace_id=workspace_id,
        form=clean,
        public_id=random_token(PUBLIC_BYTES),
        created_by=created_by,
    )
    made = await queries.get_form(tx, workspace_id=workspace_id, form_id=form_id)
    await _note(tx, "form.created", made, workspace_id=workspace_id)
    return made


async def update(tx: Tx, *, workspace_id: int, form_id: int, form: FormInput) -> Form:
    """Replace what a form asks, says and gives. Another text beside its box is another version.

    Raises:
        FormNotFound: this workspace has no such form.
        FormUnclear: as in `create`.
    """
    clean = await _checked(tx, workspace_id=workspace_id, form=form)
    before = await queries.get_form(tx, workspace_id=workspace_id, form_id=form_id)
    if not await queries.update_form(tx, workspace_id=workspace_id, form_id=form_id, form=clean):
        raise FormNotFound
    await queries.keep_text(tx, workspace_id=workspace_id, form_id=form_id)
    after = await queries.get_form(tx, workspace_id=workspace_id, form_id=form_id)
    details = changed(before, after, FormInput.__dataclass_fields__)
    await _note(tx, "form.changed", after, workspace_id=workspace_id, **details)
    return after


async def get(tx: Tx, *, workspace_id: int, form_id: int) -> Form:
    """Return one form.

    Raises:
        FormNotFound: this workspace has no such form.
    """
    return await queries.get_form(tx, workspace_id=workspace_id, form_id=form_id)


async def list_forms(tx: Tx, *, workspace_id: int) -> list[Form]:
    """Return the forms in use, newest first."""
    return await queries.list_forms(tx, workspace_id=workspace_id)


async def archive(tx: Tx, *, workspace_id: int, form_id: int) -> None:
    """Take a form out of use: its page is gone. Who came by it stays.

    Raises:
        FormNotFound: this workspace has no such form, or it is archived.
    """
    form = await get(tx, workspace_id=workspace_id, form_id=form_id)
    if not await queries.archive_form(tx, workspace_id=workspace_id, form_id=form_id):
        raise FormNotFound
    await _note(tx, "form.archived", form, workspace_id=workspace_id)


async def _checked(tx: Tx, *, workspace_id: int, form: FormInput) -> FormInput:
    texts = {name: normalise.text(getattr(form, name), limit=size + 1) for name, size in LONGEST.items()}
    problems = [
        Problem(name, f"use at most {size} characters")
        for name, size in LONGEST.items()
        if len(texts[name]) > size
    ]
    problems += [Problem(name, "is needed") for name in ("name", "title", "consent_text") if not texts[name]]
    if form.redirect_url and not _is_web(form.redirect_url):
        problems.append(Problem("redirect_url", "must be a web address that begins with https:// or http://"))
    known = {each.key for each in await leads.fields(tx, workspace_id=workspace_id)}
    problems += _field_problems(form.fields, known)
    try:
        tags = normalise.tags(form.tags)
    except ValueError as error:
        problems.append(Problem("tags", str(error)))
        tags = ()
    clean = replace(
        form,
        name=texts["name"],
        title=texts["title"],
        intro=texts["intro"],
        consent_text=texts["consent_text"],
        success_text=texts["success_text"],
        tags=tags,
    )
    if form.double_opt_in and not problems:
        try:
            made = await messages.made(tx, workspace_id=workspace_id, make=make_of(clean))
            if LINK not in made.content.html + made.content.text:
                problems.append(Problem("template_id", "must hold the link data.confirm_url"))
        except MessageNotSendable as error:
            problems += [_cannot_ask(each) for each in error.problems]
    if problems:
        raise FormUnclear(problems=problems)
    return clean


def _cannot_ask(problem: Problem) -> Problem:
    """Return what keeps a form from asking back, in words that make sense beside its switch."""
    if problem.field == "sender":
        return Problem("double_opt_in", "needs a sender: name one in the settings of the workspace")
    return Problem("double_opt_in", problem.message)


def _field_problems(fields: tuple[FormField, ...], known: set[str]) -> list[Problem]:
    keys = [each.key for each in fields]
    possible = {*OWN_KEYS, *(FIELD + key for key in known)}
    strange = [key for key in keys if key not in possible]
    problems = [Problem("fields", f"there is no field “{normalise.shown(key)}”") for key in strange]
    if len(set(keys)) < len(keys):
        problems.append(Problem("fields", "each may be asked once"))
    if len(keys) > MAX_FIELDS:
        problems.append(Problem("fields", f"a form asks at most {MAX_FIELDS}"))
    if not all(0 < len(each.label.strip()) <= LONGEST["name"] for each in fields):
        problems.append(Problem("fields", "each needs a short label"))
    return problems


def _is_web(url: str) -> bool:
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc

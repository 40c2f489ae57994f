"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.forms.errors import FormNotFound
from mailgenius.product.forms.model import Form, FormInput, Submission

_SQL = load_queries(__file__)


def _parameters(form: FormInput) -> dict[str, Any]:
    return {
        "name": form.name,
        "language": form.language,
        "title": form.title,
        "intro": form.intro,
        "fields": json_value(form.fields),
        "tags": list(form.tags),
        "consent_text": form.consent_text,
        "success_text": form.success_text,
        "redirect_url": form.redirect_url,
        "double_opt_in": form.double_opt_in,
        "template_id": form.template_id,
        "connection_id": form.connection_id,
    }


async def insert_form(
    tx: Tx, *, workspace_id: int, form: FormInput, public_id: str, created_by: int | None
) -> int:
    made: int = await tx.value(
        _SQL["insert-form"],
        workspace_id=workspace_id,
        public_id=public_id,
        created_by=created_by,
        **_parameters(form),
    )
    return made


async def update_form(tx: Tx, *, workspace_id: int, form_id: int, form: FormInput) -> int:
    return await tx.execute(
        _SQL["update-form"], workspace_id=workspace_id, form_id=form_id, **_parameters(form)
    )


async def keep_text(tx: Tx, *, workspace_id: int, form_id: int) -> int:
    return await tx.execute(_SQL["keep-text"], workspace_id=workspace_id, form_id=form_id)


async def archive_form(tx: Tx, *, workspace_id: int, form_id: int) -> int:
    return await tx.execute(_SQL["archive-form"], workspace_id=workspace_id, form_id=form_id)


async def list_forms(tx: Tx, *, workspace_id: int) -> list[Form]:
    return await tx.all(Form, _SQL["list-forms"], workspace_id=workspace_id, form_id=None)


async def get_form(tx: Tx, *, workspace_id: int, form_id: int) -> Form:
    return await tx.one(
        Form, _SQL["list-forms"], missing=FormNotFound, workspace_id=workspace_id, form_id=form_id
    )


async def public_form(tx: Tx, *, public_id: str) -> Form:
    return await tx.one(Form, _SQL["public-form"], missing=FormNotFound, public_id=public_id)


async def count_try(tx: Tx, *, workspace_id: int, form_id: int, ip_hash: bytes, window_end: datetime) -> int:
    tries: int = await tx.value(
        _SQL["count-try"],
        workspace_id=workspace_id,
        form_id=form_id,
        ip_hash=ip_hash,
        window_end=window_end,
    )
    return tries


async def lock_submission(tx: Tx, *, workspace_id: int, form_id: int, email: str) -> Submission | None:
    return await tx.first(
        Submission, _SQL["lock-submission"], workspace_id=workspace_id, form_id=form_id, email=email
    )


async def reserve_submission(tx: Tx, *, workspace_id: int, form_id: int, email: str) -> int:
    return await tx.execute(
        _SQL["reserve-submission"], workspace_id=workspace_id, form_id=form_id, email=email
    )


async def write_submission(
    tx: Tx,
    *,
    form: Form,
    email: str,
    answers: Mapping[str, Any],
    ip: str | None,
    nonce: bytes,
    mailed: int,
) -> None:
    await tx.execute(
        _SQL["write-submission"],
        workspace_id=form.workspace_id,
        form_id=form.id,
        email=email,
        answers=json_value(answers),
        text_version=form.text_version,
        ip=ip,
        nonce=nonce,
        mailed=mailed,
    )


async def confirm_submission(tx: Tx, *, workspace_id: int, form_id: int, email: str, lead_id: int) -> None:
    await tx.execute(
        _SQL["confirm-submission"],
        workspace_id=workspace_id,
        form_id=form_id,
        email=email,
        lead_id=lead_id,
    )


async def delete_old_submissions(tx: Tx, *, before: datetime) -> int:
    return await tx.execute(_SQL["delete-old-submissions"], before=before)


async def delete_old_tries(tx: Tx) -> int:
    return await tx.execute(_SQL["delete-old-tries"])


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    return await tx.execute(
        _SQL["follow-lead"], workspace_id=workspace_id, kept_id=kept_id, other_id=other_id
    )


async def count_of_leads(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> int:
    found: int = await tx.value(_SQL["count-of-leads"], workspace_id=workspace_id, lead_ids=list(lead_ids))
    return found


async def forget_person(tx: Tx, *, workspace_id: int, emails: Sequence[str], phones: Sequence[str]) -> int:
    return await tx.execute(
        _SQL["forget-person"], workspace_id=workspace_id, emails=list(emails), phones=list(phones)
    )

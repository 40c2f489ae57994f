"""The shapes of imports in JSON, and the description of their upload. No routes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import QueryParameter
from msgspec import Meta

from mailgenius.api.bodies import Answer, Body, Id
from mailgenius.product.consents.model import Basis
from mailgenius.product.imports.model import Import, ImportState
from mailgenius.product.leads.model import FieldType, LeadField, Mode
from mailgenius.product.leads.normalise import field_slug

DryRun = Annotated[
    bool,
    QueryParameter(
        description="Count what would happen, and write no leads; `POST /imports/{id}/make` then does it."
    ),
]


@dataclass
class UploadOperation(Operation):
    """Describes the multipart body, which the route reads by itself as a stream."""

    def __post_init__(self) -> None:
        text = Schema(type=OpenAPIType.STRING)
        form = Schema(
            type=OpenAPIType.OBJECT,
            properties={
                "file": Schema(
                    type=OpenAPIType.STRING,
                    format=OpenAPIFormat.BINARY,
                    description="CSV or XLSX, at most 2 GiB.",
                ),
                "upload_id": Schema(
                    type=OpenAPIType.STRING,
                    description="Instead of `file`: a finished upload of `POST /uploads`.",
                ),
                "mapping": Schema(
                    type=OpenAPIType.STRING,
                    description="JSON object: column header to email, phone, external_id, name, tags,"
                    " consent_at, consent_source, status, field:<key> or skip. Guessed when absent. A field"
                    " that does not exist is made: a text, or with a type as field:<key>:<type>, as"
                    " field:<key>:choice:gold|silver, or as an object of field, type, label and choices.",
                    examples=['{"E-mail": "email", "City": "field:city"}'],
                ),
                "mode": Schema(
                    type=OpenAPIType.STRING,
                    enum=[mode.value for mode in Mode],
                    default="merge",
                    description="What happens to a lead that exists: merge, overwrite or keep.",
                ),
                "tags": Schema(
                    type=OpenAPIType.ARRAY,
                    items=text,
                    description="Tags for every lead of the file: repeated, or separated by commas.",
                ),
                "consent_source": Schema(
                    type=OpenAPIType.STRING, description="Where these leads agreed to be written to."
                ),
                "consent_basis": Schema(
                    type=OpenAPIType.STRING,
                    enum=[basis.value for basis in Basis],
                    description="The legal basis of every lead of the file. With a source alone: consent.",
                ),
                "consent_channels": Schema(
                    type=OpenAPIType.ARRAY,
                    items=text,
                    description="What that basis is about: email (the default), sms, whatsapp.",
                ),
            },
        )
        media = OpenAPIMediaType(schema=form)
        self.request_body = RequestBody(content={"multipart/form-data": media}, required=True)


class NewFieldBody(Body):
    """A custom field that a column makes on its way."""

    type: FieldType
    field: Annotated[str, Meta(description="Its key; made of the header when absent.")] = ""
    label: Annotated[str, Meta(description="Its name for people; the header when absent.")] = ""
    choices: list[str] = msgspec.field(default_factory=list)

    def made_of(self, header: str) -> LeadField:
        return LeadField(
            key=self.field or field_slug(header),
            label=self.label or header.strip(),
            type=self.type,
            choices=tuple(self.choices),
        )


class ImportAnswer(Answer):
    """An import and how far it is."""

    id: Id
    state: ImportState
    dry_run: Annotated[bool, Meta(description="It counts what would happen, and writes no leads.")]
    file_name: str
    file_size: Annotated[int, Meta(description="Bytes.")]
    mode: Mode
    rows_read: int
    rows_created: int
    rows_updated: int
    rows_unchanged: int
    rows_rejected: Annotated[int, Meta(description="Rows left out; fetch them with their reasons.")]
    error: Annotated[str, Meta(description="Why it failed; empty otherwise.")]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ImportPage(Answer):
    """Imports, newest first."""

    items: list[ImportAnswer]
    next_cursor: str | None


def import_answer(found: Import) -> ImportAnswer:
    return ImportAnswer(
        id=str(found.id),
        state=found.state,
        dry_run=found.dry_run,
        file_name=found.file_name,
        file_size=found.file_size,
        mode=found.mode,
        rows_read=found.rows_read,
        rows_created=found.rows_created,
        rows_updated=found.rows_updated,
        rows_unchanged=found.rows_unchanged,
        rows_rejected=found.rows_rejected,
        error=found.error,
        created_at=found.created_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
    )

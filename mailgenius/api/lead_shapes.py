"""The shapes of leads in JSON, and how they are made from what the services know. No routes."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from mailgenius.api.bodies import Answer, Body, Id
from mailgenius.product.leads.model import MAX_BATCH, Lead, LeadInput, LeadStatus, Mode, Upserted as Stored

FieldValue = str | int | float | bool | list[str] | None

Email = Annotated[
    str, Meta(description="E-mail address; stored in lower case.", examples=["ana@example.com"])
]
Phone = Annotated[
    str,
    Meta(
        description="Phone number; stored as E.164, Brazilian when it names no country.",
        examples=["+5511987654321"],
    ),
]
ExternalId = Annotated[str, Meta(description="The lead's id in your own system.", examples=["crm-42"])]
Name = Annotated[str, Meta(description="Whole name.", examples=["Ana Souza"])]
Tags = Annotated[list[str], Meta(description="At most 100.", examples=[["vip", "sao-paulo"]])]
Fields = Annotated[
    dict[str, FieldValue],
    Meta(
        description="Custom fields: keys of a-z, 0-9 and _, beginning with a letter. Fields with a type check"
        " their values; several choices are a list.",
        examples=[{"city": "Recife"}],
    ),
]
ConsentAt = Annotated[datetime, Meta(tz=True, description="When the lead agreed to be written to.")]
ConsentSource = Annotated[str, Meta(description="Where it agreed.", examples=["checkout form"])]


class LeadBody(Body):
    """A lead as you know it. One of e-mail, phone and external id is needed; they say which lead it is."""

    email: Email | None = None
    phone: Phone | None = None
    external_id: ExternalId | None = None
    name: Name | None = None
    status: LeadStatus | None = None
    tags: Tags | None = None
    fields: Fields | None = None
    consent_at: ConsentAt | None = None
    consent_source: ConsentSource | None = None

    def as_input(self) -> LeadInput:
        return LeadInput(
            email=self.email,
            phone=self.phone,
            external_id=self.external_id,
            name=self.name,
            status=self.status,
            tags=None if self.tags is None else tuple(self.tags),
            fields=self.fields,
            consent_at=self.consent_at,
            consent_source=self.consent_source,
        )


class LeadChanges(Body):
    """What to change of a lead. An absent field stays; null or an empty value clears it."""

    email: Email | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    external_id: ExternalId | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    status: LeadStatus | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    fields: Fields | UnsetType = UNSET
    consent_at: ConsentAt | UnsetType = UNSET
    consent_source: ConsentSource | UnsetType | None = UNSET

    def as_input(self) -> LeadInput:
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        values: dict[str, Any] = {
            name: "" if value is None else value for name, value in given.items() if value is not UNSET
        }
        if "tags" in values:
            values["tags"] = tuple(values["tags"])
        return LeadInput(**values)


class LeadBatch(Body):
    """Many leads at once."""

    leads: Annotated[list[LeadBody], Meta(max_length=MAX_BATCH, description=f"At most {MAX_BATCH}.")]
    mode: Annotated[
        Mode,
        Meta(description="What happens to a lead that exists: its values are merged, overwritten, or kept."),
    ] = Mode.MERGE


class LeadAnswer(Answer):
    """A lead."""

    id: Id
    email: Email | None
    phone: Phone | None
    external_id: ExternalId | None
    name: Name
    status: LeadStatus
    tags: Tags
    fields: Fields
    consent_at: datetime | None
    consent_source: ConsentSource
    created_at: datetime
    updated_at: datetime


class Upserted(Answer):
    """What became of one lead."""

    id: Id
    created: Annotated[bool, Meta(description="Whether it is new.")]
    lead: LeadAnswer


class RejectedLead(Answer):
    """A lead of a batch that was not taken in."""

    index: Annotated[int, Meta(description="Its place in the batch, counted from 0.")]
    reason: Annotated[str, Meta(examples=["not an e-mail address"])]


class BatchAnswer(Answer):
    """What became of the leads of a batch. The four add up to the batch."""

    created: int
    updated: int
    unchanged: int
    rejected: list[RejectedLead]


class LeadPage(Answer):
    """Leads, newest first."""

    items: list[LeadAnswer]
    next_cursor: str | None
    total: Annotated[int, Meta(description="How many leads match.")]
    total_is_estimate: Annotated[
        bool, Meta(description="Whether the total is an estimate of a large number.")
    ]


class TagAnswer(Answer):
    """A tag and how many leads have it."""

    tag: str
    count: int


class TagList(Answer):
    """The tags of the workspace."""

    items: list[TagAnswer]


def upserted_answer(done: Stored) -> Upserted:
    return Upserted(id=str(done.lead.id), created=done.created, lead=lead_answer(done.lead))


def lead_answer(lead: Lead) -> LeadAnswer:
    return LeadAnswer(
        id=str(lead.id),
        email=lead.email,
        phone=lead.phone,
        external_id=lead.external_id,
        name=lead.name,
        status=lead.status,
        tags=list(lead.tags),
        fields=lead.fields,
        consent_at=lead.consent_at,
        consent_source=lead.consent_source,
        created_at=lead.created_at,
        updated_at=lead.updated_at,
    )

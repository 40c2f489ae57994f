"""One typed function for each statement of queries.sql that finds leads. No decisions here."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.leads.model import Lead, LeadStatus

_SQL = load_queries(__file__)

FIRST, LAST = 0, 2**63 - 1
"""Places before and after every lead."""
_AFTER_ALL = "\U0010ffff"
"""The last character of all: what begins with a text comes before the text with this behind it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """What a list of leads is narrowed to. None does not narrow."""

    text: str | None = None
    late: str | None = None
    """Words that are no part of what the index looks up: they are checked on what it finds."""
    tag: str | None = None
    status: LeadStatus | None = None
    fields: tuple[dict[str, Any], ...] | None = None
    """A lead has all values of one of these."""
    created_since: datetime | None = None
    created_until: datetime | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    after: int = FIRST
    before: int = LAST

    @property
    def by_word(self) -> bool:
        """Whether the index can look up a part of it."""
        return any(each is not None for each in (self.text, self.tag, self.status, self.fields))

    @property
    def dear(self) -> bool:
        """Whether looks are, or mostly in vain: of several parts, or digits, which may follow Brazil's 55."""
        places = ("after", "before")
        parts = sum(value is not None for name, value in asdict(self).items() if name not in places)
        return parts > 1 or (self.text or "").isdigit()

    def parameters(self) -> dict[str, Any]:
        values = asdict(self)
        fields = None if self.fields is None else [json_value(each) for each in self.fields]
        return values | {"fields": fields}


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How far a walk through the buckets goes."""

    enough: int
    """It ends with so many matches."""
    keep: int
    """So many of them are told by id, the first ones in its order."""
    effort: int = LAST
    """With those it also ends when it has looked at so many leads; most were ruled out by a time."""
    crowd: int = 1_000
    """So many leads in eight buckets are too many to look at together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hits:
    """What some buckets hold."""

    reached: int | None
    """The last bucket that was looked into."""
    more: bool
    """Whether there are further ones."""
    hits: int
    ids: list[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """Which share of some leads each part of a filter fits; 1 where it asks for nothing."""

    words: dict[str, float]
    listed: float
    """Its tag and its fields together."""
    status: float
    far: bool
    """Whether none at the places where the list begins fits its tag and its fields."""


async def hits_newest(tx: Tx, *, workspace_id: int, wanted: Filter, look: Look) -> Hits:
    return await tx.one(
        Hits, _SQL["hits-newest"], workspace_id=workspace_id, **asdict(look), **wanted.parameters()
    )


async def hits_oldest(tx: Tx, *, workspace_id: int, wanted: Filter, look: Look) -> Hits:
    return await tx.one(
        Hits, _SQL["hits-oldest"], workspace_id=workspace_id, **asdict(look), **wanted.parameters()
    )


async def newest_leads(tx: Tx, *, workspace_id: int, wanted: Filter, limit: int) -> list[Lead]:
    return await tx.all(
        Lead, _SQL["newest-leads"], workspace_id=workspace_id, limit=limit, **wanted.parameters()
    )


async def oldest_leads(tx: Tx, *, workspace_id: int, wanted: Filter, limit: int) -> list[Lead]:
    return await tx.all(
        Lead, _SQL["oldest-leads"], workspace_id=workspace_id, limit=limit, **wanted.parameters()
    )


async def changed_leads(
    tx: Tx, *, workspace_id: int, wanted: Filter, before_at: datetime, before_id: int, limit: int
) -> list[Lead]:
    return await tx.all(
        Lead,
        _SQL["changed-leads"],
        workspace_id=workspace_id,
        before_at=before_at,
        before_id=before_id,
        limit=limit,
        **wanted.parameters(),
    )


async def changed_among(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], before_at: datetime, before_id: int, limit: int
) -> list[Lead]:
    return await tx.all(
        Lead,
        _SQL["changed-among"],
        workspace_id=workspace_id,
        lead_ids=list(lead_ids),
        before_at=before_at,
        before_id=before_id,
        limit=limit,
    )


async def changed_ids(tx: Tx, *, workspace_id: int, wanted: Filter, limit: int) -> list[int]:
    rows = await tx.rows(_SQL["changed-ids"], workspace_id=workspace_id, limit=limit, **wanted.parameters())
    return [lead_id for (lead_id,) in rows]


async def leads_by_id(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> list[Lead]:
    return await tx.all(Lead, _SQL["leads-by-id"], workspace_id=workspace_id, lead_ids=list(lead_ids))


async def count_up_to(tx: Tx, *, workspace_id: int, wanted: Filter, limit: int) -> int:
    found: int = await tx.value(
        _SQL["count-up-to"], workspace_id=workspace_id, limit=limit, **wanted.parameters()
    )
    return found


async def hits_at_once(
    tx: Tx, *, workspace_id: int, wanted: Filter, keep: int, most: int, oldest: bool
) -> Hits:
    """All that have a tag and fields. With `more` they were too many, and the answer is of no use."""
    return await tx.one(
        Hits,
        _SQL["hits-at-once"],
        workspace_id=workspace_id,
        keep=keep,
        most=most,
        oldest=oldest,
        **wanted.parameters(),
    )


async def shares(
    tx: Tx, *, workspace_id: int, wanted: Filter, places: Sequence[int], ends: Sequence[int], each: int
) -> Shares:
    """What leads behind some places fit. The list begins at some of them, its ends."""
    return await tx.one(
        Shares,
        _SQL["shares-of-leads"],
        workspace_id=workspace_id,
        places=list(places),
        ends=list(ends),
        each=each,
        **wanted.parameters(),
    )


async def share_of_all(tx: Tx, *, wanted: Filter, pages: int) -> float:
    share: float = await tx.value(_SQL["share-of-all-leads"], pages=pages, **wanted.parameters())
    return share


async def id_span(tx: Tx, *, workspace_id: int) -> tuple[int, int]:
    ((first, last),) = await tx.rows(_SQL["id-span"], workspace_id=workspace_id)
    return first, last


async def tag_extent(tx: Tx, *, workspace_id: int, tag: str) -> tuple[int, int]:
    ((first, last),) = await tx.rows(_SQL["tag-extent"], workspace_id=workspace_id, tag=tag)
    return first, last


async def first_lead_since(tx: Tx, *, workspace_id: int, moment: datetime) -> int | None:
    found: int | None = await tx.value(_SQL["first-lead-since"], workspace_id=workspace_id, moment=moment)
    return found


async def find_by_identity(
    tx: Tx,
    *,
    workspace_id: int,
    email: str | None,
    phone: str | None,
    external_id: str | None,
    wanted: Filter,
) -> list[int]:
    rows = await tx.rows(
        _SQL["find-by-identity"],
        workspace_id=workspace_id,
        email=email,
        phone=phone,
        external_id=external_id,
        **wanted.parameters(),
    )
    return [lead_id for (lead_id,) in rows]


async def find_by_beginning(
    tx: Tx,
    *,
    workspace_id: int,
    email: str,
    external_id: str,
    phones: Sequence[str],
    most: int,
    most_numbered: int,
    wanted: Filter,
) -> list[int]:
    rows = await tx.rows(
        _SQL["find-by-beginning"],
        workspace_id=workspace_id,
        email=email,
        email_end=email + _AFTER_ALL,
        external_id=external_id,
        external_id_end=external_id + _AFTER_ALL,
        phones=list(phones),
        after_all=_AFTER_ALL,
        most=most,
        most_numbered=most_numbered,
        **wanted.parameters(),
    )
    return [lead_id for (lead_id,) in rows]

"""Lists of leads, newest first, that stay quick at ten million.

A match list can be read in two ways: walk the key backwards and test each lead, or list all hits from an
index and sort them. Each is far too slow where the other is right, so the size is estimated first. The walk
is held to a window; when the window does not fill the page, the hits are listed after all.
"""

from collections.abc import Sequence

from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import checked_limit, decode_cursor, page_of
from mailgenius.product.leads import normalise, queries
from mailgenius.product.leads.bulk_model import Match
from mailgenius.product.leads.model import Lead, LeadPage, LeadStatus
from mailgenius.product.leads.queries import Filter

NEWEST = 2**63 - 1
RARE = 20_000
"""Up to this many expected matches, listing them all is the quick way."""
WINDOW = 50_000
"""So many of the newest leads are tested before the hits are listed."""


async def search(
    tx: Tx,
    *,
    workspace_id: int,
    text: str = "",
    tag: str | None = None,
    status: LeadStatus | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> LeadPage:
    """Return a page of leads. Wants a trusted transaction.

    All words of the text must begin a word of the name, the e-mail, the phone or the external id; accents and
    case do not matter. A whole e-mail or phone number finds exactly its lead.
    """
    key = decode_cursor(cursor, tuple[int])
    wanted = Filter(
        text=_words(text),
        tag=tag or None,
        status=status,
        before=key[0] if key else NEWEST,
        limit=checked_limit(limit) + 1,
    )
    await queries.plan_for_values(tx)
    if wanted.text is None and wanted.tag is None:
        return await _newest(tx, workspace_id, wanted)
    exact = await _exact(tx, workspace_id, text, wanted)
    if exact:
        return _page(exact, wanted, total=len(exact), estimated=False)
    return await _matches(tx, workspace_id, wanted)


async def match_of(
    tx: Tx, *, workspace_id: int, text: str = "", tag: str | None = None, status: LeadStatus | None = None
) -> Match:
    """Return what `search` would list for these, as a filter that can be asked of any stretch of leads."""
    wanted = Filter(text=_words(text), tag=tag or None, status=status, before=NEWEST, limit=10)
    if wanted.text is not None and (exact := await _exact(tx, workspace_id, text, wanted)):
        return Match(tag=wanted.tag, status=status, ids=[lead.id for lead in exact])
    return Match(text=wanted.text, tag=wanted.tag, status=status)


async def _newest(tx: Tx, workspace_id: int, wanted: Filter) -> LeadPage:
    key = "all" if wanted.status is None else f"status:{wanted.status.value}"
    total = await queries.count_of(tx, workspace_id=workspace_id, key=key)
    if wanted.status is not None and total <= RARE:
        # The planner knows little of a value that hardly occurs, and would walk over everybody to find it.
        rows, _ = await queries.search_hits(tx, workspace_id=workspace_id, wanted=wanted)
        return _page(rows, wanted, total=total, estimated=False)
    rows = await queries.newest_leads(
        tx, workspace_id=workspace_id, status=wanted.status, before=wanted.before, limit=wanted.limit
    )
    return _page(rows, wanted, total=total, estimated=False)


async def _exact(tx: Tx, workspace_id: int, text: str, wanted: Filter) -> list[Lead]:
    """Return the lead whose e-mail or phone the text is, if it is one."""
    email, phone = _tried(normalise.email, text), _tried(normalise.phone, text)
    if email is None and phone is None:
        return []
    return await queries.find_by_identity(
        tx, workspace_id=workspace_id, email=email, phone=phone, external_id=None, wanted=wanted
    )


async def _matches(tx: Tx, workspace_id: int, wanted: Filter) -> LeadPage:
    everyone = await queries.count_of(tx, workspace_id=workspace_id, key="all")
    expected = await _expected(tx, workspace_id, wanted)
    if expected > RARE and everyone > WINDOW:
        rows = await queries.search_window(tx, workspace_id=workspace_id, wanted=wanted, size=WINDOW)
        if len(rows) == wanted.limit:
            known = wanted.text is None and wanted.status is None
            return _page(rows, wanted, total=min(expected, everyone), estimated=not known)
    rows, total = await queries.search_hits(tx, workspace_id=workspace_id, wanted=wanted)
    return _page(rows, wanted, total=total, estimated=False)


async def _expected(tx: Tx, workspace_id: int, wanted: Filter) -> int:
    if wanted.text is None:
        return await queries.count_of(tx, workspace_id=workspace_id, key=f"tag:{wanted.tag}")
    return await queries.estimate_matches(tx, text=wanted.text, tag=wanted.tag)


def _page(rows: Sequence[Lead], wanted: Filter, *, total: int, estimated: bool) -> LeadPage:
    page = page_of(rows, limit=wanted.limit - 1, key=lambda lead: (lead.id,))
    return LeadPage(items=page.items, next_cursor=page.next_cursor, total=total, total_is_estimate=estimated)


def _words(text: str) -> str | None:
    digits = normalise.phone_digits(text)
    return digits or normalise.line(text, limit=200) or None


def _tried(rule: normalise.TextRule, text: str) -> str | None:
    try:
        return rule(text)
    except ValueError:
        return None

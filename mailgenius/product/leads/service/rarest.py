"""How the index is asked for a filter: from bucket to bucket, or for something rare in one look at all.

The index lists everybody who has a word before it compares the lists. Where a common word stands beside
something rare, that is most of the work and rules nobody out; so common words are checked on what the rest
finds. A small sample of the leads tells what is rare.
"""

import re
from dataclasses import replace

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import search_queries as found
from mailgenius.product.leads.search_queries import Filter, Hits, Look, Shares

_WORD = re.compile(r"\w+")
PLACES, EACH = 20, 50
"""A sample: so many leads behind each of so many places."""
NEAR = 5
"""So many of the places are where a list begins."""
PAGES = 40
"""And what so many pages of the table hold, of all workspaces: their leads stand in the same lists."""
FEWEST = 0.0013
"""At most one lead of a sample: so few in all that they are asked for at once."""
RARE, COMMON = 0.01, 0.02
"""Shares of the leads: what is rare enough to be read, and common enough to be worth it."""
DEARER = 6
"""To read a lead and check its words takes so many times what it takes to list one that has a word."""
MOST_AT_ONCE = 5_000
"""Leads that one look may find: each may lie on a page of its own, which the disk must give."""


async def look_up(tx: Tx, *, workspace_id: int, wanted: Filter, look: Look, oldest: bool = False) -> Hits:
    """Return what the index finds, beginning with the newest or the oldest."""
    walk = found.hits_oldest if oldest else found.hits_newest
    listed = wanted.tag is not None or wanted.fields is not None
    words = len(_WORD.findall(wanted.text or ""))
    if not listed and words < (2 if wanted.status is None else 1):
        return await walk(tx, workspace_id=workspace_id, wanted=wanted, look=look)
    first, last = await found.id_span(tx, workspace_id=workspace_id)
    first, last = max(first, wanted.after), min(last, wanted.before)
    # In the middle of each part: where the leads of a tag begin, one of them has it.
    places = [first + (last - first) * (2 * n + 1) // (2 * PLACES) for n in range(PLACES)]
    ends = places[:NEAR] if oldest else places[-NEAR:]
    shares = await found.shares(
        tx, workspace_id=workspace_id, wanted=wanted, places=places, ends=ends, each=EACH
    )
    if listed and shares.listed <= FEWEST:
        everywhere = await found.share_of_all(tx, wanted=wanted, pages=PAGES)
        if everywhere <= FEWEST:
            at_once = replace(wanted, text=None, late=wanted.text)
            got = await found.hits_at_once(
                tx,
                workspace_id=workspace_id,
                wanted=at_once,
                keep=look.keep,
                most=MOST_AT_ONCE,
                oldest=oldest,
            )
            if not got.more:
                return got
    wanted = _rare_words_first(wanted, shares)
    if listed and shares.far and wanted.text:
        # Where no lead has the tag, its words need not be looked up: without them each look is a third.
        first_of = replace(wanted, text=None, late=None)
        edge = await walk(tx, workspace_id=workspace_id, wanted=first_of, look=Look(enough=1, keep=1))
        if not edge.ids:
            return edge
        place = edge.ids[0]
        wanted = replace(wanted, after=place - 1) if oldest else replace(wanted, before=place + 1)
    return await walk(tx, workspace_id=workspace_id, wanted=wanted, look=look)


def _rare_words_first(wanted: Filter, shares: Shares) -> Filter:
    """Put common words off, if something else in the filter is rare. It finds the same leads."""
    rarest = min(shares.listed, shares.status, *shares.words.values(), 1.0)
    if rarest > RARE:
        return wanted
    late = [word for word, share in shares.words.items() if share >= max(COMMON, rarest * DEARER)]
    kept = [word for word in shares.words if word not in late]
    return replace(wanted, text=" ".join(kept) or None, late=" ".join(late) or None)

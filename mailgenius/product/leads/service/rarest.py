"""Which words of a search the index looks up, and which are only checked on what it finds.

The index lists everybody who has a word before it compares the lists. Where a common word stands beside
something rare, that is most of the work and rules nobody out: the rare part alone names few leads.
"""

from dataclasses import replace

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import search_queries as found
from mailgenius.product.leads.search_queries import Filter

PLACES, EACH = 20, 50
"""A sample: so many leads behind each of so many places."""
RARE, COMMON = 0.003, 0.02
"""Shares of the leads."""


async def rarest_first(tx: Tx, *, workspace_id: int, wanted: Filter) -> Filter:
    """Return the filter with its common words put off, if something is rare. It finds the same leads."""
    alone = wanted.tag is None and wanted.status is None and wanted.fields is None
    if wanted.text is None or (alone and " " not in await found.words_of(tx, text=wanted.text)):
        return wanted
    first, last = await found.id_span(tx, workspace_id=workspace_id)
    places = [first + (last - first) * n // PLACES for n in range(PLACES)]
    shares = await found.shares(tx, workspace_id=workspace_id, wanted=wanted, places=places, each=EACH)
    words = {word: share for word, share in shares.items() if word is not None}
    rarest = min(words.values() if alone else shares.values(), default=1.0)
    if rarest > RARE:
        return wanted
    late = [word for word, share in words.items() if share >= COMMON]
    kept = [word for word in words if word not in late]
    return replace(wanted, text=" ".join(kept) or None, late=" ".join(late) or None)

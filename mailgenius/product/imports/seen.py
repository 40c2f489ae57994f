"""Who stood in the earlier parts of a file that is only tried: a later row about one of them is no new lead.

Identities are kept as 64-bit hashes, eight bytes each, so that a million people take some twenty megabytes.
That two of them have one hash is less likely than a broken disk.
"""

import polars as pl

from mailgenius.product.imports.parts import IDENTITIES


class SeenPeople:
    """Identities in sorted runs, of which each is longer than twice the one behind it."""

    def __init__(self) -> None:
        self._runs: list[pl.Series] = []

    def knows(self, rows: pl.DataFrame) -> int:
        """Return how many rows name an identity that was added before."""
        found = [self._has(_hashes(rows, place)) for place in range(len(IDENTITIES))]
        return pl.select(pl.any_horizontal(found).sum()).item() if rows.height else 0

    def add(self, rows: pl.DataFrame) -> None:
        """Remember all identities of some rows."""
        hashes = [_hashes(rows, place).drop_nulls() for place in range(len(IDENTITIES))]
        run = pl.concat(hashes).unique().sort()
        while self._runs and self._runs[-1].len() < 2 * run.len():
            run = pl.concat([self._runs.pop(), run]).sort()
        if run.len():
            self._runs.append(run)

    def _has(self, hashes: pl.Series) -> pl.Series:
        found = pl.Series([False]).new_from_index(0, hashes.len())
        for run in self._runs:
            places = run.search_sorted(hashes.fill_null(0)).clip(upper_bound=run.len() - 1)
            found |= (run.gather(places) == hashes).fill_null(value=False)
        return found


def _hashes(rows: pl.DataFrame, place: int) -> pl.Series:
    """Return the hashes of one kind of identity; null where a row has none."""
    name = IDENTITIES[place]
    return rows.select(pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash(seed=place))).to_series()

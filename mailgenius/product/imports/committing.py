"""Commits the chunks of one run, part by part: what is in a part, and what its transaction holds with it.

Where the chunks come from, and how a run begins and ends, is running.py's.
"""

import asyncio
import random
from dataclasses import dataclass, field, replace

import polars as pl

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.errors import DatabaseBusy, UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.imports import queries
from mailgenius.product.imports.columns import Rules
from mailgenius.product.imports.errors import MostlyRejected
from mailgenius.product.imports.files.table import LINE
from mailgenius.product.imports.model import MANY_REJECTS, Counts, Import
from mailgenius.product.imports.parts import Part, Parts
from mailgenius.product.imports.seen import SeenPeople
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import BatchResult, Mode

PART_TRIES = 10
WAIT_AT_MOST_S = 0.5

NOTHING = BatchResult(created=0, updated=0, unchanged=0, rejected=())


class Stopped(Exception):
    """The import was cancelled, or another run of it is further: what is not committed is given up."""


@dataclass(slots=True)
class Run:
    """The state of one run."""

    db: Database
    workspace_id: int
    found: Import
    rules: Rules
    expect: leads.Expect = leads.Expect.SOME_KNOWN
    """Learned from the parts so far; only the pace depends on it."""
    seen: SeenPeople = field(default_factory=SeenPeople)
    """When it is a try: whom the parts so far are about."""
    read: int = 0
    rejected: int = 0

    async def merge(self, parts: Parts) -> None:
        """Commit the parts of a chunk that are not bookmarked yet, then the chunk."""
        resumed = parts.chunk.number == self.found.chunks_done
        done = self.found.parts_done if resumed else 0
        lanes = [part for part in parts.lanes if not part.empty and not done & part.bit]
        try:
            async with asyncio.TaskGroup() as group:
                for part in lanes:
                    group.create_task(self._commit(parts, part))
        except BaseExceptionGroup as group_error:
            # One error is as good as two: the others of a group come from the same cause or from cancelling.
            raise group_error.exceptions[0] from group_error
        if parts.shared and not done & parts.shared.bit:
            await self._commit(parts, parts.shared)
        async with self.db.trusted() as tx:
            closed = await queries.close_chunk(
                tx,
                workspace_id=self.workspace_id,
                import_id=self.found.id,
                chunk=parts.chunk.number,
                bytes_read=round(parts.chunk.done * self.found.file_size),
            )
        if not closed:
            raise Stopped
        if self.rejected >= MANY_REJECTS and self.rejected * 2 > self.read:
            raise MostlyRejected(rejected=f"{self.rejected:,}", read=f"{self.read:,}")

    async def _commit(self, parts: Parts, part: Part) -> None:
        for left in reversed(range(PART_TRIES)):
            try:
                await self._commit_once(parts, part)
            except (DatabaseBusy, UniqueConflict):
                # A lead was known after all, or somebody wrote it at this moment; the part begins again.
                self.expect = leads.Expect.SOME_KNOWN
                if not left:
                    raise
                # Two imports of the same people must not meet at the same place again.
                await asyncio.sleep(random.uniform(0, WAIT_AT_MOST_S))  # noqa: S311  # Nothing secret.
            else:
                return

    async def _commit_once(self, parts: Parts, part: Part) -> None:
        workspace_id, import_id = self.workspace_id, self.found.id
        async with self.db.trusted() as tx:
            result = NOTHING
            if part.sizes:
                result = await self._merged(tx, part)
            if part.plan:
                result = leads.add_repeats(result, part.plan, mode=self.rules.mode)
            rejects = [*part.rejects, *parts.raw_rejects({row.index: row.reason for row in result.rejected})]
            counts = Counts(
                created=result.created,
                updated=result.updated,
                unchanged=result.unchanged,
                rejected=len(rejects),
            )
            advanced = await queries.advance(
                tx,
                workspace_id=workspace_id,
                import_id=import_id,
                chunk=parts.chunk.number,
                bit=part.bit,
                counts=counts,
            )
            if not advanced:
                raise Stopped
            if rejects:
                await queries.add_rejects(tx, workspace_id=workspace_id, import_id=import_id, rejects=rejects)
        self.read += counts.read
        self.rejected += counts.rejected
        if self.found.dry_run:
            self.seen.add(part.rows)
        else:
            self._learn(counts)

    async def _merged(self, tx: Tx, part: Part) -> BatchResult:
        if self.found.dry_run:
            return await self._foreseen(tx, part)
        return await leads.merge_staged(
            tx,
            self._how(),
            csv=part.csv(),
            rounds=part.sizes,
            stops="status" in self._targets,
        )

    async def _foreseen(self, tx: Tx, part: Part) -> BatchResult:
        result = await leads.foresee_staged(tx, self._how(), csv=part.csv(), rounds=part.sizes)
        fresh = part.rows.filter(pl.col(LINE).is_in(await leads.fresh_rows(tx)))
        again = self.seen.knows(fresh)
        known = "unchanged" if self.rules.mode is Mode.KEEP else "updated"
        return replace(result, **{"created": result.created - again, known: getattr(result, known) + again})

    def _learn(self, counts: Counts) -> None:
        """Expect the next part to be like this one; that all are new only while nothing spoke against it."""
        half = (counts.created + counts.updated + counts.unchanged) / 2
        if counts.unchanged == half * 2 > 0:
            self.expect = leads.Expect.ALL_SAME
        elif counts.unchanged > half:
            self.expect = leads.Expect.MOST_SAME
        elif counts.created < half:
            self.expect = leads.Expect.MOST_KNOWN
        elif self.expect is not leads.Expect.ALL_NEW or counts.updated or counts.unchanged:
            self.expect = leads.Expect.SOME_KNOWN

    @property
    def _targets(self) -> frozenset[str]:
        return frozenset(self.rules.targets.places)

    def _how(self) -> leads.Merge:
        return leads.Merge(
            workspace_id=self.workspace_id,
            mode=self.rules.mode,
            source="import",
            added_tags=self.found.tags,
            import_id=self.found.id,
            expect=self.expect,
            consents=bool(self.found.consent_basis or self._targets & {"consent_at", "consent_source"}),
            basis=self.found.consent_basis,
            basis_source=self.found.consent_source,
            channels=self.found.consent_channels if self.found.consent_basis else None,
        )

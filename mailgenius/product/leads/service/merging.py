"""The one merge: staged rows become new leads, changes of leads, or rejections. All ways in end here.

Staged rows that share no identity form a round, one after the other (`leads/rounds.py`). All rows of one are
first tried as new leads, which is all of a first import; the rest is matched, changed or rejected in turns.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from mailgenius.channels.contract import Channel
from mailgenius.engine.feedback import service as feedback
from mailgenius.engine.suppression import service as suppression
from mailgenius.kit.db.errors import DatabaseBusy, UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import Basis, Way
from mailgenius.product.leads import staging
from mailgenius.product.leads.model import BatchResult, LeadStatus, Mode
from mailgenius.product.leads.service.rejecting import rejection_of

MAX_TURNS = 100
WORTH_A_LOOK = 100
"""Rows of a round from which on a look at all of them costs less than what it saves."""


class Expect(Enum):
    """What a caller knows of the rows. A wrong guess costs time and never a row."""

    ALL_NEW = auto()  # No identity is known: created without a look. If one is, it costs a second try.
    SOME_KNOWN = auto()
    MOST_KNOWN = auto()  # Leads are looked for first, instead of trying all rows as new ones.
    NOBODY_KNOWS = auto()  # A look at the identities of many rows says which of the others it is.
    MOST_SAME = auto()  # As that, once a look shows that some say nothing new. If none does: SOME_KNOWN.
    ALL_SAME = auto()  # Nothing is new: one look at all rows says so. If that is wrong: MOST_SAME.


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """How staged rows are to be merged."""

    workspace_id: int
    mode: Mode
    source: str
    """`api`, `page` or `import`: told in the leads' activity."""
    added_tags: tuple[str, ...] = ()
    """Tags that every new or changed lead gets beside its own."""
    import_id: int | None = None
    expect: Expect = Expect.SOME_KNOWN
    consents: bool = True
    """Whether anything is said of consent, by rows or by `basis`: the ledger is then told."""
    basis: Basis | None = None
    """The legal basis of the rows that say nothing of consent themselves."""
    basis_source: str = ""
    channels: tuple[str, ...] | None = None
    """What the consents are about; None: what reaches the lead."""

    @property
    def activity(self) -> tuple[str, dict[str, str]]:
        if self.import_id is not None:
            return "imported", {"import_id": str(self.import_id)}
        return "updated", {"source": self.source}

    def insertion(self) -> staging.Insertion:
        """Return what the inserting statements are told."""
        return {
            "workspace_id": self.workspace_id,
            "added_tags": list(self.added_tags),
            "replacing": self.mode is Mode.OVERWRITE,
            "import_id": self.import_id,
            "basis": self.basis,
        }

    def comparison(self, round_no: int) -> staging.Comparison:
        """Return what the statements are told that compare the rows of a round with leads."""
        return {
            "workspace_id": self.workspace_id,
            "round": round_no,
            "added_tags": list(self.added_tags),
            "replacing": self.mode is Mode.OVERWRITE,
        }


async def merge_staged(
    tx: Tx, merge: Merge, *, csv: Iterable[bytes], rounds: Sequence[int], stops: bool = True
) -> BatchResult:
    """Stage rows and merge them, and say what became of them. They are named by their `n`.

    Args:
        tx: keeps the staging table until its end.
        merge: how.
        csv: ready-made rows as `stage-csv` says, ordered by e-mail.
        rounds: how many rows each round has.
        stops: whether rows may carry a status, which then also goes to the suppression list.
    """
    await staging.open_staging(tx)
    await staging.stage_csv(tx, csv)
    await staging.mark_suppressed(tx, workspace_id=merge.workspace_id)
    erased = await _reject_erased(tx, merge.workspace_id)
    if merge.expect is Expect.ALL_SAME and (merge.consents or stops):
        merge = replace(merge, expect=Expect.MOST_SAME)  # What follows asks each row for its lead.
    totals = {"created": 0, "updated": 0, "unchanged": 0, "rejected": erased.total()}
    for round_no, staged in enumerate(rounds):
        size = staged - erased[round_no]
        if erased and merge.expect is Expect.ALL_NEW:
            merge = replace(merge, expect=Expect.SOME_KNOWN)  # What was given up is staged all the same.
        if not size:
            continue
        for outcome, n in (await _merge_round(tx, merge, round_no, size)).items():
            totals[outcome] += n
    if merge.consents:
        await _record_consents(tx, merge)
    if stops:
        await _suppress_stopped(tx, merge.workspace_id)
    rejected = await staging.rejected_staged(tx) if totals.pop("rejected") else []
    return BatchResult(**totals, rejected=[rejection_of(row) for row in rejected])


async def _reject_erased(tx: Tx, workspace_id: int) -> Counter[int]:
    """Give up the rows of people who asked to be erased, and return how many each round has of them."""
    if not await staging.has_erased(tx, workspace_id=workspace_id):
        return Counter()
    return Counter(await staging.reject_erased(tx, workspace_id=workspace_id))


async def foresee_staged(tx: Tx, merge: Merge, *, csv: Iterable[bytes], rounds: Sequence[int]) -> BatchResult:
    """Say what `merge_staged` would do, and do none of it: nothing but the staging table is written.

    Rows are compared with the leads as they stand: what earlier rows of the same file would have changed is
    not seen, so the later rows of a person who is not known yet count as updates.
    """
    await staging.open_staging(tx)
    await staging.stage_csv(tx, csv)
    await staging.mark_suppressed(tx, workspace_id=merge.workspace_id)
    rejected = (await _reject_erased(tx, merge.workspace_id)).total()
    created = known = same = 0
    for round_no in range(len(rounds)):
        if merge.mode is not Mode.KEEP:
            same += await staging.settle_same(tx, **merge.comparison(round_no))
        await staging.match_staged(tx, workspace_id=merge.workspace_id, round_no=round_no)
        rejected += await staging.reject_clashing(tx, round_no=round_no)
        known += await staging.keep_matched(tx, round_no=round_no)
        fresh = (await staging.outcomes(tx, round_no=round_no)).get("", 0)
        created += 0 if round_no else fresh
        # A later round follows rows of the same people: they are known by then.
        known += fresh if round_no else 0
    rows = await staging.rejected_staged(tx) if rejected else []
    keeps = merge.mode is Mode.KEEP
    return BatchResult(
        created=created,
        updated=0 if keeps else known,
        unchanged=known if keeps else same,
        rejected=[rejection_of(row) for row in rows],
    )


async def fresh_rows(tx: Tx) -> list[int]:
    """Return the rows that `foresee_staged`, called before, counted as created."""
    return await staging.fresh_staged(tx)


async def _merge_round(tx: Tx, merge: Merge, round_no: int, size: int) -> dict[str, int]:
    same = await _same(tx, merge, round_no, size)
    if same == size:
        return {"unchanged": size}
    left = size - same
    expect = Expect.MOST_KNOWN if same else await _expected(tx, merge, round_no, size)
    if expect is not Expect.MOST_KNOWN:
        created = await _insert(tx, merge, round_no, expect)
        if created == size:
            return {"created": created}
        left -= await staging.settle_created(tx, workspace_id=merge.workspace_id, round_no=round_no)
    kind, detail = merge.activity
    for _ in range(MAX_TURNS):
        await staging.match_staged(tx, workspace_id=merge.workspace_id, round_no=round_no)
        if merge.mode is Mode.KEEP:
            settled = await staging.keep_matched(tx, round_no=round_no)
        else:
            settled = await staging.update_matched(
                tx,
                workspace_id=merge.workspace_id,
                round_no=round_no,
                added_tags=merge.added_tags,
                replacing=merge.mode is Mode.OVERWRITE,
                kind=kind,
                detail=detail,
            )
        if not settled:
            # A clash is final only when nothing else moved: a change may just have freed the identity.
            settled = await staging.reject_clashing(tx, round_no=round_no)
        left -= settled
        if left and await staging.insert_staged(tx, round_no=round_no, **merge.insertion()):
            left -= await staging.settle_created(tx, workspace_id=merge.workspace_id, round_no=round_no)
        if not left:
            return await staging.outcomes(tx, round_no=round_no)
    raise DatabaseBusy  # Other writers kept changing the same leads; the caller's transaction is tried again.


async def _same(tx: Tx, merge: Merge, round_no: int, size: int) -> int:
    """Settle the rows of a round that say nothing new, where some are expected, and return how many."""
    how = merge.comparison(round_no)
    if merge.expect is Expect.ALL_SAME and await staging.count_same(tx, **how) == size:
        return size
    expected = merge.expect in {Expect.MOST_SAME, Expect.ALL_SAME}
    return await staging.settle_same(tx, **how) if expected else 0


async def _expected(tx: Tx, merge: Merge, round_no: int, size: int) -> Expect:
    if merge.expect in {Expect.SOME_KNOWN, Expect.MOST_KNOWN}:
        return merge.expect
    if round_no or merge.expect in {Expect.MOST_SAME, Expect.ALL_SAME}:
        return Expect.SOME_KNOWN  # Its rows name identities that the rows of earlier rounds named.
    if merge.expect is Expect.ALL_NEW:
        return Expect.ALL_NEW
    if size < WORTH_A_LOOK:
        return Expect.SOME_KNOWN
    known = await staging.count_known(tx, workspace_id=merge.workspace_id, round_no=round_no)
    if not known:
        return Expect.ALL_NEW
    return Expect.MOST_KNOWN if known * 2 > size else Expect.SOME_KNOWN


async def _insert(tx: Tx, merge: Merge, round_no: int, expect: Expect) -> int:
    """Create the leads of those rows of a round whose identities are new, and return how many."""
    if expect is Expect.ALL_NEW:
        try:
            async with tx.attempt():
                return await staging.insert_fresh(tx, round_no=round_no, **merge.insertion())
        except UniqueConflict:
            pass  # One was known after all, or was added since: the way below passes over such rows.
    return await staging.insert_staged(tx, round_no=round_no, **merge.insertion())


async def _record_consents(tx: Tx, merge: Merge) -> None:
    """Tell the ledger what was said. Leads that are kept as they are keep their consent too."""
    rows = staging.staged_consents(
        workspace_id=merge.workspace_id,
        basis=merge.basis,
        source=merge.basis_source,
        channels=merge.channels,
        found_too=merge.mode is not Mode.KEEP,
    )
    await consents.record_rows(tx, workspace_id=merge.workspace_id, way=Way(merge.source), rows=rows)
    await staging.date_staged_consents(tx, workspace_id=merge.workspace_id)


async def _suppress_stopped(tx: Tx, workspace_id: int) -> None:
    """Put addresses whose rows say "do not write" on the suppression list, as `set_status` does."""
    by_status: dict[LeadStatus, list[tuple[str | None, str | None]]] = {}
    complained: set[int] = set()
    for row in await staging.staged_stops(tx):
        by_status.setdefault(row.status, []).append((row.email, row.phone))
        if row.status is LeadStatus.COMPLAINED and row.lead_id is not None:
            complained.add(row.lead_id)
    for status, rows in by_status.items():
        await suppress(tx, workspace_id=workspace_id, rows=rows, status=status)
    if complained:
        await feedback.leads_complained(tx, workspace_id=workspace_id, lead_ids=sorted(complained))


async def suppress(
    tx: Tx, *, workspace_id: int, rows: Sequence[tuple[str | None, str | None]], status: LeadStatus
) -> None:
    """Suppress the (e-mail, phone) of leads on every channel that they reach."""
    for channel, addresses in addresses_by_channel(rows).items():
        await suppression.add(
            tx, workspace_id=workspace_id, channel=channel, addresses=addresses, reason=status.value
        )


def addresses_by_channel(rows: Sequence[tuple[str | None, str | None]]) -> dict[Channel, list[str]]:
    """Sort the (e-mail, phone) of leads by channel; channels without an address are absent."""
    emails = [email for email, _ in rows if email]
    phones = [phone for _, phone in rows if phone]
    found = {Channel.EMAIL: emails, Channel.SMS: phones, Channel.WHATSAPP: phones}
    return {channel: addresses for channel, addresses in found.items() if addresses}

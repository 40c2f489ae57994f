"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Sequence

from mailgenius.kit.db.queries import Fragment, load_queries
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.consents.model import ConsentEntry, ConsentState, Statement, Way

_SQL = load_queries(__file__)


async def record(tx: Tx, *, workspace_id: int, way: Way, statements: Sequence[Statement]) -> int:
    return await tx.execute(
        _SQL["record"],
        workspace_id=workspace_id,
        way=way.value,
        lead_ids=[each.lead_id for each in statements],
        channels=[each.channel for each in statements],
        acts=[each.act.value for each in statements],
        bases=[each.basis.value if each.basis else None for each in statements],
        sources=[each.source for each in statements],
        text_versions=[each.text_version for each in statements],
        ips=[each.ip for each in statements],
        moments=[each.at for each in statements],
        overrules=[each.overrules for each in statements],
    )


async def record_rows(tx: Tx, *, workspace_id: int, way: Way, rows: Fragment) -> int:
    parameters = {**rows.parameters, "workspace_id": workspace_id, "way": way.value}
    return await tx.execute(_SQL["record"].reading(rows), **parameters)


async def states(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> list[ConsentState]:
    return await tx.all(ConsentState, _SQL["states"], workspace_id=workspace_id, lead_ids=list(lead_ids))


async def entries(tx: Tx, *, workspace_id: int, lead_id: int, before: int, limit: int) -> list[ConsentEntry]:
    return await tx.all(
        ConsentEntry, _SQL["entries"], workspace_id=workspace_id, lead_id=lead_id, before=before, limit=limit
    )


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    names = {"workspace_id": workspace_id, "kept_id": kept_id, "other_id": other_id}
    moved = await tx.execute(_SQL["move-entries"], **names)
    await tx.execute(_SQL["unite-states"], **names)
    return moved

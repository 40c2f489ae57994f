"""People who were erased: known by keyed hashes of their identities, and held back by them.

The key is the installation's, so nothing can be read out of the database alone. What else is removed of a
person is the business of the areas that keep it; who asks them is product/privacy.
"""

from collections.abc import Sequence

from mailgenius.engine.ledger.erasing import ERASED_ADDRESS as ERASED_ADDRESS
from mailgenius.engine.suppression import queries
from mailgenius.engine.suppression.model import Identity
from mailgenius.engine.suppression.queries import erased_key as erased_key
from mailgenius.kit.db.transaction import Tx


async def hold_off_writers(tx: Tx, *, workspace_id: int) -> None:
    """Be alone with the leads of a workspace until the end of the transaction, as far as ways in ask first.

    Called before anything is locked: an import that writes a part is waited for.
    """
    await queries.hold_off(tx, workspace_id=workspace_id)


async def erase(tx: Tx, *, workspace_id: int, erasure_id: int, identities: Sequence[Identity]) -> int:
    """Hold a person back from now on, and return how many hashes are kept. A second call changes nothing."""
    return await queries.erase(tx, workspace_id=workspace_id, erasure_id=erasure_id, identities=identities)


async def erased(tx: Tx, *, workspace_id: int, identities: Sequence[Identity]) -> list[Identity]:
    """Return those of some identities that belong to people who were erased."""
    found = await queries.erased(tx, workspace_id=workspace_id, identities=identities)
    return [identities[place] for place, _ in found]


async def erasures_of(tx: Tx, *, workspace_id: int, identities: Sequence[Identity]) -> list[int]:
    """Return the erasures that some identities belong to."""
    found = await queries.erased(tx, workspace_id=workspace_id, identities=identities)
    return sorted({erasure_id for _, erasure_id in found})


async def allow(tx: Tx, *, workspace_id: int, erasure_ids: Sequence[int]) -> int:
    """Let people in again, and return how many hashes went. A second call finds none."""
    return await queries.allow(tx, workspace_id=workspace_id, erasure_ids=erasure_ids)

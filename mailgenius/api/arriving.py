"""Leads that arrive one by one at the same time: stored by one commit, each answered for itself.

The commit also looks again whether the callers' keys still hold: they may have been let in a moment before.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from mailgenius.kit.db.errors import DatabaseUnavailable
from mailgenius.kit.gathering import Together
from mailgenius.kit.services import Services
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadInput, Upserted
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import ApiKeyRefused
from mailgenius.product.workspaces.model import Actor

MOST = 500
"""Leads of one commit: nobody waits long for the others."""
MOMENT = timedelta(milliseconds=5)
"""Less than what a commit of its own takes."""

Arrived = tuple[int | None, LeadInput]
"""The key that a lead came with, and the lead."""


class ArrivingLeads:
    """Upserts of one process. Workspaces do not wait for each other."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._by_workspace: dict[int, Together[Arrived, Upserted]] = {}

    async def upsert(self, actor: Actor, lead: LeadInput) -> Upserted:
        """Store a lead and return when it is committed.

        Raises:
            Invalid, IdentityConflict: as `leads.upsert` says; the others of the same commit are stored.
            ApiKeyRefused: the caller's key was revoked.
        """
        workspace_id = actor.workspace_id
        together = self._by_workspace.get(workspace_id)
        if together is None:
            together = Together(partial(self._store, workspace_id), most=MOST, moment=MOMENT)
            self._by_workspace[workspace_id] = together
        return await together.ask((actor.api_key_id, lead))

    async def _store(self, workspace_id: int, given: Sequence[Arrived]) -> Sequence[Upserted | Exception]:
        try:
            return await self._commit(workspace_id, given)
        except DatabaseUnavailable:
            raise  # It is away for each of them.
        except Exception:
            if len(given) == 1:
                raise
        # One of them is more than the merge can take, or met another writer: it may only cost itself.
        return [await self._alone(workspace_id, each) for each in given]

    async def _alone(self, workspace_id: int, arrived: Arrived) -> Upserted | Exception:
        try:
            (done,) = await self._commit(workspace_id, [arrived])
        except Exception as error:  # noqa: BLE001  # Raised where its caller waits.
            return error
        return done

    async def _commit(self, workspace_id: int, given: Sequence[Arrived]) -> Sequence[Upserted | Exception]:
        async with self._services.db.tenant(workspace_id) as tx:
            keys = {key_id for key_id, _ in given if key_id is not None}
            live = await workspaces.live_api_keys(tx, workspace_id=workspace_id, api_key_ids=keys)
            taken = [lead for key_id, lead in given if key_id in live]
            stored = iter(
                await leads.upsert_each(tx, workspace_id=workspace_id, leads=taken, source="api")
                if taken
                else ()
            )
        return [next(stored) if key_id in live else ApiKeyRefused() for key_id, _ in given]

"""Dashboard and first steps: each workspace sees its own work only."""

from mailgenius.kit.services import Services
from mailgenius.product.workspaces.model import Role
from tests.factories.campaigns import make_campaign
from tests.factories.leads import make_lead
from tests.web.conftest import SignedIn


async def test_home_shows_the_own_workspace_only(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    await make_lead(services.db, workspace_id)
    campaign = await make_campaign(services.db, services.keys, workspace_id, name="Ours in May")
    ours, theirs = await signed_in(Role.OWNER), await signed_in(Role.OWNER, workspace=other_workspace_id)
    assert campaign.name in (await ours.get("/")).text
    for path in ("/", "/welcome"):
        assert campaign.name not in (await theirs.get(path)).text
    # A step that is done has no button any more: the strangers still have all of theirs.
    for step in ("/imports/new", "/templates/new", "/connections/new"):
        assert f'href="{step}"' not in (await ours.get("/welcome")).text
        assert f'href="{step}"' in (await theirs.get("/welcome")).text
    naming = {"name": "Taken over", "sender_email": "x@theirs.test", "sender_name": "X"}
    await theirs.post("/welcome/workspace", naming)
    assert "Taken over" not in (await ours.get("/welcome")).text

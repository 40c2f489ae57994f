"""Who a campaign reaches, chunk by chunk, and what templates see of them."""

import msgspec
import pytest

from mailgenius.channels.contract import Channel
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Audience, LeadStatus, TagFilter
from tests.factories.leads import make_lead

EVERYONE = Audience(all=True)


def tagged(**values) -> Audience:
    return Audience(tags=TagFilter(**values))


async def reached(
    db: Database, workspace_id: int, audience: Audience, channel: Channel = Channel.EMAIL
) -> list[str]:
    """The audience's addresses, read in chunks of two."""
    found: list[tuple[int, str]] = []
    async with db.trusted() as tx:
        size = await leads.audience_size(tx, workspace_id=workspace_id, audience=audience, channel=channel)
        until = await leads.max_lead_id(tx, workspace_id=workspace_id)
        while True:
            chunk = await leads.audience_chunk(
                tx,
                workspace_id=workspace_id,
                audience=audience,
                channel=channel,
                after_id=found[-1][0] if found else 0,
                until_id=until,
                limit=2,
            )
            found += chunk
            if len(chunk) < 2:
                break
    assert [lead_id for lead_id, _ in found] == sorted(lead_id for lead_id, _ in found)
    assert size == len(found)
    return [address.removesuffix("@example.com") for _, address in found]


async def test_audiences(db: Database, workspace_id: int, other_workspace_id: int):
    for name, tags in {"a": ("x",), "b": ("x", "y"), "c": ("y", "z"), "d": ()}.items():
        await make_lead(db, workspace_id, email=f"{name}@example.com", tags=tags)
    phone = await make_lead(db, workspace_id, phone="+5511987654321", tags=("x",))
    gone = await make_lead(db, workspace_id, email="gone@example.com", tags=("x", "y", "z"))
    async with db.tenant(workspace_id) as tx:
        await leads.set_status(tx, workspace_id=workspace_id, lead_ids=[gone.id], status=LeadStatus.BOUNCED)
    for audience, names in (
        (EVERYONE, ["a", "b", "c", "d"]),
        (tagged(any=("x",)), ["a", "b"]),
        (tagged(any=("x", "z")), ["a", "b", "c"]),
        (tagged(all=("x", "y")), ["b"]),
        (tagged(any=("x", "y"), none=("z",)), ["a", "b"]),
        (Audience(all=True, tags=TagFilter(none=("x",))), ["c", "d"]),
        (tagged(any=("nobody",)), []),
    ):
        assert await reached(db, workspace_id, audience) == names
        assert await reached(db, other_workspace_id, audience) == []
    assert await reached(db, workspace_id, EVERYONE, Channel.SMS) == [phone.phone]


@pytest.mark.parametrize(
    "json",
    [b"{}", b'{"all":false}', b'{"tags":{"none":["x"]}}', b'{"all":true,"tags":{"any":["x"]}}'],
)
async def test_an_audience_must_say_who(db: Database, workspace_id: int, json: bytes):
    audience = msgspec.json.decode(json, type=Audience)
    with pytest.raises(Invalid):
        await reached(db, workspace_id, audience)


async def test_merge_data_has_no_gaps(db: Database, workspace_id: int, other_workspace_id: int):
    full = await make_lead(
        db, workspace_id, email="a@example.com", phone="+5511987654321", external_id="1", name="Ana",
        fields={"n": 1}, tags=("x",),
    )  # fmt: skip
    bare = await make_lead(db, workspace_id, external_id="2")
    async with db.trusted() as tx:
        ids = [full.id, bare.id, 10**12]
        ours = await leads.merge_data(tx, workspace_id=workspace_id, lead_ids=ids)
        assert await leads.merge_data(tx, workspace_id=other_workspace_id, lead_ids=ids) == {}
    assert ours == {
        full.id: {
            "email": "a@example.com", "phone": "+5511987654321", "external_id": "1", "name": "Ana",
            "tags": ["x"], "fields": {"n": 1}, "language": "",
        },
        bare.id: {
            "email": "", "phone": "", "external_id": "2", "name": "",
            "tags": [], "fields": {}, "language": "",
        },
    }  # fmt: skip

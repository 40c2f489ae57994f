"""Acts that other tests only ask for in vain: each succeeds once, and so leaves its audit entry."""

import httpx

from mailgenius.kit.jobs import JobContext
from mailgenius.product.leads import jobs

API = "/api/v1"
TREE = {"all": [{"on": "tag", "op": "any", "value": ["vip"]}]}


async def made(client: httpx.AsyncClient, path: str, **body: object) -> str:
    answer = await client.post(API + path, json=body)
    assert answer.status_code in {200, 201, 202}, answer.text
    return str(answer.json()["id"])


async def done(answer: httpx.Response) -> None:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text}"


async def test_acts_on_many_are_counted_called_off_and_undone(
    client: httpx.AsyncClient, context: JobContext, workspace_id: int
):
    await made(client, "/leads", email="ana@example.com", tags=["vip"])
    await done(await client.post(f"{API}/leads/count", json={"tag": "vip"}))
    act = await made(client, "/leads/bulk", act="add_tags", tags=["new"], filter={"tag": "vip"})
    await done(await client.post(f"{API}/leads/bulk/{act}/cancel"))
    act = await made(client, "/leads/bulk", act="add_tags", tags=["new"], filter={"tag": "vip"})
    await jobs.bulk(context, workspace_id=workspace_id, act_id=int(act))
    await done(await client.post(f"{API}/leads/bulk/{act}/undo"))
    export = await made(client, "/exports", format="csv")
    await done(await client.post(f"{API}/exports/{export}/cancel"))


async def test_fields_and_segments_are_changed_counted_and_put_away(client: httpx.AsyncClient):
    await done(await client.post(f"{API}/fields", json={"key": "city", "label": "City", "type": "text"}))
    await done(await client.patch(f"{API}/fields/city", json={"label": "Town"}))
    segment = await made(client, "/segments", name="Vips", tree=TREE)
    await done(await client.patch(f"{API}/segments/{segment}", json={"name": "Very important"}))
    await done(await client.post(f"{API}/segments/{segment}/count"))
    await done(await client.delete(f"{API}/segments/{segment}"))


async def test_a_connection_is_put_away_and_leads_are_left_out_of_a_campaign(client: httpx.AsyncClient):
    lead = await made(client, "/leads", email="ana@example.com")
    connection = await made(
        client, "/connections", name="Box", channel="email", provider="sandbox", settings={}
    )
    template = await made(client, "/templates", name="T", channel="email", subject="Hi", html="<p>Hi</p>")
    campaign = await made(
        client,
        "/campaigns",
        name="C",
        template_id=template,
        connection_id=connection,
        sender={"email": "news@example.com", "name": "News"},
        audience={"all": True},
    )
    await done(await client.post(f"{API}/campaigns/{campaign}/exclusions", json={"ids": [lead]}))
    await done(await client.delete(f"{API}/connections/{connection}"))

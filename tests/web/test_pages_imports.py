"""The import wizard, its progress and report, and the history."""

import re
from pathlib import Path

import httpx
import pytest

from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.product.imports import jobs as imports_jobs, service as imports
from mailgenius.product.imports.model import Import, ImportState
from mailgenius.product.leads import service as leads
from mailgenius.product.workspaces.model import Role
from tests.web.browser import ORIGIN, Browser, location
from tests.web.conftest import SignedIn

CSV = (
    "Nome,E-mail,Cidade,Etiquetas\n"
    "Ana Souza,ana@acme.test,Recife,vip\n"
    "Bruno Lima,bruno@,Belém,\n"
    'Carla Dias,carla@acme.test,Natal,"a,b"\n'
).encode()


async def upload(browser: Browser, content: bytes, name: str = "leads.csv", **more: object) -> httpx.Response:
    """Post the form as a browser without scripts does: the token field first, then the file."""
    await browser.get("/imports/new")
    return await browser.client.post(
        "/imports/new",
        data={"_csrf_token": more.get("token", browser.token)},
        files={"file": (name, content, "text/csv")},
        headers={"Origin": ORIGIN},
    )


def mapping_of(page: httpx.Response) -> dict[str, str]:
    """What the form of the second step holds."""
    fields = dict(re.findall(r'name="(header-\d+)" value="([^"]*)"', page.text))
    for name, body in re.findall(r'<select[^>]*name="(column-\d+)">(.*?)</select>', page.text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        fields[name] = chosen[1] if chosen else "skip"
    for name, body in re.findall(r'<select[^>]*name="(type-\d+)"[^>]*>(.*?)</select>', page.text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        fields[name] = chosen[1] if chosen else "text"
    fields |= dict(re.findall(r'name="(new-\d+)" value="([^"]*)"', page.text))
    return fields


async def run(services: Services, workspace_id: int, import_id: int) -> Import:
    context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
    await imports_jobs.run(context, workspace_id=workspace_id, import_id=import_id)
    async with services.db.tenant(workspace_id) as tx:
        return await imports.get(tx, workspace_id=workspace_id, import_id=import_id)


async def started(browser: Browser, **form: str) -> int:
    path = location(await upload(browser, CSV))
    page = await browser.get(path)
    answer = await browser.post(path, {**mapping_of(page), **form})
    return int(location(answer).split("/")[-1])


async def test_a_file_becomes_leads(signed_in: SignedIn, services: Services, workspace_id: int):
    browser = await signed_in(Role.EDITOR)
    assert "No imports yet" in (await browser.get("/imports")).text
    path = location(await upload(browser, CSV))
    page = await browser.get(path)
    assert "Ana Souza · Bruno Lima · Carla Dias" in page.text
    guessed = mapping_of(page)
    assert [guessed[f"column-{n}"] for n in range(4)] == ["name", "email", "field:cidade", "tags"]
    form = {**guessed, "mode": "merge", "tags": ["feira", "2026"], "consent_source": "Fair"}
    answer = await browser.post(path, form)
    import_id = int(location(answer).split("/")[-1])
    page = await browser.get(f"/imports/{import_id}")
    assert "Waiting for its turn" in page.text
    assert f'sse-connect="/imports/{import_id}/events"' in page.text
    job = await run(services, workspace_id, import_id)
    assert (job.state, job.rows_created, job.rows_rejected) == (ImportState.DONE, 2, 1)
    page = await browser.get(f"/imports/{import_id}")
    assert "Import finished" in page.text
    assert "“bruno@” is not an e-mail address." in page.text
    assert "sse-connect" not in page.text
    async with services.db.trusted() as tx:
        found = await leads.search(tx, workspace_id=workspace_id, text="carla")
    assert set(found.items[0].tags) == {"a", "b", "feira", "2026"}
    assert found.items[0].consent_source == "Fair"
    file = await browser.get(f"/imports/{import_id}/rejects.csv")
    assert file.headers["content-disposition"] == f'attachment; filename="rejected-{import_id}.csv"'
    assert file.text.splitlines()[0] == "line,reason,Nome,E-mail,Cidade,Etiquetas"
    assert "leads.csv" in (await browser.get("/imports")).text
    assert "leads.csv" in (await browser.get("/imports", htmx=True)).text


async def test_a_file_is_tried_before_it_is_imported(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    browser = await signed_in(Role.EDITOR)
    import_id = await started(browser, then="try")
    await run(services, workspace_id, import_id)
    page = (await browser.get(f"/imports/{import_id}")).text
    assert "Nothing has been stored yet" in page
    assert "Unchanged" in page
    assert "Tried, not made" in (await browser.get("/imports")).text
    viewer = await signed_in(Role.VIEWER)
    assert "Import it now" not in (await viewer.get(f"/imports/{import_id}")).text
    assert (await viewer.post(f"/imports/{import_id}/make")).status_code == 403
    assert location(await browser.post(f"/imports/{import_id}/make")) == f"/imports/{import_id}"
    assert (await run(services, workspace_id, import_id)).rows_created == 2
    assert "Import finished" in (await browser.get(f"/imports/{import_id}")).text
    import_id = await started(browser, then="try")
    again = await run(services, workspace_id, import_id)
    assert (again.rows_created, again.rows_updated, again.rows_unchanged) == (0, 0, 2)
    page = (await browser.get(f"/imports/{import_id}")).text
    assert "No lead would change" in page
    assert "Import it now" not in page


async def test_progress_streams_until_the_report(signed_in: SignedIn, services: Services, workspace_id: int):
    browser = await signed_in(Role.VIEWER)
    import_id = await started(await signed_in(Role.EDITOR))
    await run(services, workspace_id, import_id)
    answer = await browser.get(f"/imports/{import_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: progress\ndata: " in answer.text
    assert "Import finished" in answer.text
    assert answer.text.endswith("event: done\ndata: \n\n")


async def test_an_import_is_stopped(signed_in: SignedIn, services: Services, workspace_id: int):
    browser = await signed_in(Role.EDITOR)
    import_id = await started(browser)
    assert location(await browser.post(f"/imports/{import_id}/cancel")) == f"/imports/{import_id}"
    assert "Import stopped" in (await browser.get(f"/imports/{import_id}")).text
    again = await browser.post(f"/imports/{import_id}/cancel")
    assert again.status_code == 409
    assert "This import is over" in again.text
    part = await browser.post(f"/imports/{import_id}/cancel", htmx=True)
    assert (part.status_code, part.text, part.headers["hx-reswap"]) == (409, "", "none")
    assert "This import is over" in part.headers["hx-trigger"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"column-1": "skip"}, "Choose a column for the e-mail address"),
        ({"column-0": "email"}, "Two columns go to the same place: E-mail address."),
        ({"column-1": "field:Not a key"}, "Choose a column for the e-mail address"),
    ],
)
async def test_a_mapping_that_cannot_work_is_explained(
    signed_in: SignedIn, change: dict[str, str], text: str
):
    browser = await signed_in(Role.EDITOR)
    path = location(await upload(browser, CSV))
    form = mapping_of(await browser.get(path))
    answer = await browser.post(path, {**form, **change, "consent_source": "kept"})
    assert answer.status_code == 422
    assert text in answer.text
    assert 'value="kept"' in answer.text


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("leads.exe", b"x", "Choose a file that ends in .csv"),
        ("leads.csv", b"", "This file is empty."),
        ("", b"x", "Choose a file first."),
    ],
)
async def test_a_file_that_cannot_be_one_is_refused(
    signed_in: SignedIn, services: Services, name: str, content: bytes, text: str
):
    browser = await signed_in(Role.EDITOR)
    answer = await upload(browser, content, name)
    assert answer.status_code == 422
    assert text in answer.text
    assert stored(services) == []


async def test_a_file_that_is_no_table_is_explained_and_dropped(signed_in: SignedIn, services: Services):
    browser = await signed_in(Role.EDITOR)
    path = location(await upload(browser, bytes(range(256)) * 40, "leads.xlsx"))
    assert location(await browser.get(path)) == "/imports/new"
    assert "is not a table that can be read" in (await browser.get("/imports/new")).text
    assert stored(services) == []


async def test_a_body_that_is_cut_off_leaves_nothing(signed_in: SignedIn, services: Services):
    browser = await signed_in(Role.EDITOR)
    await browser.get("/imports/new")
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail\r\na@b.co\r\n'
    answer = await browser.client.post(
        "/imports/new",
        content=body,
        headers={
            "Content-Type": "multipart/form-data; boundary=x",
            "X-CSRFToken": browser.token,
            "Origin": ORIGIN,
            "HX-Request": "true",
        },
    )
    assert answer.status_code == 422
    assert "The upload was cut off" in answer.text
    assert "<html" not in answer.text
    assert stored(services) == []


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_an_upload_needs_its_token_before_the_file(signed_in: SignedIn, services: Services, token: str):
    browser = await signed_in(Role.EDITOR)
    assert (await upload(browser, CSV, token=token)).status_code == 403
    late = await browser.client.post(
        "/imports/new",
        files={"file": ("a.csv", CSV), "_csrf_token": (None, browser.token)},
        headers={"Origin": ORIGIN},
    )
    assert late.status_code == 403
    assert stored(services) == []


async def test_a_viewer_looks_and_imports_nothing(signed_in: SignedIn, services: Services, workspace_id: int):
    import_id = await started(await signed_in(Role.EDITOR))
    browser = await signed_in(Role.VIEWER)
    assert "/imports/new" not in (await browser.get("/imports")).text
    page = await browser.get(f"/imports/{import_id}")
    assert "Stop the import" not in page.text
    assert (await browser.get("/imports/new")).status_code == 403
    assert (await upload(browser, CSV)).status_code == 403
    assert (await browser.post(f"/imports/{import_id}/cancel")).status_code == 403


async def test_another_workspace_sees_nothing_of_it(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    ours = await signed_in(Role.EDITOR)
    ticket = location(await upload(ours, CSV))
    import_id = await started(ours)
    theirs = await signed_in(Role.OWNER, workspace=other_workspace_id)
    assert "leads.csv" not in (await theirs.get("/imports")).text
    for path in (
        ticket,
        f"/imports/{import_id}",
        f"/imports/{import_id}/events",
        f"/imports/{import_id}/rejects.csv",
    ):
        assert (await theirs.get(path)).status_code == 404, path
    for path in (ticket, f"/imports/{import_id}/cancel"):
        assert (await theirs.post(path, {"header-0": "E-mail", "column-0": "email"})).status_code == 404, path
    assert (await run(services, workspace_id, import_id)).state is ImportState.DONE


async def test_a_forged_ticket_is_not_found(signed_in: SignedIn):
    browser = await signed_in(Role.EDITOR)
    assert (await browser.get("/imports/new/AAAAAAAAAAAAAAAAAAAAAAAA")).status_code == 404


def stored(services: Services) -> list[Path]:
    return [path for path in (services.settings.home / "files").rglob("*") if path.is_file()]


async def test_a_file_comes_in_chunks_with_the_token_of_the_session(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    browser = await signed_in(Role.EDITOR)
    await browser.get("/imports/new")
    size = {"Upload-Length": str(len(CSV)), "Upload-Metadata": "filename bGVhZHMuY3N2"}
    trusted = {"Tus-Resumable": "1.0.0", "X-CSRFToken": browser.token, "Origin": ORIGIN}
    forged = await browser.client.post("/imports/uploads", headers=trusted | size | {"X-CSRFToken": "x"})
    assert forged.status_code == 403
    bare = await browser.client.post("/imports/uploads", headers=trusted | size | {"Tus-Resumable": "0"})
    assert bare.status_code == 412
    made = await browser.client.post("/imports/uploads", headers=trusted | size)
    place = made.headers["location"]
    chunk = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    elsewhere = await signed_in(Role.OWNER, workspace=other_workspace_id)
    await elsewhere.get("/imports/new")
    theirs = trusted | {"X-CSRFToken": elsewhere.token}
    for answer in (
        await elsewhere.client.patch(place, content=CSV, headers=theirs | chunk),
        await elsewhere.client.head(place, headers=theirs),
        await elsewhere.client.delete(place, headers=theirs),
    ):
        assert answer.status_code == 404
    assert location(await elsewhere.get(f"{place}/columns")) == "/imports/new"
    wrong = await browser.client.patch(place, content=CSV, headers=trusted | chunk | {"Upload-Offset": "5"})
    assert (wrong.status_code, wrong.text) == (
        409,
        "This upload stands at another byte than that. Ask where it stands and go on from there.",
    )
    sent = await browser.client.patch(place, content=CSV, headers=trusted | chunk)
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(len(CSV)))
    path = location(await browser.get(f"{place}/columns"))
    # Asked for again, after a page that was lost on its way, it is still there.
    assert location(await browser.get(f"{place}/columns")).startswith("/imports/new/")
    page = await browser.get(path)
    import_id = int(location(await browser.post(path, mapping_of(page))).rsplit("/", 1)[-1])
    assert location(await browser.post(path, mapping_of(page))) == "/imports/new"
    assert (await run(services, workspace_id, import_id)).rows_created == 2
    viewer = await signed_in(Role.VIEWER)
    await viewer.get("/imports")
    refused = await viewer.client.post(
        "/imports/uploads", headers=trusted | size | {"X-CSRFToken": viewer.token}
    )
    assert refused.status_code == 403


async def test_a_column_becomes_a_new_field_with_a_type(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    browser = await signed_in(Role.EDITOR)
    content = "E-mail,Idade,Plano\n" + "".join(f"p{n}@acme.test,{n},Ouro\n" for n in range(4))
    path = location(await upload(browser, (content + "x@acme.test,velho,Ouro\n").encode()))
    page = await browser.get(path)
    form = mapping_of(page)
    assert (form["column-1"], form["new-1"], form["type-1"]) == ("field:idade", "idade", "text")
    assert re.search(r'<textarea[^>]*name="choices-2"[^>]*>\s*Ouro</textarea>', page.text)
    form |= {"type-1": "number", "label-1": "Anos", "key-1": "anos", "type-2": "choice", "choices-2": ""}
    refused = await browser.post(path, form)
    assert refused.status_code == 422
    assert "Plano: Name 1 to 200 of them" in refused.text
    assert 'value="Anos"' in refused.text
    assert mapping_of(refused)["type-1"] == "number"
    answer = await browser.post(path, form | {"choices-2": "Ouro\nPrata"})
    job = await run(services, workspace_id, int(location(answer).split("/")[-1]))
    assert (job.rows_created, job.rows_rejected) == (4, 1)
    async with services.db.tenant(workspace_id) as tx:
        made = await leads.all_fields(tx, workspace_id=workspace_id)
    assert [(each.key, each.label, each.type.value) for each in made] == [
        ("anos", "Anos", "number"),
        ("plano", "Plano", "choice"),
    ]

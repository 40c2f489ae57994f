"""Probes and metrics, with a database and without."""

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailgenius.api.app import create_probes
from mailgenius.engine.dispatch.metrics import GROWING
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import Jobs
from mailgenius.kit.services import Services
from mailgenius.ops import health
from mailgenius.ops.metrics import BUILD, METRICS, UP, exposition
from tests.factories.engine import make_order

REFERENCE = Path(__file__).parents[2] / "docs/reference/metrics.md"
ADD_CONNECTION = Query(
    "connection",
    "A connection that failed.",
    "INSERT INTO connections (workspace_id, name, channel, provider, last_error)"
    " VALUES (%(workspace_id)s, 'Relay', 'email', 'smtp', 'refused')",
)


@pytest.fixture
async def nowhere(jobs: Jobs) -> Database:
    """A database whose server does not exist."""
    return Database("postgresql://nobody@127.0.0.1:1/nothing", jobs)


def values(text: bytes) -> dict[str, dict[str, float]]:
    return {
        family.name: {"/".join(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(text.decode())
    }


async def test_a_migrated_database_is_ready(db: Database):
    found = await health.readiness(db)
    assert found.ok
    assert [check.name for check in found.checks] == ["database", "migrations"]


async def test_a_missing_database_is_told_and_not_raised(nowhere: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "PATIENCE", health.PATIENCE / 10)
    async with nowhere:
        found = await health.readiness(nowhere)
    assert not found.ok
    assert found.checks[0].name == "database"


def test_a_missing_migration_is_named():
    check = health._migrations(set())
    assert not check.ok
    assert "0001_pre_foundation.sql" in check.detail


async def test_the_probes_answer_without_a_key(services: Services):
    transport = httpx.ASGITransport(app=create_probes(services))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://probe.test") as probe:
        alive, ready, numbers = [await probe.get(path) for path in ("/healthz", "/readyz", "/metrics")]
        nothing = await probe.get("/api/v1/leads")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert numbers.status_code == 200
    assert numbers.headers["content-type"].startswith("text/plain")
    assert nothing.status_code == 404


async def test_a_process_without_a_database_is_alive_but_not_ready(
    nowhere: Database, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(health, "PATIENCE", health.PATIENCE / 10)
    broken = Services(db=nowhere, settings=services.settings, keys=services.keys, storage=services.storage)
    transport = httpx.ASGITransport(app=create_probes(broken))  # type: ignore[arg-type]
    async with nowhere, httpx.AsyncClient(transport=transport, base_url="http://probe.test") as probe:
        assert (await probe.get("/healthz")).status_code == 200
        assert (await probe.get("/readyz")).status_code == 503


async def test_every_metric_is_told_with_its_meaning(db: Database, workspace_id: int, tmp_path: Path):
    (tmp_path / "one.events").write_bytes(b"12345")
    async with db.trusted() as tx:
        await tx.execute(ADD_CONNECTION, workspace_id=workspace_id)
        await make_order(tx, workspace_id, recipients=30)
    text = await exposition(db, spool=tmp_path)
    found = values(text)
    assert set(found) == {metric.name for metric in METRICS} | {name for name, _, _ in growing()}
    assert found[UP] == {"": 1}
    assert list(found[BUILD].values()) == [1]
    assert found["mailgenius_failing_connections"] == {"": 1}
    assert found["mailgenius_queued_messages"] == {"email/10": 30}
    assert found["mailgenius_tracking_spool_bytes"] == {"": 5}
    assert found["mailgenius_engines"] == {"": 0}
    for metric in METRICS:
        assert f"# HELP {metric.name} {metric.help}" in text.decode()


async def test_metrics_say_that_the_database_is_away(
    nowhere: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("mailgenius.ops.metrics.PATIENCE", health.PATIENCE / 10)
    async with nowhere:
        found = values(await exposition(nowhere, spool=tmp_path))
    assert found[UP] == {"": 0}
    assert found["mailgenius_messages"] == {}


def growing() -> list[tuple[str, tuple[str, ...], str]]:
    """Name, labels and meaning of the metrics that engines count."""
    return [
        (family.name, metric._labelnames, family.documentation)
        for metric in GROWING
        for family in metric.describe()
    ]


def test_the_reference_lists_every_metric_as_it_is():
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| (.+) \|$", REFERENCE.read_text(), re.MULTILINE)
    listed = [
        (name.removesuffix("_total"), tuple(re.findall(r"`(\w+)`", labels)), meaning)
        for name, labels, meaning in rows
    ]
    assert listed == [(metric.name, metric.labels, metric.help) for metric in METRICS] + growing()

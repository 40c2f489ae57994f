"""The list of metrics, each with its meaning, and their present values as Prometheus text.

All are gauges read from the database, so every process of an installation tells the same; scrape one of them.
docs/reference/metrics.md lists them; a test compares.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import MailGeniusError
from mailgenius.kit.logs import logger
from mailgenius.ops import queries
from mailgenius.ops.queries import Reading

PATIENCE = timedelta(seconds=8)
"""Less than the ten seconds after which Prometheus stops waiting for a scrape."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name, its meaning, and the label that splits it, if any."""

    name: str
    help: str
    label: str = ""


UP = "mailgenius_database_up"
BUILD = "mailgenius_build_info"
METRICS = (
    Metric(UP, "1 when the database answered this scrape, else 0; the others are then missing."),
    Metric(BUILD, "Always 1; the label names the release.", "version"),
    Metric("mailgenius_messages", "Messages of orders that are not finished, by state.", "state"),
    Metric("mailgenius_orders", "Orders that are not drained, by state.", "state"),
    Metric("mailgenius_batches", "Batches of messages that are not done, by state.", "state"),
    Metric(
        "mailgenius_oldest_batch_wait_seconds",
        "Wait of the batch that has been ready longest. Growing asks for more engines or faster connections.",
    ),
    Metric(
        "mailgenius_expired_leases",
        "Batches whose engine has stopped renewing its lease; recovery takes them.",
    ),
    Metric("mailgenius_sending_workspaces", "Workspaces with batches that are not done."),
    Metric("mailgenius_deferrals", "Messages that wait for another attempt: due now, or waiting.", "when"),
    Metric("mailgenius_jobs", "Background jobs: todo, doing, or failed for good.", "status"),
    Metric("mailgenius_imports", "Imports that are queued or running.", "state"),
    Metric("mailgenius_failing_connections", "Connections that did not work when they were last used."),
)


async def exposition(db: Database) -> bytes:
    """Return every metric as Prometheus text. Without a database it says so instead of failing."""
    readings = [Reading(name=BUILD, label=version("mailgenius"), value=1)]
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()), db.trusted(limit=PATIENCE) as tx:
            readings += await queries.gauges(tx)
        readings.append(Reading(name=UP, label=None, value=1))
    except (TimeoutError, MailGeniusError) as error:
        log.warning("metrics without a database", error=type(error).__name__)
        readings.append(Reading(name=UP, label=None, value=0))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Readings(readings))
    return generate_latest(registry)


class _Readings(Collector):
    """Hands one scrape's readings to the Prometheus library, which knows the text format."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = readings

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for metric in METRICS:
            family = GaugeMetricFamily(
                metric.name, metric.help, labels=[metric.label] if metric.label else []
            )
            for reading in self._readings:
                if reading.name == metric.name:
                    family.add_metric([reading.label or ""] if metric.label else [], reading.value)
            yield family

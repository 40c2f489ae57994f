"""The list of metrics, each with its meaning, and their present values as Prometheus text.

All are read from the database, so every process of an installation tells the same; scrape one of them. Those
of the engines come there with their heartbeats. docs/reference/metrics.md lists them; a test compares.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from mailgenius.engine.dispatch.metrics import GROWING
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import MailGeniusError
from mailgenius.kit.logs import logger
from mailgenius.ops import engines, operations, queries
from mailgenius.ops.model import Sample
from mailgenius.ops.operations import House, Sending

PATIENCE = timedelta(seconds=8)
"""Less than the ten seconds after which Prometheus stops waiting for a scrape."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Metric:
    """One gauge: its name, its meaning, and the labels that split it, if any."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


UP = "mailgenius_database_up"
BUILD = "mailgenius_build_info"
METRICS = (
    Metric(UP, "1 when the database answered this scrape, else 0; the others are then missing."),
    Metric(BUILD, "Always 1; the label names the release.", ("version",)),
    Metric("mailgenius_messages", "Messages of orders that are not finished, by state.", ("state",)),
    Metric(
        "mailgenius_queued_messages",
        "Messages that have not left, of orders that may send or are held.",
        ("channel", "priority"),
    ),
    Metric(
        "mailgenius_deferred_messages",
        "Messages that wait, by the provider's last code or by what they wait for; 5,000 are looked at.",
        ("reason",),
    ),
    Metric(
        "mailgenius_unknown_messages",
        "Messages handed over without an answer, of orders under way and those of the last 7 days.",
    ),
    Metric("mailgenius_orders", "Orders that are not drained, by state.", ("state",)),
    Metric("mailgenius_batches", "Batches of messages that are not done, by state.", ("state",)),
    Metric(
        "mailgenius_oldest_batch_wait_seconds",
        "Wait of the batch that has been ready longest. Growing asks for more engines or faster connections.",
    ),
    Metric(
        "mailgenius_expired_leases",
        "Batches whose engine has stopped renewing its lease; recovery takes them.",
    ),
    Metric("mailgenius_sending_workspaces", "Workspaces with batches that are not done."),
    Metric("mailgenius_deferrals", "Messages that wait for another attempt: due now, or waiting.", ("when",)),
    Metric("mailgenius_engines", "Engines that were heard of in the last 15 seconds."),
    Metric(
        "mailgenius_engine_rate",
        "Messages that all engines settle a second.",
    ),
    Metric("mailgenius_engine_batches", "Batches that the engines work on now."),
    Metric("mailgenius_engine_memory_bytes", "Memory that the engines hold, together."),
    Metric(
        "mailgenius_conservation_difference",
        "By how many messages the books were out when they were last checked. Above 0 is a defect.",
    ),
    Metric("mailgenius_jobs", "Background jobs: todo, doing, or failed for good.", ("status",)),
    Metric("mailgenius_imports", "Imports that are queued or running.", ("state",)),
    Metric("mailgenius_failing_connections", "Connections that did not work when they were last used."),
    Metric(
        "mailgenius_open_circuits",
        "Connections that no engine uses until they are tried again, or that one is trying.",
    ),
    Metric(
        "mailgenius_tracking_spool_bytes",
        "Opens and clicks on the disk of the machine that answers, waiting for the database.",
    ),
)
"""The gauges. What only grows is told by the engines: see engine/dispatch/metrics.py."""


async def exposition(db: Database, *, spool: Path) -> bytes:
    """Return every metric as Prometheus text. Without a database it says so instead of failing.

    Args:
        db: where the numbers are.
        spool: folder of this machine where tracking events wait for the database.
    """
    readings = [
        Sample(name=BUILD, labels={"version": version("mailgenius")}, value=1),
        _gauge("mailgenius_tracking_spool_bytes", await asyncio.to_thread(_size, spool)),
    ]
    counted: list[Sample] = []
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()), db.trusted(limit=PATIENCE) as tx:
            readings += await _read(tx)
            counted = await engines.samples(tx)
        readings.append(_gauge(UP, 1))
    except (TimeoutError, MailGeniusError) as error:
        log.warning("metrics without a database", error=type(error).__name__)
        readings.append(_gauge(UP, 0))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(readings, counted))
    return generate_latest(registry)


async def _read(tx: Tx) -> list[Sample]:
    sending = await operations.sending(tx, workspace_id=None)
    house = await operations.house(tx)
    return [*await queries.gauges(tx), *_of_sending(sending), *_of_house(house)]


def _of_sending(sending: Sending) -> Iterator[Sample]:
    for queue in sending.queues:
        yield _gauge(
            "mailgenius_queued_messages",
            queue.queued,
            {"channel": queue.channel, "priority": str(queue.priority)},
        )
    for deferred in sending.deferred:
        yield _gauge("mailgenius_deferred_messages", deferred.messages, {"reason": deferred.name})
    yield _gauge("mailgenius_unknown_messages", sending.unknown)
    yield _gauge("mailgenius_open_circuits", len(sending.circuits))


def _of_house(house: House) -> Iterator[Sample]:
    yield _gauge("mailgenius_engines", len(house.engines))
    yield _gauge("mailgenius_engine_rate", house.rate)
    yield _gauge("mailgenius_engine_batches", sum(engine.batches for engine in house.engines))
    yield _gauge("mailgenius_engine_memory_bytes", sum(engine.memory_bytes for engine in house.engines))
    if house.books:
        yield _gauge("mailgenius_conservation_difference", house.books.counted_difference)


def _gauge(name: str, value: float, labels: Mapping[str, str] | None = None) -> Sample:
    return Sample(name=name, labels=dict(labels or {}), value=value)


def _size(folder: Path) -> int:
    """Return the bytes of the files of a folder; a file may go while we look."""
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


class _Scrape(Collector):
    """Hands one scrape's numbers to the Prometheus library, which knows the text format."""

    def __init__(self, readings: Sequence[Sample], counted: Sequence[Sample]) -> None:
        self._readings = readings
        self._counted = counted

    def collect(self) -> Iterable[Family]:
        for metric in METRICS:
            gauge = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for reading in self._readings:
                if reading.name == metric.name:
                    gauge.add_metric(
                        [reading.labels.get(label, "") for label in metric.labels], reading.value
                    )
            yield gauge
        for growing in GROWING:
            (family,) = growing.describe()
            names = {f"{family.name}{ending}" for ending in ("_total", "_bucket", "_sum", "_count")}
            for sample in self._counted:
                if sample.name in names:
                    family.add_sample(sample.name, sample.labels, sample.value)
            yield family

"""The numbers of the loop, for Prometheus.

An engine has no port: its numbers go with its heartbeat and are summed where they are read (ops/engines.py).

mailgenius_engine_messages_total{channel,state}   messages settled, by the state they were given
mailgenius_engine_windows_total{channel}          windows handed to a provider
mailgenius_engine_window_seconds{channel}         time from the opening of a window to its outcomes
mailgenius_engine_settle_seconds                  time of the transaction that settles and opens windows
mailgenius_engine_batches                         batches this engine works on now
mailgenius_engine_claims_total{found}             looks for work that found a batch (yes) or not (no)
mailgenius_engine_connection_faults_total{channel} windows that a connection failed as a whole
mailgenius_engine_recovered_total{fate}           messages of dead engines: unknown, repeated, answered
mailgenius_engine_requeued_total                  messages queued again because their next attempt was due
mailgenius_engine_lost_leases_total               batches taken away while this engine worked on them
mailgenius_engine_forgotten_lanes_total           lanes found asleep over due work; above 0 is a defect
"""

from collections.abc import Mapping, Sequence

from prometheus_client import Counter, Gauge, Histogram

_P = "mailgenius_engine_"

MESSAGES = Counter(f"{_P}messages", "Messages settled, by the state they were given.", ["channel", "state"])
WINDOWS = Counter(f"{_P}windows", "Windows handed to a provider.", ["channel"])
WINDOW_SECONDS = Histogram(
    f"{_P}window_seconds", "Time from the opening of a window to its outcomes.", ["channel"]
)
SETTLE_SECONDS = Histogram(
    f"{_P}settle_seconds",
    "Time of the transaction that settles and opens windows.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
BATCHES = Gauge(f"{_P}batches", "Batches this engine works on now.")
CLAIMS = Counter(f"{_P}claims", "Looks for work that found a batch or not.", ["found"])
CONNECTION_FAULTS = Counter(
    f"{_P}connection_faults", "Windows that a connection failed as a whole.", ["channel"]
)
RECOVERED = Counter(
    f"{_P}recovered", "Messages of dead engines' windows: unknown, repeated or answered.", ["fate"]
)
REQUEUED = Counter(f"{_P}requeued", "Messages queued again because their next attempt was due.")
LOST_LEASES = Counter(f"{_P}lost_leases", "Batches that were taken away while this engine worked on them.")
FORGOTTEN_LANES = Counter(f"{_P}forgotten_lanes", "Lanes found asleep over due work; above 0 is a defect.")

GROWING: Sequence[Counter | Histogram] = (
    MESSAGES,
    WINDOWS,
    WINDOW_SECONDS,
    SETTLE_SECONDS,
    CLAIMS,
    CONNECTION_FAULTS,
    RECOVERED,
    REQUEUED,
    LOST_LEASES,
    FORGOTTEN_LANES,
)
"""Every metric of the engine that only grows: these are summed over all engines."""
MESSAGES_TOTAL = f"{_P}messages_total"


def settled(channel: str, by_state: Mapping[str, int]) -> None:
    """Count messages that were given a state."""
    for state, count in by_state.items():
        MESSAGES.labels(channel, state).inc(count)


def recovered(*, lost: int, repeated: bool, answered: int = 0) -> None:
    """Count what became of the window of a dead engine."""
    RECOVERED.labels("repeated" if repeated else "unknown").inc(lost)
    RECOVERED.labels("answered").inc(answered)


def batches() -> int:
    """Return how many batches the engine of this process works on now."""
    return int(next(iter(BATCHES.collect())).samples[0].value)

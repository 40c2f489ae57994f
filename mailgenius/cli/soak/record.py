"""Reading what a peer recorded: who got what, when, and how often."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

TAKEN = frozenset({"taken", "silent"})
"""The peer has the message; when silent, it hung up before it said so."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the record."""

    at: float
    listener: str
    kind: str
    recipient: str
    message_id: str
    more: str


class Record:
    """The growing record of a peer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = 0
        self.notes: list[Note] = []
        self._kinds: Counter[str] = Counter()

    def read(self) -> list[Note]:
        """Return all notes up to now."""
        with self._path.open("rb") as file:
            file.seek(self._seen)
            raw = file.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self._seen += len(whole)
        for line in whole.decode().splitlines():
            at, *words = line.split("\t")
            self.notes.append(note := Note(float(at), *words))
            self._kinds[note.kind] += 1
        return self.notes

    def arrived(self) -> int:
        """Return how many messages arrived, each as often as it did."""
        self.read()
        return sum(self._kinds[kind] for kind in TAKEN)

    def taken(self) -> list[Note]:
        """Return the messages that arrived."""
        return [note for note in self.read() if note.kind in TAKEN]

    def of_kind(self, kind: str) -> list[Note]:
        return [note for note in self.read() if note.kind == kind]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Arrivals beside what was to be sent."""

    arrived: int
    """Different messages at the receiver."""
    lost: int
    """Recipients who got nothing and of whom the ledger does not say that it does not know, or why."""
    twice: int
    """Arrivals beyond the first of a message."""
    strangers: int
    """Arrivals for nobody we wrote to."""

    @property
    def clean(self) -> bool:
        return not (self.lost or self.twice or self.strangers)


def tally(taken: Collection[Note], *, wanted: Collection[str], excused: Collection[str] = ()) -> Tally:
    """Count arrivals against the recipients who were to get exactly one message each.

    Args:
        taken: what arrived.
        wanted: everybody we wrote to.
        excused: those of whom the ledger says that they may have got nothing.
    """
    by_message = Counter(note.message_id for note in taken)
    by_recipient = Counter(note.recipient for note in taken)
    everyone = set(wanted)
    return Tally(
        arrived=len(by_message),
        lost=len(everyone - by_recipient.keys() - set(excused)),
        twice=max(_repeats(by_message), _repeats(by_recipient)),
        strangers=len(by_recipient.keys() - everyone),
    )


def _repeats(counted: Mapping[str, int]) -> int:
    return sum(count - 1 for count in counted.values())

"""Events: facts that a low area tells and higher areas may listen to, at least once.

Publishing is done with `tx.publish(event)`: one job for each listener, written in the transaction of the
fact. So an event is lost only with its fact, and a listener that fails is retried like any job. A listener
must say what a second delivery does. There is no other bus.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A fact. Fields are plain JSON values; the name is past tense, such as `order.drained`."""

    name: ClassVar[str]

    workspace_id: int

    def payload(self) -> dict[str, Any]:
        """Return the fields as a listener's keyword arguments."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return fields

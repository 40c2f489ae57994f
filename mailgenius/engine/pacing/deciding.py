"""What a workspace decides about its sending: when orders stop, quiet hours, how often to one person."""

from dataclasses import asdict, dataclass
from datetime import time
from zoneinfo import available_timezones

from mailgenius.engine.pacing import queries
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changes
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem

MOST_DAYS = 90
MOST_PERCENT = 100
HIGHEST = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class SendingRules:
    """The rules of one workspace, with the defaults that hold until somebody changes them."""

    bounce_percent: float = 5.0
    """More hard bounces than this hold an order; 0: never."""
    bounce_after: int = 200
    """But not before it has sent so many."""
    complaint_percent: float = 0.3
    complaint_after: int = 1000
    quiet_from: time | None = None
    quiet_to: time | None = None
    cap_count: int | None = None
    cap_days: int = 7
    urgent_too: bool = False
    usual_limits: bool = True
    """Whether servers that deliver straight to mailboxes keep to the usual limits of mailbox providers."""
    timezone: str = "America/Sao_Paulo"


async def sending_rules(tx: Tx, *, workspace_id: int) -> SendingRules:
    """Return the rules of a workspace, as it set them or as they are by default."""
    return await queries.get_sending_rules(tx, SendingRules, workspace_id=workspace_id) or SendingRules()


async def set_sending_rules(tx: Tx, *, workspace_id: int, rules: SendingRules) -> None:
    """Replace the rules of a workspace. Engines keep to them within a second or two.

    Raises:
        Invalid: a value is wrong; the problems name the field.
    """
    problems = [
        Problem(name, "Enter a number from 0 to 100.")
        for name in ("bounce_percent", "complaint_percent")
        if not 0 <= getattr(rules, name) <= MOST_PERCENT
    ]
    problems += [
        Problem(name, "Enter a whole number above zero.")
        for name in ("bounce_after", "complaint_after")
        if not 0 < getattr(rules, name) <= HIGHEST
    ]
    if (rules.quiet_from is None) != (rules.quiet_to is None):
        problems.append(
            Problem("quiet_to", "Enter when the quiet hours begin and when they end, or neither.")
        )
    if rules.cap_count is not None and not 0 < rules.cap_count <= HIGHEST:
        problems.append(Problem("cap_count", "Enter a whole number above zero."))
    if not 1 <= rules.cap_days <= MOST_DAYS:
        problems.append(Problem("cap_days", "Enter a number from 1 to 90."))
    if rules.timezone not in available_timezones():
        problems.append(Problem("timezone", "There is no such time zone."))
    if problems:
        raise Invalid(problems=problems)
    before = await sending_rules(tx, workspace_id=workspace_id)
    await queries.set_sending_rules(tx, workspace_id=workspace_id, values=asdict(rules))
    if before == rules:
        audit.unchanged(tx)
        return
    details = changes(before, rules, *SendingRules.__dataclass_fields__)
    await audit.note(tx, workspace_id=workspace_id, action="sending_rules.changed", details=details)

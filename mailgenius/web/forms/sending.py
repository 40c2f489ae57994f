"""The form of a workspace's sending rules: limits, quiet hours, caps, and when a campaign stops by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Final, Self

from mailgenius.engine.pacing.deciding import SendingRules
from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.model import PERIODS, Limit, Rate, Scope
from mailgenius.web.forms.reading import FormReader, Posted
from mailgenius.web.i18n import _

RATES: Final = (*PERIODS, "per_day")
NUMBERS: Final = (
    "bounce_percent",
    "bounce_after",
    "complaint_percent",
    "complaint_after",
    "cap_count",
    "cap_days",
)
DOMAIN_ROWS: Final = 3
"""Empty rows for domains beside those that have a limit."""


@dataclass(frozen=True, kw_only=True)
class LimitRow:
    """The limits of one thing as typed: `name` is the beginning of its fields' names."""

    name: str
    key: str
    rates: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class SendingForm:
    """The rules as typed."""

    workspace: LimitRow
    groups: tuple[LimitRow, ...]
    domains: tuple[LimitRow, ...]
    numbers: dict[str, str]
    quiet_from: str = ""
    quiet_to: str = ""
    urgent_too: bool = False
    usual_limits: bool = True
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: SendingRules, limits: Sequence[Limit]) -> Self:
        known = {(limit.scope, limit.key): limit.rate for limit in limits}
        domains = [limit.key for limit in limits if limit.scope is Scope.DOMAIN] + [""] * DOMAIN_ROWS
        return cls(
            workspace=_row("workspace", "", known.get((Scope.WORKSPACE, ""))),
            groups=tuple(
                _row(f"group-{group.value}", group.value, known.get((Scope.GROUP, group.value)))
                for group in MailboxGroup
            ),
            domains=tuple(
                _row(f"domain-{number}", key, known.get((Scope.DOMAIN, key)))
                for number, key in enumerate(domains)
            ),
            numbers={name: _written(getattr(rules, name)) for name in NUMBERS},
            quiet_from=f"{rules.quiet_from:%H:%M}" if rules.quiet_from else "",
            quiet_to=f"{rules.quiet_to:%H:%M}" if rules.quiet_to else "",
            urgent_too=rules.urgent_too,
            usual_limits=rules.usual_limits,
        )

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        numbers = {name: form.text(name, limit=10).replace(",", ".") for name in NUMBERS}
        for name, value in numbers.items():
            if not (value.replace(".", "", 1).isdigit() or (name == "cap_count" and not value)):
                form.refuse(name, _("Enter a number."))
        rows = [f"domain-{number}" for number in range(50)]
        return cls(
            workspace=_read(form, "workspace", ""),
            groups=tuple(_read(form, f"group-{group.value}", group.value) for group in MailboxGroup),
            domains=tuple(
                _read(form, name, form.text(f"{name}-key", limit=253).lower().removeprefix("@"))
                for name in rows
                if form.raw(f"{name}-key") or name in rows[:DOMAIN_ROWS]
            ),
            numbers=numbers,
            quiet_from=_time(form, "quiet_from"),
            quiet_to=_time(form, "quiet_to"),
            urgent_too=form.flag("urgent_too"),
            usual_limits=form.flag("usual_limits"),
            errors=form.errors,
        )

    def rules(self, *, timezone: str) -> SendingRules:
        """The command. Call it only when the form has no errors."""
        numbers = self.numbers
        return SendingRules(
            bounce_percent=float(numbers["bounce_percent"]),
            bounce_after=int(float(numbers["bounce_after"])),
            complaint_percent=float(numbers["complaint_percent"]),
            complaint_after=int(float(numbers["complaint_after"])),
            quiet_from=time.fromisoformat(self.quiet_from) if self.quiet_from else None,
            quiet_to=time.fromisoformat(self.quiet_to) if self.quiet_to else None,
            cap_count=int(float(numbers["cap_count"])) if numbers["cap_count"] else None,
            cap_days=int(float(numbers["cap_days"])),
            urgent_too=self.urgent_too,
            usual_limits=self.usual_limits,
            timezone=timezone,
        )

    @property
    def limits(self) -> list[Limit]:
        found = [(Scope.WORKSPACE, self.workspace)]
        found += [(Scope.GROUP, row) for row in self.groups]
        found += [(Scope.DOMAIN, row) for row in self.domains if row.key]
        return [
            Limit(
                scope=scope,
                key=row.key,
                rate=Rate(**{name: int(value) if value else None for name, value in row.rates.items()}),
            )
            for scope, row in found
        ]


def _row(name: str, key: str, rate: Rate | None) -> LimitRow:
    known = rate or Rate()
    return LimitRow(name=name, key=key, rates={each: str(getattr(known, each) or "") for each in RATES})


def _read(form: FormReader, name: str, key: str) -> LimitRow:
    return LimitRow(name=name, key=key, rates={each: form.limit(f"{name}-{each}") for each in RATES})


def _time(form: FormReader, name: str) -> str:
    value = form.text(name, limit=8)
    try:
        return f"{time.fromisoformat(value):%H:%M}" if value else ""
    except ValueError:
        form.refuse(name, _("Write a time, such as 21:00."))
        return ""


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:g}"

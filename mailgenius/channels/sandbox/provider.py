"""The provider `sandbox`: its form, and how to open it."""

from collections.abc import Mapping
from typing import Any

from mailgenius.channels.contract import AdapterContext, Channel, SettingField
from mailgenius.channels.errors import BadConnectionSettings
from mailgenius.channels.sandbox.adapter import SandboxAdapter
from mailgenius.kit.errors import Problem

_FAIL_PERCENT = "fail_percent"
_ALL = 100


class SandboxProvider:
    """Recipients that exist only on this machine: for trying things out, demonstrations and tests."""

    name = "sandbox"
    label = "Sandbox (nothing leaves this machine)"
    channel = Channel.EMAIL
    fields = (
        SettingField(
            key=_FAIL_PERCENT,
            label="Recipients to refuse, in percent",
            kind="number",
            required=False,
            default="0",
            help="To see how failures look. The same recipients are refused each time.",
        ),
    )

    def validate(self, settings: Mapping[str, Any]) -> dict[str, str]:
        problems = {key: "There is no such setting." for key in settings if key != _FAIL_PERCENT}
        if _percent(settings) is None:
            problems[_FAIL_PERCENT] = "Enter a number from 0 to 100."
        return problems

    def open(self, settings: Mapping[str, Any], context: AdapterContext) -> SandboxAdapter:
        """Make the adapter; the first send opens the outbox. Raises BadConnectionSettings."""
        problems = self.validate(settings)
        if problems:
            raise BadConnectionSettings(problems=[Problem(key, text) for key, text in problems.items()])
        return SandboxAdapter(context, fail_percent=_percent(settings) or 0)


def _percent(settings: Mapping[str, Any]) -> int | None:
    written = str(settings.get(_FAIL_PERCENT) or "0").strip()
    number = int(written) if written.isascii() and written.isdigit() else -1
    return number if 0 <= number <= _ALL else None

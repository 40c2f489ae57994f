"""The provider `sandbox`: its form, and how to open it."""

from collections.abc import Mapping
from typing import Any

from mailgenius.channels.contract import AdapterContext, Channel, SettingField
from mailgenius.channels.sandbox.adapter import SandboxAdapter
from mailgenius.channels.settings_check import faults_of, refuse_faulty

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
        found = {} if _percent(settings) is not None else {_FAIL_PERCENT: "Enter a number from 0 to 100."}
        return faults_of(settings, known={_FAIL_PERCENT}, found=found)

    def open(self, settings: Mapping[str, Any], context: AdapterContext) -> SandboxAdapter:
        """Make the adapter; the first send opens the outbox. Raises BadConnectionSettings."""
        refuse_faulty(self, settings)
        return SandboxAdapter(context, fail_percent=_percent(settings) or 0)


def _percent(settings: Mapping[str, Any]) -> int | None:
    written = str(settings.get(_FAIL_PERCENT) or "0").strip()
    number = int(written) if written.isascii() and written.isdigit() else -1
    return number if 0 <= number <= _ALL else None

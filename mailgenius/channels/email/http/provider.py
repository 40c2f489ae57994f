"""The provider `http`: its form, and how to open it."""

from collections.abc import Mapping
from typing import Any

from mailgenius.channels.contract import Adapter, AdapterContext, Channel, SettingField
from mailgenius.channels.email.http.settings import USUAL_REQUESTS, parse, problems_of
from mailgenius.channels.settings_check import faults_of, refuse_faulty

_FIELDS = (
    SettingField(
        key="url",
        label="Address of the service",
        help="Each message is posted to it, such as https://gateway.example.com/mail.",
    ),
    SettingField(
        key="token",
        label="Key",
        kind="password",
        required=False,
        secret=True,
        help="Sent with each request as a bearer token.",
    ),
    SettingField(
        key="requests",
        label="Requests at a time",
        kind="number",
        required=False,
        default=str(USUAL_REQUESTS),
    ),
    SettingField(
        key="once",
        label="It recognises repeats",
        kind="choice",
        choices=("no", "yes"),
        required=False,
        default="no",
        help="Choose yes only if the service takes a second request with the same Idempotency-Key for the"
        " first: a message whose answer was lost is then sent again.",
    ),
)


class HttpProvider:
    """Any service that takes finished e-mails by HTTP."""

    name = "http"
    label = "HTTP service"
    channel = Channel.EMAIL
    fields = _FIELDS

    def validate(self, settings: Mapping[str, Any]) -> dict[str, str]:
        return faults_of(settings, known={field.key for field in _FIELDS}, found=problems_of(settings))

    def open(self, settings: Mapping[str, Any], context: AdapterContext) -> Adapter:
        """Make the adapter; the first send connects. Raises BadConnectionSettings."""
        refuse_faulty(self, settings)
        # Its client is large, and most processes and installations never send through it.
        from mailgenius.channels.email.http.adapter import HttpAdapter  # noqa: PLC0415

        return HttpAdapter(parse(settings), context)

"""The provider `smtp`: its form, and how to open it."""

from collections.abc import Mapping
from typing import Any

from mailgenius.channels.contract import AdapterContext, Channel, SettingField
from mailgenius.channels.email.smtp.adapter import SmtpAdapter
from mailgenius.channels.email.smtp.settings import Security, parse, problems_of
from mailgenius.channels.settings_check import faults_of, refuse_faulty

_FIELDS = (
    SettingField(key="host", label="Server", help="The name of the mail server, such as smtp.example.com."),
    SettingField(
        key="port",
        label="Port",
        kind="number",
        default="587",
        help="Usually 587 with STARTTLS, 465 with TLS, and 25 between mail servers.",
    ),
    SettingField(
        key="security",
        label="Encryption",
        kind="choice",
        choices=tuple(Security),
        default=Security.STARTTLS,
        help="Without encryption the password and all messages can be read on the way.",
    ),
    SettingField(key="username", label="User name", required=False),
    SettingField(key="password", label="Password", kind="password", required=False, secret=True),
    SettingField(
        key="connections",
        label="Connections at a time",
        kind="number",
        required=False,
        default="2",
        help="How many connections to keep open. Ask your provider how many are allowed.",
    ),
    SettingField(
        key="verify_tls",
        label="Check the certificate",
        kind="choice",
        choices=("yes", "no"),
        required=False,
        default="yes",
        help="Choose no only for a server of your own with a certificate that nobody signed.",
    ),
    SettingField(
        key="helo",
        label="Name to greet with",
        required=False,
        help="The full name of this machine, as its reverse DNS says it. Empty: found by itself.",
    ),
)


class SmtpProvider:
    """Any mail server that speaks SMTP."""

    name = "smtp"
    label = "SMTP server"
    channel = Channel.EMAIL
    fields = _FIELDS

    def validate(self, settings: Mapping[str, Any]) -> dict[str, str]:
        return faults_of(settings, known={field.key for field in _FIELDS}, found=problems_of(settings))

    def open(self, settings: Mapping[str, Any], context: AdapterContext) -> SmtpAdapter:
        """Make the adapter; the first send connects. Raises BadConnectionSettings."""
        refuse_faulty(self, settings)
        return SmtpAdapter(parse(settings), context)

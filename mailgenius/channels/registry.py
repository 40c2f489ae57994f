"""The providers that exist, by name. A new provider is one line here; see docs/howto/add-a-provider.md."""

from mailgenius.channels.contract import Channel, Provider
from mailgenius.channels.email.http.provider import HttpProvider
from mailgenius.channels.email.smtp.provider import SmtpProvider
from mailgenius.channels.errors import UnknownProvider
from mailgenius.channels.sandbox.provider import SandboxProvider

_PROVIDERS: dict[str, Provider] = {
    each.name: each for each in (SmtpProvider(), HttpProvider(), SandboxProvider())
}


def providers(channel: Channel | None = None) -> tuple[Provider, ...]:
    """Return all providers, or those of one channel, in the order a person should see them."""
    return tuple(each for each in _PROVIDERS.values() if channel is None or each.channel is channel)


def provider(name: str) -> Provider:
    """Return one provider. Raises UnknownProvider."""
    try:
        return _PROVIDERS[name]
    except KeyError:
        raise UnknownProvider(name=name) from None

"""Which servers take the mail of a domain."""

from mailgenius.kit.dns_lookup import DnsLookup


class MailServers:
    """Asks the DNS; never raises for what a domain or the network does."""

    def __init__(self, dns: DnsLookup | None = None) -> None:
        self._dns = dns or DnsLookup()

    async def of_domain(self, domain: str) -> list[str] | None:
        """Return the names of its mail servers, the preferred first; None when nobody answered.

        A domain that does not exist, or takes no mail, has none.
        """
        answer = await self._dns.records(domain, "MX")
        if answer is None:
            return None
        found = sorted(
            (record.preference, record.exchange.to_text().rstrip(".").lower()) for record in answer
        )
        return [name for _, name in found]

"""Which servers take the mail of a domain, asked of the DNS. The only place that knows the DNS library."""

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer

TIMEOUT_S = 4.0


class MailServers:
    """Asks the machine's own resolvers; never raises for what a domain or the network does."""

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver

    async def of_domain(self, domain: str) -> list[str] | None:
        """Return the names of its mail servers, the preferred first; None when nobody answered.

        A domain that does not exist, or takes no mail, has none.
        """
        try:
            if self._resolver is None:
                self._resolver = Resolver()
            answer = await self._resolver.resolve(domain, "MX", lifetime=TIMEOUT_S)
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError, UnicodeError):
            return None
        found = sorted(
            (record.preference, record.exchange.to_text().rstrip(".").lower()) for record in answer
        )
        return [name for _, name in found]

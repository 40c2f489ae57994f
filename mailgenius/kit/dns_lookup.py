"""Questions to the DNS. The only place that knows the DNS library."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

TIMEOUT_S = 4.0


class DnsLookup:
    """Asks the machine's own resolvers; never raises for what a domain or the network does."""

    def __init__(self, resolver: "Resolver | None" = None) -> None:
        self._resolver = resolver

    async def records(self, name: str, kind: str) -> list[Any] | None:
        """Return the records of a name, as the library has them; None when nobody answered.

        A name that does not exist has none.
        """
        # Few processes ask, and every one would pay for loading the library.
        from dns.asyncresolver import Resolver  # noqa: PLC0415
        from dns.exception import DNSException  # noqa: PLC0415
        from dns.resolver import NXDOMAIN, NoAnswer  # noqa: PLC0415

        try:
            if self._resolver is None:
                self._resolver = Resolver()
            return list(await self._resolver.resolve(name, kind, lifetime=TIMEOUT_S))
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError, UnicodeError):
            return None

    async def texts(self, name: str) -> list[str] | None:
        """Return the texts (TXT) of a name, each whole; None when nobody answered."""
        found = await self.records(name, "TXT")
        return (
            None if found is None else [b"".join(each.strings).decode("utf-8", "replace") for each in found]
        )

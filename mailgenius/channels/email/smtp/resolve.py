"""Host name to addresses, with the guard against addresses that are not on the public internet.

The connection is then made to the address that was checked, so that a second look-up cannot lead elsewhere.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from mailgenius.channels.email.smtp.protocol import PeerTrouble

_NAT64 = IPv6Network("64:ff9b::/96")


async def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the host's addresses in the order to be tried. Raises PeerTrouble.

    Without `allow_private`, one private address among them is enough to refuse the host: an honest public
    mail server has none, and a hostile name would otherwise only have to answer in turns.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PeerTrouble(f"The mail server {host} was not found ({error}).") from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not addresses:
        raise PeerTrouble(f"The mail server {host} has no address.")
    if not allow_private and not all(is_public(each) for each in addresses):
        raise PeerTrouble(
            f"The mail server {host} is in a private network, which this installation does not allow."
        )
    return addresses


def is_public(address: str) -> bool:
    """Say whether an address is on the public internet, looking through IPv6 forms that wrap an IPv4 one."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        wrapped = _wrapped(parsed)
        if wrapped is not None:
            parsed = wrapped
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour

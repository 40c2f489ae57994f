"""Who is at the other end of a request: the visitor's address behind proxies, and the network it is in."""

import ipaddress


def visitor_ip(*, peer: str, forwarded_for: str, trusted_proxies: int) -> str:
    """Return the address that the outermost trusted proxy saw, else the peer's."""
    forwarded = [part.strip() for part in forwarded_for.split(",") if part.strip()]
    if not trusted_proxies or not forwarded:
        return peer
    return forwarded[-min(trusted_proxies, len(forwarded))]


def network_of(ip: str) -> str:
    """Return what one visitor can be told by: an IPv4 address, or the /64 that an IPv6 host owns."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def known_ip(ip: str) -> str | None:
    """Return an address as it is stored; None when it is none."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    return None if "%" in ip else str(address)

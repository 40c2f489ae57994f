"""A name server on this machine that knows what a test tells it, and the look-ups that ask it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from dns.asyncresolver import Resolver

from mailgenius.kit.dns_lookup import DnsLookup


@dataclass(kw_only=True)
class Zone:
    """The texts by name. A name in `silent` gets no answer that says anything."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    dns: DnsLookup = field(default_factory=DnsLookup)


class _Server(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text().rstrip(".").lower()
        self.zone.asked.append(name)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name in self.zone.silent:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.zone.texts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif query.question[0].rdtype == dns.rdatatype.TXT:
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", "TXT", self.zone.texts[name]))
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def zone() -> AsyncIterator[Zone]:
    """Run one on a free port. Texts are written as in a zone file: in quotes, a long one in several."""
    made = Zone()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Server(made), local_addr=("127.0.0.1", 0)
    )
    resolver = Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    made.dns = DnsLookup(resolver)
    try:
        yield made
    finally:
        transport.close()

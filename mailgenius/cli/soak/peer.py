"""A mail server that misbehaves as it is told and records what it took: `python -m mailgenius.cli.soak.peer`.

It is given a list of behaviours as JSON, listens on a port of this machine for each, and prints the ports.
Its record is a line for each message taken or refused and each connection cut, with the moment. It knows
nothing of the sender and shares nothing with it. The packaged sink is faster and better behaved.
"""

import asyncio
import datetime as dt
import json
import re
import signal
import ssl
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TextIO

import msgspec
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailgenius.cli.soak import gateway
from mailgenius.cli.soak.behaviour import HEADERS, Behaviour, Listener, header_of
from mailgenius.processes.lifeline import stop_with_parent

FLUSH_S = 0.02
LONGEST_MESSAGE = 8 << 20
_ADDRESS = re.compile(rb"<([^>]*)>")


class HangUp(Exception):
    """Here the behaviour says to cut the connection."""


class Conversation:
    """One client."""

    def __init__(
        self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._house = listener
        self._reader = reader
        self._writer = writer
        self._recipient = ""
        self._taken = 0
        self._secure = False

    async def run(self) -> None:
        """Talk until one of us has enough."""
        try:
            self._cut_at("connect")
            self._say("220 peer ESMTP")
            while line := await self._reader.readline():
                await self._command(line.rstrip(b"\r\n"))
        except (HangUp, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._writer.transport.abort()

    async def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb in {b"EHLO", b"HELO"}:
            self._cut_at("ehlo")
            offered = ["250-peer", "250-PIPELINING", "250-8BITMIME", "250-ENHANCEDSTATUSCODES"]
            secure = ["250-STARTTLS"] if self._house.behaviour.starttls and not self._secure else []
            self._say("\r\n".join([*offered, *secure, "250 SIZE 8388608"]))
        elif verb == b"STAR":
            await self._start_tls()
        elif verb == b"MAIL":
            self._cut_at("mail")
            most = self._house.behaviour.per_connection
            if most and self._taken >= most:
                self._say("421 4.3.2 So many messages are enough for one connection")
                await self._writer.drain()
                raise HangUp
            self._recipient = ""
            self._say("250 2.1.0 Ok")
        elif verb == b"RCPT":
            self._rcpt(line)
        elif verb == b"DATA":
            await self._data()
        elif verb == b"QUIT":
            self._say("221 2.0.0 Bye")
            await self._writer.drain()
            raise HangUp
        else:
            self._say("250 2.0.0 Ok" if verb in {b"RSET", b"NOOP"} else "502 5.5.2 What?")

    async def _start_tls(self) -> None:
        self._cut_at("starttls")
        if self._house.tls is None:
            self._say("502 5.5.1 Not here")
            return
        self._say("220 2.0.0 Go ahead")
        await self._writer.drain()
        await self._writer.start_tls(self._house.tls)
        self._secure = True

    def _rcpt(self, line: bytes) -> None:
        found = _ADDRESS.search(line)
        recipient = found[1].decode("utf-8", "replace") if found else ""
        self._cut_at("rcpt", recipient)
        answer = self._house.answer_rcpt(recipient)
        self._recipient = recipient if answer.startswith("250") else ""
        self._say(answer)

    async def _data(self) -> None:
        if not self._recipient:
            self._say("554 5.5.1 No valid recipients")
            return
        self._cut_at("data", self._recipient)
        poison = self._house.behaviour.hang_up_on
        if poison and self._recipient.startswith(poison):
            self._house.note("cut", self._recipient)
            raise HangUp
        self._say("354 End data with <CR><LF>.<CR><LF>")
        content = await self._reader.readuntil(b"\r\n.\r\n")
        message_id, unsubscribe = (header_of(content, name) for name in HEADERS)
        if self._house.cuts("dot", self._recipient):
            self._house.note("silent", self._recipient, message_id)
            raise HangUp
        if self._house.behaviour.pause_s:
            await asyncio.sleep(self._house.behaviour.pause_s)
        self._taken += 1
        self._house.note("taken", self._recipient, message_id, unsubscribe)
        self._say(f"250 2.0.0 Ok: queued as {zlib.crc32(message_id.encode()):X}")

    def _cut_at(self, phase: str, recipient: str = "") -> None:
        if self._house.cuts(phase, recipient):
            raise HangUp

    def _say(self, words: str) -> None:
        self._writer.write(f"{words}\r\n".encode())


def _self_signed() -> ssl.SSLContext:
    """Make a certificate that nobody vouches for, good for an hour of tests."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer.example")])
    now = dt.datetime.now(dt.UTC)
    hour = dt.timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - hour)
        .not_valid_after(now + 24 * hour)
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name)
    return context


async def serve(behaviours: list[Behaviour], record: TextIO) -> None:
    """Listen until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    tls = _self_signed() if any(each.starttls for each in behaviours) else None
    ports: dict[str, int] = {}
    for behaviour in behaviours:
        listener = Listener(behaviour, record, tls)
        if behaviour.http:
            ports[behaviour.name] = await gateway.listen(listener)
            continue

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener = listener
        ) -> None:
            await Conversation(listener, reader, writer).run()

        server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=LONGEST_MESSAGE, backlog=1024)
        ports[behaviour.name] = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    while not stop.is_set():
        record.flush()
        await asyncio.sleep(FLUSH_S)


def main() -> None:
    """Take the parent, the record's path and the behaviours from the command line."""
    parent, path, behaviours = sys.argv[1:]
    stop_with_parent(int(parent))
    with Path(path).open("a", encoding="utf-8") as record:
        uvloop.run(serve(msgspec.json.decode(behaviours, type=list[Behaviour]), record))


if __name__ == "__main__":
    main()

"""From a host name to a connection that is greeted, encrypted and signed in. No mail yet."""

import asyncio
import re
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass

from mailgenius.channels.email.smtp.protocol import PeerTrouble, Reply, Wire
from mailgenius.channels.email.smtp.resolve import resolve
from mailgenius.channels.email.smtp.settings import Security, SmtpSettings, Timeouts

_CONTINUE = 334
_HELO_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z0-9-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """What the peer says it can do, after sign-in."""

    pipelining: bool = False
    chunking: bool = False
    eight_bit: bool = False
    utf8: bool = False
    starttls: bool = False
    states_size: bool = False
    size_limit: int = 0
    """0 when it names none."""
    sign_in: frozenset[str] = frozenset()


async def open_wire(
    settings: SmtpSettings, tls: ssl.SSLContext | None, timeouts: Timeouts, *, allow_private: bool
) -> tuple[Wire, Features]:
    """Connect, greet, encrypt and sign in. Raises PeerTrouble, and then leaves nothing open."""
    wire = await _connect(settings, tls, timeouts, allow_private=allow_private)
    try:
        greeting = await wire.reply(timeouts.greeting)
        _expect(greeting, "The mail server refused the connection")
        features = await _greet(wire, settings, timeouts)
        if settings.security is Security.STARTTLS:
            features = await _start_tls(wire, features, settings, tls, timeouts)
        if settings.username:
            await _sign_in(wire, features, settings, timeouts)
    except BaseException:
        wire.abort()
        raise
    return wire, features


def tls_context(settings: SmtpSettings) -> ssl.SSLContext | None:
    """Return the rules for encrypted connections; None when the settings want none."""
    if settings.security is Security.NONE:
        return None
    context = ssl.create_default_context()
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _connect(
    settings: SmtpSettings, tls: ssl.SSLContext | None, timeouts: Timeouts, *, allow_private: bool
) -> Wire:
    where = f"{settings.host}:{settings.port}"
    implicit = tls if settings.security is Security.TLS else None
    trouble: Exception | None = None
    try:
        async with asyncio.timeout(timeouts.connect):
            for address in await resolve(settings.host, settings.port, allow_private=allow_private):
                try:
                    _, wire = await asyncio.get_running_loop().create_connection(
                        Wire,
                        address,
                        settings.port,
                        ssl=implicit,
                        server_hostname=settings.host if implicit else None,
                    )
                except OSError as error:  # Includes TLS errors; the next address may do better.
                    trouble = error
                else:
                    return wire
    except TimeoutError as error:
        raise PeerTrouble(f"The mail server “{where}” did not answer in time.") from error
    # The page translates what stands before the semicolon, whatever the library says behind it.
    raise PeerTrouble(f"The mail server “{where}” cannot be reached; {_words(trouble)}") from trouble


async def _greet(wire: Wire, settings: SmtpSettings, timeouts: Timeouts) -> Features:
    name = settings.helo or _own_name(wire)
    reply = await _ask(wire, f"EHLO {name}", timeouts)
    if reply.positive:
        return _features(reply)
    if reply.code == 421:  # noqa: PLR2004  # RFC 5321 §4.2.3: closing
        _expect(reply, "The mail server refused the connection")
    _expect(await _ask(wire, f"HELO {name}", timeouts), "The mail server refused our greeting")
    return Features()


def _features(reply: Reply) -> Features:
    words: dict[str, list[str]] = {}
    for line in reply.lines[1:]:
        # Old servers write AUTH=PLAIN LOGIN beside AUTH PLAIN LOGIN.
        keyword, *parameters = line.upper().replace("AUTH=", "AUTH ").split() or [""]
        words.setdefault(keyword, []).extend(parameters)
    size = "".join(words.get("SIZE", [])[:1])
    return Features(
        pipelining="PIPELINING" in words,
        chunking="CHUNKING" in words,
        eight_bit="8BITMIME" in words,
        utf8="SMTPUTF8" in words and "8BITMIME" in words,
        starttls="STARTTLS" in words,
        states_size="SIZE" in words,
        size_limit=int(size) if size.isascii() and size.isdigit() else 0,
        sign_in=frozenset(words.get("AUTH", [])),
    )


async def _start_tls(
    wire: Wire, features: Features, settings: SmtpSettings, tls: ssl.SSLContext | None, timeouts: Timeouts
) -> Features:
    if tls is None or not features.starttls:
        raise PeerTrouble("The mail server does not offer encryption (STARTTLS).")
    _expect(await _ask(wire, "STARTTLS", timeouts), "The mail server refused encryption")
    if wire.forget_unread():
        # Words sent before the encryption and read after it would come from somebody in between.
        raise PeerTrouble("The mail server spoke out of turn before the encryption began.")
    try:
        async with asyncio.timeout(timeouts.connect):
            transport = await asyncio.get_running_loop().start_tls(
                wire.transport, wire, tls, server_hostname=settings.host
            )
    except TimeoutError as error:
        raise PeerTrouble("The encryption of the connection took too long.") from error
    except (OSError, ssl.SSLError) as error:
        raise PeerTrouble(f"The connection could not be encrypted ({_words(error)}).") from error
    if transport is None:
        raise PeerTrouble("The mail server closed the connection while it was being encrypted.")
    wire.adopt(transport)
    return await _greet(wire, settings, timeouts)


async def _sign_in(wire: Wire, features: Features, settings: SmtpSettings, timeouts: Timeouts) -> None:
    user, password = settings.username.encode(), settings.password.encode()
    if "PLAIN" in features.sign_in:
        reply = await _ask(wire, f"AUTH PLAIN {_base64(_plain(user, password))}", timeouts)
    elif "LOGIN" in features.sign_in:
        reply = await _ask(wire, "AUTH LOGIN", timeouts)
        for secret in (user, password):
            if reply.code != _CONTINUE:
                break
            reply = await _ask(wire, _base64(secret), timeouts)
    else:
        raise PeerTrouble("The mail server offers no sign-in with PLAIN or LOGIN on this connection.")
    _expect(reply, "The mail server refused the user name or password")


def _plain(user: bytes, password: bytes) -> bytes:
    return b"\0" + user + b"\0" + password


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


async def _ask(wire: Wire, command: str, timeouts: Timeouts) -> Reply:
    wire.write(f"{command}\r\n".encode())
    return await wire.reply(timeouts.command)


def _expect(reply: Reply, otherwise: str) -> None:
    if not reply.positive:
        raise PeerTrouble(f"{otherwise}: {reply.code} {reply.text}", code=str(reply.code))


def _own_name(wire: Wire) -> str:
    """Return a name for EHLO: this machine's when it is a full one, else its address (RFC 5321 §4.1.3)."""
    name = socket.gethostname()
    if _HELO_NAME.fullmatch(name) is not None:
        return name
    host = str(wire.transport.get_extra_info("sockname")[0])
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


def _words(error: Exception | None) -> str:
    """Return a library's words without its noise."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)

"""A mail server that follows a script: what it offers, what it refuses, and where it hangs up.

It runs in threads with plain sockets, so that it owes nothing to the event loop that is being tested.
"""

import socket
import ssl
import threading
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from select import select
from typing import Any

EVERYTHING = ("PIPELINING", "8BITMIME", "SIZE 10485760", "ENHANCEDSTATUSCODES")
CHUNKING = (*EVERYTHING, "CHUNKING")


@dataclass(kw_only=True)
class Script:
    """How the peer behaves by phase: greeting, ehlo, helo, starttls, auth, mail, rcpt, data, body, dot.

    With BDAT there is no phase `data`, and `dot` is the answer to the chunk.
    """

    extensions: tuple[str, ...] = EVERYTHING
    answer: Callable[[str, str], str | None] = lambda phase, argument: None
    """Another answer than the usual one to a phase; "" says nothing, then and ever after."""
    cut: Callable[[str, int], bool] = lambda phase, number: False
    """Whether to hang up in a phase of the message with this number (from 1, 0 before the first)."""
    tls: ssl.SSLContext | None = None
    """For STARTTLS."""
    user: tuple[str, str] | None = None
    body_before_cut: int = 1


@dataclass(kw_only=True)
class Taken:
    """One message the peer took responsibility for, or could have."""

    sender: str
    recipient: str
    content: bytes


class HangUp(Exception):
    """The script says to cut the connection here."""


@dataclass(kw_only=True)
class Peer:
    """The running peer and everything it was told."""

    script: Script
    port: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    received: int = 0
    """Final dots that reached it, answered or not."""
    begun: int = 0
    """MAIL commands."""
    over: threading.Event = field(default_factory=threading.Event)
    jumped: list[str] = field(default_factory=list)
    """Commands after which the client went on without waiting for the answer."""

    def settings(self, **overrides: Any) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "connections": 1} | overrides


@asynccontextmanager
async def running(script: Script, *, implicit_tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """Run a peer on a free port of this machine."""
    peer = Peer(script=script)
    listener = socket.create_server(("127.0.0.1", 0))
    peer.port = listener.getsockname()[1]
    conversations: list[_Conversation] = []

    def listen() -> None:
        with suppress(OSError):  # The listener is closed at the end.
            while True:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                conversations.append(_Conversation(peer, client, implicit_tls))
                conversations[-1].thread.start()

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        yield peer
    finally:
        peer.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        listening.join(10)
        for each in conversations:
            each.stop()


class _Conversation:
    def __init__(self, peer: Peer, client: socket.socket, implicit_tls: ssl.SSLContext | None) -> None:
        self.peer = peer
        self.script = peer.script
        self.socket = client
        self.implicit_tls = implicit_tls
        self.thread = threading.Thread(target=self.run)
        self.unread = b""
        self.number = 0
        self.sender: str | None = None
        self.recipient = ""
        self.encrypted = False

    def run(self) -> None:
        self.peer.connections += 1
        with suppress(HangUp, OSError):
            if self.implicit_tls is not None:
                self.encrypt(self.implicit_tls)
            self.say("greeting", "", "220 peer.example ESMTP")
            while True:
                command = self.line().decode().rstrip("\r\n")
                self.peer.commands.append(command)
                if self.unread or (not self.encrypted and select([self.socket], [], [], 0)[0]):
                    self.peer.jumped.append(command[:4].upper())
                self.obey(command)
        self.socket.close()

    def stop(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)

    def encrypt(self, context: ssl.SSLContext) -> None:
        # The handshake comes second, so that stop() always has the socket in use.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.socket.do_handshake()
        self.encrypted = True

    def line(self) -> bytes:
        while b"\n" not in self.unread:
            received = self.socket.recv(65536)
            if not received:
                raise HangUp
            self.unread += received
        line, _, self.unread = self.unread.partition(b"\n")
        return line + b"\n"

    def obey(self, command: str) -> None:
        verb, _, argument = command.partition(" ")
        match verb.upper():
            case "EHLO":
                lines = ["peer.example", *self.offered()]
                usual = "\r\n".join(f"250{'-' if each is not lines[-1] else ' '}{each}" for each in lines)
                self.say("ehlo", argument, usual)
            case "HELO" | "QUIT" | "NOOP":
                self.say(verb.lower(), argument, "221 bye" if verb == "QUIT" else "250 peer.example")
            case "STARTTLS":
                self.say("starttls", "", "220 go ahead")
                assert self.script.tls is not None
                self.encrypt(self.script.tls)
            case "AUTH":
                self.sign_in(argument)
            case "RSET":
                self.sender, self.recipient = None, ""
                self.say("rset", "", "250 2.0.0 Ok")
            case _:
                self.transact(verb.upper(), argument)

    def offered(self) -> list[str]:
        extra = ["STARTTLS"] if self.script.tls is not None and not self.encrypted else []
        return [*self.script.extensions, *extra]

    def sign_in(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        if mechanism == "PLAIN":
            _, user, password = b64decode(initial).decode().split("\0")
        else:
            user, password = [self.prompt(each) for each in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6")]
        good = (user, password) == self.script.user
        self.say("auth", mechanism, "235 2.7.0 Welcome" if good else "535 5.7.8 Bad credentials")

    def prompt(self, words: str) -> str:
        self.socket.sendall(f"334 {words}\r\n".encode())
        return b64decode(self.line()).decode()

    def transact(self, verb: str, argument: str) -> None:
        if verb == "MAIL":
            self.peer.begun += 1
            self.number = self.peer.begun
            usual = "250 2.1.0 Ok" if self.sender is None else "503 5.5.1 Nested MAIL"
            if self.say("mail", argument, usual).startswith("2"):
                self.sender = argument.partition(">")[0].removeprefix("FROM:<")
        elif verb == "RCPT":
            usual = "250 2.1.5 Ok" if self.sender is not None else "503 5.5.1 MAIL first"
            if self.say("rcpt", argument, usual).startswith("2"):
                self.recipient = argument.partition(">")[0].removeprefix("TO:<")
        elif verb == "DATA":
            usual = "354 go ahead" if self.recipient else "554 5.5.1 no valid recipients"
            if self.say("data", self.recipient, usual).startswith("354"):
                self.content()
        elif verb == "BDAT":
            self.chunk(int(argument.partition(" ")[0]))
        else:
            self.say("other", verb, "502 5.5.2 what?")

    def content(self) -> None:
        body = bytearray()
        while (line := self.line()) != b".\r\n":
            body += line[1:] if line.startswith(b".") else line
            if len(body) >= self.script.body_before_cut and self.script.cut("body", self.number):
                raise HangUp
        self.end(bytes(body))

    def chunk(self, size: int) -> None:
        body = bytearray()
        while len(body) < size:
            received, self.unread = self.unread or self.socket.recv(65536), b""
            if not received:
                raise HangUp
            body += received
            if len(body) >= self.script.body_before_cut and self.script.cut("body", self.number):
                raise HangUp
        self.unread = bytes(body[size:])
        if self.recipient:
            self.end(bytes(body[:size]))
        else:
            self.speak("554 5.5.1 no valid recipients")

    def end(self, body: bytes) -> None:
        self.peer.received += 1
        words = self.decide("dot", self.recipient, f"250 2.0.0 Ok: queued as Q{self.peer.received}")
        if words.startswith("2") and self.sender is not None and self.recipient:
            # Before the answer, so that a test that reads the answer finds the message.
            self.peer.taken.append(Taken(sender=self.sender, recipient=self.recipient, content=body))
        self.sender, self.recipient = None, ""
        self.speak(words)

    def say(self, phase: str, argument: str, usual: str) -> str:
        words = self.decide(phase, argument, usual)
        self.speak(words)
        return words

    def decide(self, phase: str, argument: str, usual: str) -> str:
        if self.script.cut(phase, self.number):
            raise HangUp
        words = self.script.answer(phase, argument)
        return usual if words is None else words

    def speak(self, words: str) -> None:
        if not words:
            self.peer.over.wait()
            raise HangUp
        self.socket.sendall(f"{words}\r\n".encode())
        if words.startswith("421"):
            raise HangUp

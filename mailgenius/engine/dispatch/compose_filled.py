"""The quick way to a message: the order's templates in ready pieces, between which values and links are put.

What every message of an order shares is encoded for the wire here, once. An order that cannot be written
this way has no `Filling`, and a message that `fill` gives up on is rendered whole by `compose.py`; both ways
write the same message.
"""

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from mailgenius.channels.contract import EncodedBodies
from mailgenius.engine.dispatch.compose_links import MARKED, MessageLinks, target
from mailgenius.engine.dispatch.compose_sources import Sources
from mailgenius.engine.tracking.links import CLOSE, MIDDLE, OPEN
from mailgenius.engine.tracking.tokens import link_bytes
from mailgenius.kit.rendering import LONGEST_OUTPUT, CleanValues, SlotsTemplate, TemplateBroken, cut

_MARK_SIGNS = re.compile(f"([{OPEN}{MIDDLE}{CLOSE}])")
_SLOT_SIGN = "\x06"
"""Around the number of a slot, while links are looked for. No template that is cut here holds it."""
_PIXEL = 0
_EMPTY_LINES = re.compile(r"\n{3,}")
_LINE_END = b"\r\n"


class _Link(NamedTuple):
    """What stands at a mark: the pixel, or a followed link with its address as texts and slots."""

    number: int
    address: tuple[str | int, ...]


class CannotFill(Exception):  # Not an error: it says which way to take.
    """This order has to be rendered whole, message by message."""


class Filled(NamedTuple):
    """What a message says, and its bodies as the wire wants them."""

    subject: str
    text: str
    html: str
    encoded: EncodedBodies | None


class Filling:
    """Writes the messages of one order. Not for two threads at once."""

    def __init__(self, sources: Sources, links: MessageLinks) -> None:
        """Cut the sources.

        Raises:
            CannotFill: they cannot be cut.
            TemplateBroken: one of them is not right.
        """
        subject, text, html = (cut(each) for each in (sources.subject, sources.text, sources.html))
        if subject is None or text is None or html is None or sources.text_from_html:
            raise CannotFill
        plain = tuple(dict.fromkeys(subject.slots + text.slots))
        self._plain = SlotsTemplate(plain, html=False)
        self._subject = _Pieces(_renumbered(subject.parts, subject.slots, plain))
        self._text = _Pieces(_renumbered(text.parts, text.slots, plain))
        self._slots = SlotsTemplate(html.slots, html=True)
        self._marked = _marked(html.slots)
        parts = list(_at_marks(html.parts, self._marked))
        # The links that lead to the same address in all messages come first: they are signed together.
        found = sorted(
            dict.fromkeys(part for part in parts if isinstance(part, _Link)),
            key=lambda link: _target_of_all(link) is None,
        )
        places = {link: len(html.slots) + number for number, link in enumerate(found)}
        self._html = _Pieces([places[part] if isinstance(part, _Link) else part for part in parts])
        self._room = min(each.room for each in (self._subject, self._text, self._html))
        targets = [(link.number, _target_of_all(link)) for link in found]
        self._same = [link_bytes(number, url) for number, url in targets if url is not None]
        self._others = found[len(self._same) :]
        self._links = links

    def fill(self, message_id: int, values: CleanValues) -> Filled | None:
        """Write a message; None when it has to be rendered whole, be it to say what is wrong with it."""
        try:
            plain = self._plain.render(values)
            slots = self._slots.render(values)
        except TemplateBroken:
            return None  # The whole template knows the line.
        if plain is None or slots is None or self._too_long(plain, slots):
            return None
        for number in self._marked:
            slots[number] = self._links.put_into(message_id, slots[number], pixel=True)
        slots += self._links.clicks(message_id, self._same)
        slots += [self._at(message_id, link, slots) for link in self._others]
        text = self._text.join(plain)
        try:
            shorter = without_empty_lines(text)
            text_data = self._text.encode(plain) if shorter is text else _ended(_encoded(shorter))
            encoded = EncodedBodies(text_data, self._html.encode(slots))
        except ValueError:
            return None
        return Filled(self._subject.join(plain), shorter, self._html.join(slots), encoded)

    def _at(self, message_id: int, link: _Link, slots: list[str]) -> str:
        """Return what stands at a mark that differs between messages."""
        if link.number == _PIXEL:
            return self._links.pixel(message_id)
        written = "".join([slots[part] if isinstance(part, int) else part for part in link.address])
        url = target(written)
        return written if url is None else self._links.click(message_id, link.number, url)

    def _too_long(self, plain: list[str], slots: list[str]) -> bool:
        """Say whether this may pass the limit, before anything is joined."""
        longest = sum(map(len, plain)) + sum(map(len, slots))  # At most.
        return longest > self._room


class _Pieces:
    """Texts and the numbers of values between them; joined in one step, as text or as bytes for the wire."""

    __slots__ = ("_data", "_pick", "_texts", "room")

    def __init__(self, parts: Sequence[str | int]) -> None:
        texts = [part for part in parts if isinstance(part, str)]
        self.room = (LONGEST_OUTPUT - sum(map(len, texts))) / max(len(parts) - len(texts), 1)
        """How many characters may stand at each place."""
        # Two empty texts, because picking fewer than two things would not give a tuple.
        self._texts = ("", "", *texts)
        if _MARK_SIGNS.search("".join(texts)) is not None or not {"\0", "\r"}.isdisjoint("".join(texts)):
            raise CannotFill
        try:
            self._data = tuple(each.replace("\n", "\r\n").encode() for each in self._texts)
        except UnicodeEncodeError as error:
            raise CannotFill from error
        number = iter(range(2, len(self._texts)))
        order = [next(number) if isinstance(part, str) else len(self._texts) + part for part in parts]
        self._pick = itemgetter(0, 1, *order)

    def join(self, values: list[str]) -> str:
        return "".join(self._pick((*self._texts, *values)))

    def encode(self, values: list[str]) -> bytes:
        """Return the text with CRLF line ends, the last of them at its end. Raises ValueError."""
        # Line ends in values are rare, and one look at all of them costs less than one at each.
        joined = "".join(values)
        if "\n" in joined or "\r" in joined or "\0" in joined:
            data = [_encoded(value) for value in values]
        else:
            data = [value.encode() for value in values]
        return _ended(b"".join(self._pick((*self._data, *data))))


def without_empty_lines(text: str) -> str:
    """Take out the empty lines that conditions and loops leave between those that they stood between."""
    return _EMPTY_LINES.sub("\n\n", text) if "\n\n\n" in text else text


def _ended(data: bytes) -> bytes:
    return data if data.endswith(_LINE_END) else data + _LINE_END


def _encoded(value: str) -> bytes:
    if "\r" in value or "\0" in value:
        raise ValueError(value)
    return value.replace("\n", "\r\n").encode()


def _renumbered(parts: Sequence[str | int], slots: Sequence[str], together: Sequence[str]) -> list[str | int]:
    return [together.index(slots[part]) if isinstance(part, int) else part for part in parts]


def _marked(slots: Sequence[str]) -> list[int]:
    """Return the slots that hold whole marks, which each message has to look for."""
    found = [number for number, slot in enumerate(slots) if _MARK_SIGNS.search(slot) is not None]
    if any(_MARK_SIGNS.search(MARKED.sub("", slots[number])) is not None for number in found):
        raise CannotFill  # A link that begins inside a condition and ends outside.
    return found


def _at_marks(parts: Sequence[str | int], marked: Sequence[int]) -> Iterator[str | int | _Link]:
    """Replace marks, from their beginning to their end, by the links they stand for."""
    if any(_SLOT_SIGN in part for part in parts if isinstance(part, str)):
        raise CannotFill
    whole = "".join([f"{_SLOT_SIGN}{part}{_SLOT_SIGN}" if isinstance(part, int) else part for part in parts])
    texts = MARKED.split(whole)
    yield from _with_slots(texts[0])
    for number, written, text in zip(texts[1::3], texts[2::3], texts[3::3], strict=True):
        address = tuple(_with_slots(written))
        if not set(marked).isdisjoint(address):
            raise CannotFill  # A link inside the address of a link.
        yield from _link(int(number), address)
        yield from _with_slots(text)


def _with_slots(text: str) -> Iterator[str | int]:
    for place, piece in enumerate(text.split(_SLOT_SIGN)):
        if place % 2:
            yield int(piece)
        elif piece:
            yield piece


def _link(number: int, address: tuple[str | int, ...]) -> Iterator[str | _Link]:
    """A link that leads nowhere we can follow is the text it was."""
    if number == _PIXEL or any(isinstance(part, int) for part in address):
        yield _Link(number, address)
        return
    written = "".join([str(part) for part in address])
    yield written if target(written) is None else _Link(number, address)


def _target_of_all(link: _Link) -> bytes | None:
    """Return where a link leads in every message; None when that differs, or it is the pixel."""
    if link.number == _PIXEL or any(isinstance(part, int) for part in link.address):
        return None
    return target("".join([str(part) for part in link.address]))

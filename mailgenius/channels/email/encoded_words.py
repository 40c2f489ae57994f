"""RFC 2047 encoded-words: Unicode text in headers. Knows no header name and does no folding of ASCII."""

import re
from binascii import b2a_base64

LONGEST_WORD = 75
"""RFC 2047 §2: the longest encoded-word."""
SHORTEST_FIRST_WORD = 30
"""With less room than this beside the header's name, the first word starts on the next line."""

_Q_FRAME = len("=?utf-8?q??=")
_B_LONGEST_BYTES = (LONGEST_WORD - _Q_FRAME) // 4 * 3

# Only what RFC 2047 §5 (3) allows in a phrase, so that one table serves display names and subjects.
_SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_UNSAFE = re.compile(r"[^A-Za-z0-9!*+\-/ ]")
_Q_TOKENS = tuple(
    chr(byte) if byte in _SAFE else "_" if chr(byte) == " " else f"={byte:02X}" for byte in range(256)
)


def encode_words(text: str, *, first_room: int = LONGEST_WORD) -> list[str]:
    """Split and encode the text so that no word is too long and no character is cut in two.

    `first_room` is the room for the first word. The shorter of the Q and B encodings is taken.
    """
    room = min(first_room, LONGEST_WORD) - _Q_FRAME
    raw = text.encode()
    unsafe = len(raw.translate(None, _SAFE)) - raw.count(b" ")
    if len(raw) + 2 * unsafe <= (len(raw) + 2) // 3 * 4:
        # Most names and many subjects fit into one word, and then nothing needs to be counted.
        return [_q_word(raw)] if len(raw) + 2 * unsafe <= room else _q_words(text, room)
    return [_b_word(raw)] if len(raw) <= room // 4 * 3 else _b_words(text, room // 4 * 3)


def _q_word(raw: bytes | bytearray) -> str:
    # Most of a text in Latin letters stays as it is: only what does not is looked up, and spaces are many.
    written = _UNSAFE.sub(_q_token, raw.decode("latin-1")).replace(" ", "_")
    return f"=?utf-8?q?{written}?="


def _q_token(found: re.Match[str]) -> str:
    return _Q_TOKENS[ord(found[0])]


def _q_words(text: str, room: int) -> list[str]:
    words: list[str] = []
    chunk = bytearray()
    used = 0
    for character in text:
        raw = character.encode()
        width = sum([len(_Q_TOKENS[byte]) for byte in raw])
        if used + width > room:
            words.append(_q_word(chunk))
            chunk, used, room = bytearray(), 0, LONGEST_WORD - _Q_FRAME
        chunk += raw
        used += width
    return [*words, _q_word(chunk)]


def _b_words(text: str, room: int) -> list[str]:
    words: list[str] = []
    chunk = bytearray()
    for character in text:
        raw = character.encode()
        if len(chunk) + len(raw) > room:
            words.append(_b_word(chunk))
            chunk, room = bytearray(), _B_LONGEST_BYTES
        chunk += raw
    return [*words, _b_word(chunk)]


def _b_word(raw: bytes | bytearray) -> str:
    return f"=?utf-8?b?{b2a_base64(raw, newline=False).decode('ascii')}?="

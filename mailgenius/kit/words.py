"""Words that people write: free text brought to one line, and keys made of labels. Pure functions."""

import re
import unicodedata

_BLANKS = re.compile(r"[\x00-\x1f\x7f\s]+")
_NOT_KEY = re.compile(r"[^a-z0-9]+")
_LONGEST_KEY = 60


def one_line(text: str) -> str:
    """Return a text trimmed, with single spaces in place of line ends and other blanks."""
    return _BLANKS.sub(" ", text).strip()


def key_of(label: str, *, otherwise: str) -> str:
    """Return a key made of a label: `Data de nascimento` becomes `data_de_nascimento`.

    A label without letters or digits gives `otherwise`, which also stands before a first digit.
    """
    plain = unicodedata.normalize("NFKD", label.lower()).encode("ascii", "ignore").decode("ascii")
    key = _NOT_KEY.sub("_", plain).strip("_")[:_LONGEST_KEY].rstrip("_")
    if not key:
        return otherwise
    return key if key[0].isalpha() else f"{otherwise}_{key}"[:_LONGEST_KEY]

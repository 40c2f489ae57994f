"""What a trial found."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A figure in words, and whether the condition holds."""

    figure: str
    passed: bool

"""What can go wrong with suppressions."""

from mailgenius.kit.errors import Invalid


class NotAReason(Invalid):
    """{reason} is not a reason to suppress an address."""

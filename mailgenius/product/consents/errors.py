"""What can go wrong with consents."""

from mailgenius.kit.errors import Invalid


class ConsentUnclear(Invalid):
    """What was said of consent is not clear."""

"""What can go wrong with privacy."""

from mailgenius.kit.errors import Conflict, Invalid


class NotTypedBack(Invalid):
    """Type {wanted} to confirm."""


class NotErased(Conflict):
    """Nobody with this e-mail, phone or external id was erased here."""


class RulesUnclear(Invalid):
    """These rules cannot be kept."""

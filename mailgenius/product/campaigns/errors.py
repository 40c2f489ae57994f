"""What can go wrong with campaigns."""

from mailgenius.kit.errors import Conflict, Invalid, NotFound


class CampaignNotFound(NotFound):
    """This campaign does not exist in this workspace."""


class CampaignNotInState(Conflict):
    """This cannot be done while the campaign is {state}."""


class StillExcluding(Conflict):
    """Leads are still being left out of this campaign in the background. Try again in a moment."""


class CampaignNotReady(Invalid):
    """The campaign cannot be launched yet. See what is missing."""

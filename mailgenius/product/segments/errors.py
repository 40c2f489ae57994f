"""What can go wrong with segments."""

from mailgenius.kit.errors import Conflict, Invalid, NotFound


class SegmentNotFound(NotFound):
    """This segment does not exist in this workspace."""


class SegmentNameTaken(Conflict):
    """Another segment has this name."""


class SegmentInUse(Conflict):
    """Other segments use this one: {names}."""


class SegmentArchived(Conflict):
    """This segment is archived."""


class SegmentBroken(Invalid):
    """A segment no longer fits the fields of the workspace. Open it and correct what is marked."""

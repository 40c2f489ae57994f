"""What can go wrong with exports."""

from mailgenius.kit.errors import Conflict, LimitReached, NotFound


class ExportNotFound(NotFound):
    """This export does not exist."""


class ExportNotReady(Conflict):
    """This export has no file: it is not done, or did not get there."""


class ExportExpired(NotFound):
    """The file of this export is no longer kept. Export again."""


class ExportOver(Conflict):
    """This export has come to its end."""


class SheetTooLong(LimitReached):
    """A spreadsheet holds at most {limit} leads. Choose CSV, or a narrower filter."""

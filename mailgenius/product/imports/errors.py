"""What can go wrong with an import as a whole. What is wrong with a row is a reject, not an error."""

from mailgenius.kit.errors import Conflict, Invalid, NotFound


class ImportNotFound(NotFound):
    """This import does not exist."""


class ImportOver(Conflict):
    """This import is over and cannot be cancelled."""


class UnreadableFile(Invalid):
    """The file cannot be read."""


class EmptyFile(UnreadableFile):
    """The file is empty."""


class NoRows(UnreadableFile):
    """The file has a header and no rows below it."""


class NotATable(UnreadableFile):
    """The file is not a table that can be read. Save it as CSV or XLSX and try again."""


class BrokenSpreadsheet(UnreadableFile):
    """The spreadsheet cannot be opened: it is damaged, or protected by a password. Save it as CSV."""


class UnpackedTooLarge(UnreadableFile):
    """The file is larger than {limit} when unpacked. Split it, or save it as CSV."""


class NoHeader(UnreadableFile):
    """The first line must name the columns, and it looks like data: “{value}”. Add a line of names."""


class ColumnWithoutName(UnreadableFile):
    """Column {number} has no name in the first line. Name it or remove it."""


class ColumnTwice(UnreadableFile):
    """Two columns are called “{name}”. Rename one of them."""


class TooManyColumns(UnreadableFile):
    """The file has {count} columns; at most {limit} can be imported."""


class ColumnMissing(UnreadableFile):
    """The mapping names a column “{name}” that the file does not have."""


class NoIdentityColumn(UnreadableFile):
    """No column holds e-mail addresses, phones or external ids, so no lead can be known. Map one by hand."""

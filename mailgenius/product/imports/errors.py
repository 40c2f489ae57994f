"""What can go wrong with an import as a whole. What is wrong with a row is a reject, not an error."""

from mailgenius.kit.errors import Conflict, Invalid, NotFound


class ImportNotFound(NotFound):
    """This import does not exist."""


class ImportOver(Conflict):
    """This import is over and cannot be cancelled."""


class NotTried(Conflict):
    """This import is no try that waits to be made: it was made already, or its file is gone."""


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


class OldSpreadsheet(BrokenSpreadsheet):
    """This is a spreadsheet of an old kind, or protected by a password. Save it as XLSX or CSV."""


class BrokenArchive(UnreadableFile):
    """The file is damaged or was cut off. Make it again and try again."""


class LockedArchive(UnreadableFile):
    """The archive is protected by a password. Make one without."""


class NestedArchive(UnreadableFile):
    """There is an archive in the archive. Unpack it, and send the files themselves."""


class TooManyFiles(UnreadableFile):
    """The archive holds more than {limit} files. Send them in several archives."""


class UnpacksTooMuch(UnreadableFile):
    """The file unpacks to more than {ratio} times its size, as no list of people does. Send it unpacked."""


class UnreadableMember(UnreadableFile):
    """{reason} This is about “{name}” in the archive."""


class ColumnsDiffer(UnreadableFile):
    """The files of an archive must have the same columns: “{name}” and “{first}” differ by “{column}”."""


class UnpackedTooLarge(UnreadableFile):
    """The file is larger than {limit} when unpacked. Split it, or save it as CSV."""


class NoHeader(UnreadableFile):
    """The first line must name the columns, and it looks like data: “{value}”. Add a line of names."""


class TooManyColumns(UnreadableFile):
    """The file has {count} columns; at most {limit} can be imported."""


class MostlyRejected(UnreadableFile):
    """More than half of the rows are wrong: {rejected} of the first {read}. The rest was not read."""


class ColumnMissing(UnreadableFile):
    """The mapping names a column “{name}” that the file does not have."""


class NoIdentityColumn(UnreadableFile):
    """No column holds e-mail addresses, phones or external ids, so no lead can be known. Map one by hand."""

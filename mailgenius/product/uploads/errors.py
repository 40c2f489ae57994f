"""What can go wrong with an upload."""

from mailgenius.kit.errors import Conflict, Invalid, LimitReached, NotFound, Unavailable


class UploadNotFound(NotFound):
    """This upload does not exist, was used already, or was given up."""


class OffsetDiffers(Conflict):
    """This upload stands at another byte than that. Ask where it stands and go on from there."""


class UploadUnfinished(Conflict):
    """This upload is not whole yet: {received} of {size} bytes are here."""


class TooManyUploads(LimitReached):
    """{limit} uploads of this workspace are under way. Finish one or delete one first."""


class TooMuchUnfinished(LimitReached):
    """Unused uploads of this workspace may have {limit} bytes together. Use or delete one first."""


class ChunkTooSmall(Invalid):
    """A chunk has {limit} bytes at least, but for the last one of a file."""


class TooManyBytes(Invalid):
    """More bytes came than the file was said to have."""


class SenderStalled(Unavailable):
    """No bytes came for too long. What was stored stays; go on from there."""

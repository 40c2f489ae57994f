"""Where the driver's errors end: each becomes one of ours, or stays a defect."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors as pg

from mailgenius.kit.errors import Conflict, MailGeniusError, Unavailable


class DatabaseUnavailable(Unavailable):
    """The database is away for the moment. Nothing was changed; try again soon."""


class DatabaseBusy(Unavailable):
    """The database took too long. Nothing was changed; try again soon."""


class UniqueConflict(Conflict):
    """This already exists."""

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        super().__init__()


class ReferenceConflict(Conflict):
    """This refers to something that does not exist, or is still in use."""

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        super().__init__()


class RowMissing(MailGeniusError):
    """A statement that always returns a row returned none."""


class TransactionFailed(RuntimeError):  # A defect of ours, and nothing that a caller can act on.
    """A statement failed and its error was passed over, so nothing of the transaction was saved."""


class ChangeNotNoted(MailGeniusError):
    """This change would have left no entry in the audit log, so it was not made."""


BUSY = (pg.QueryCanceled, pg.LockNotAvailable, pg.DeadlockDetected, pg.SerializationFailure)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours inside the block."""
    try:
        yield
    except pg.UniqueViolation as error:
        raise UniqueConflict(error.diag.constraint_name or "") from error
    except pg.ForeignKeyViolation as error:
        raise ReferenceConflict(error.diag.constraint_name or "") from error
    except BUSY as error:
        raise DatabaseBusy from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseUnavailable from error

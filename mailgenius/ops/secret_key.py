"""Sees that a process has the secret key of its installation: the database keeps a mark of the first one.

A machine that was given none makes one of its own and seems to work: only the links that it signs are dead,
no erased person is known to it, and no password of a provider opens. So nobody starts with another key.
"""

import hmac

from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.jobs import Jobs
from mailgenius.ops import queries

PURPOSE = "mark of the secret key"


class SecretKeyDiffers(Unavailable):
    """The database has another secret key. Use that, or, when it is lost, mailgenius migrate --new-key."""


async def ensure_same(tx: Tx, *, keys: Keys) -> None:
    """Compare the key with the mark; the first one that comes leaves it. Wants a trusted transaction.

    Raises:
        SecretKeyDiffers: another key came first.
    """
    mark = keys.derive(PURPOSE)
    kept = await queries.secret_key_mark(tx)
    if kept is None:
        # Of several that start on a new database at once, one leaves its mark; the others read it.
        await queries.leave_secret_key_mark(tx, mark=mark)
        kept = await queries.secret_key_mark(tx)
    if kept is None or not hmac.compare_digest(kept, mark):
        raise SecretKeyDiffers


async def renew(url: str, settings: Settings) -> None:
    """Make the present key that of the database, for good. A second run changes nothing."""
    keys = Keys(settings.secret_key)
    async with Database(url, Jobs([]), max_size=1) as db, db.trusted() as tx:
        await queries.renew_secret_key_mark(tx, mark=keys.derive(PURPOSE))


async def check(url: str, settings: Settings) -> None:
    """Compare on a database that the caller only knows by its URL.

    Raises:
        SecretKeyDiffers: another key came first.
    """
    async with Database(url, Jobs([]), max_size=1) as db, db.trusted() as tx:
        await ensure_same(tx, keys=Keys(settings.secret_key))

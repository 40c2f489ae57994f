"""What a door or a process is given to work with. Built once by processes."""

from dataclasses import dataclass, field

from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.dns_lookup import DnsLookup
from mailgenius.kit.storage import Storage


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """The shared parts of one process."""

    db: Database
    settings: Settings
    keys: Keys
    storage: Storage
    dns: DnsLookup = field(default_factory=DnsLookup)

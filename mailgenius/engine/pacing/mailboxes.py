"""Groups of mailboxes: who runs the mail of a domain. By a table of well-known domains, then by MX.

Providers count by the servers that take the mail, not by the domain behind the @: a company at Google counts
as Gmail. No look-up happens here: `groups.py` asks the DNS.
"""

from collections.abc import Iterable
from enum import StrEnum


class MailboxGroup(StrEnum):
    """Those who run many mailboxes and limit what they take."""

    GMAIL = "gmail"
    YAHOO = "yahoo"
    YAHOO_JP = "yahoo_jp"
    """Another company than the one above, and slower."""
    OUTLOOK = "outlook"
    OFFICE365 = "office365"
    APPLE = "apple"
    UOL = "uol"
    TERRA = "terra"
    LOCAWEB = "locaweb"
    COMCAST = "comcast"
    ORANGE = "orange"
    OTHER = "other"


_DOMAINS = {
    MailboxGroup.GMAIL: "gmail.com googlemail.com",
    MailboxGroup.YAHOO: "yahoo.com yahoo.com.br ymail.com rocketmail.com aol.com aim.com yahoo.co.uk yahoo.fr"
    " yahoo.de yahoo.es yahoo.it yahoo.com.ar yahoo.com.mx verizon.net",
    MailboxGroup.OUTLOOK: "outlook.com outlook.com.br hotmail.com hotmail.com.br hotmail.co.uk hotmail.fr"
    " hotmail.it hotmail.es live.com live.com.br live.co.uk live.fr msn.com outlook.es outlook.fr outlook.de",
    MailboxGroup.YAHOO_JP: "yahoo.co.jp ymail.ne.jp",
    MailboxGroup.APPLE: "icloud.com me.com mac.com",
    MailboxGroup.UOL: "uol.com.br bol.com.br",
    MailboxGroup.TERRA: "terra.com.br",
    MailboxGroup.COMCAST: "comcast.net xfinity.com",
    MailboxGroup.ORANGE: "orange.fr wanadoo.fr",
}
WELL_KNOWN = {domain: group for group, domains in _DOMAINS.items() for domain in domains.split()}

# The most precise first: Microsoft runs its free mailboxes and its companies' apart.
_MX_ENDINGS = (
    (".olc.protection.outlook.com", MailboxGroup.OUTLOOK),
    (".hotmail.com", MailboxGroup.OUTLOOK),
    (".protection.outlook.com", MailboxGroup.OFFICE365),
    (".mx.microsoft", MailboxGroup.OFFICE365),
    (".google.com", MailboxGroup.GMAIL),
    (".googlemail.com", MailboxGroup.GMAIL),
    (".yahoodns.net", MailboxGroup.YAHOO),
    (".yahoo.co.jp", MailboxGroup.YAHOO_JP),
    (".icloud.com", MailboxGroup.APPLE),
    (".uol.com.br", MailboxGroup.UOL),
    (".terra.com.br", MailboxGroup.TERRA),
    (".locaweb.com.br", MailboxGroup.LOCAWEB),
    (".email.locaweb.com.br", MailboxGroup.LOCAWEB),
    (".comcast.net", MailboxGroup.COMCAST),
    (".orange.fr", MailboxGroup.ORANGE),
)


def domain_of(address: str) -> str:
    """Return the part of an address behind its last @, in lower case."""
    return address.rpartition("@")[2].lower()


def by_mx(hosts: Iterable[str]) -> MailboxGroup:
    """Return the group that a domain's mail servers belong to; the first host that is known decides."""
    for host in hosts:
        name = "." + host.rstrip(".").lower()
        for ending, group in _MX_ENDINGS:
            if name.endswith(ending):
                return group
    return MailboxGroup.OTHER

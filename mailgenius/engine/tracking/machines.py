"""Requests that no person made: mail scanners, security gateways, prefetching proxies, bots.

A machine's opens and clicks are kept and counted apart, so that reports speak of people. Image proxies that
fetch when a person looks (Gmail, Yahoo) count as that person. Apple's privacy proxy fetches whether somebody
looks or not and says nothing but `Mozilla/5.0`: a machine.
"""

import re
from collections.abc import Mapping

_PERSONAL_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
_MACHINES = re.compile(
    # Cubot makes telephones.
    r"(?<!\bcu)bot\b|crawl|spider|scanner|preview|prefetch|monitor|headless|phantom|slurp|"
    r"barracuda|mimecast|proofpoint|symantec|messagelabs|trend ?micro|fortinet|fortimail|sophos|ironport|"
    r"fireeye|trellix|mcafee|zscaler|forcepoint|cloudmark|\bvade|hornetsecurity|bitdefender|kaspersky|\beset|"
    r"safelinks|link ?check|url ?check|"
    r"python|curl/|wget|go-http-client|java/|apache-httpclient|libwww|node-fetch|axios|\bruby|\bphp|\bperl",
    re.IGNORECASE,
)
_BARE = re.compile(r"Mozilla/\d\.\d\s*")
_PREFETCH_HEADERS = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def is_machine(headers: Mapping[str, str]) -> bool:
    """Say whether a request was made by a machine. `headers` have names in lower case."""
    agent = headers.get("user-agent", "")
    if _PERSONAL_PROXIES.search(agent):
        return False
    if not agent or _BARE.fullmatch(agent) or _MACHINES.search(agent):
        return True
    return any("prefetch" in value or "preview" in value for value in _purposes(headers))


def _purposes(headers: Mapping[str, str]) -> list[str]:
    return [headers[name].lower() for name in _PREFETCH_HEADERS if name in headers]

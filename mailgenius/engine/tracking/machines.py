"""Requests that no person made: mail scanners, security gateways, prefetching proxies, bots.

A machine's opens and clicks are kept and counted apart, so that reports speak of people. Image proxies that
fetch when a person looks (Gmail, Yahoo) count as that person. Apple's privacy proxy fetches whether somebody
looks or not and says nothing but `Mozilla/5.0`: a machine.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

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
_LONGEST_AGENT = 300
_PREFETCH_HEADERS = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def is_machine(headers: Mapping[str, str]) -> bool:
    """Say whether a request was made by a machine. `headers` have names in lower case."""
    if _is_machine_agent(headers.get("user-agent", "")[:_LONGEST_AGENT]):
        return True
    return any("fetch" in value or "preview" in value for value in _purposes(headers))


@lru_cache(maxsize=4096)
def _is_machine_agent(agent: str) -> bool:
    """Kept for the agents that come most often: the search is the dearest part of answering a pixel."""
    if _PERSONAL_PROXIES.search(agent):
        return False
    return not agent or _BARE.fullmatch(agent) is not None or _MACHINES.search(agent) is not None


def _purposes(headers: Mapping[str, str]) -> list[str]:
    return [headers[name].lower() for name in _PREFETCH_HEADERS if name in headers]

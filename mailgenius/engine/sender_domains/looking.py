"""What the DNS says of a sender domain: its keys, who may send for it (SPF), and its policy (DMARC).

Asks the network, so never call this inside a transaction.
"""

import asyncio
from collections.abc import Sequence

from mailgenius.channels.email.dkim_keys import tags_of
from mailgenius.engine.sender_domains.model import DkimKey, Finding, Findings, Found, KeyState, SenderDomain
from mailgenius.kit.dns_lookup import DnsLookup

LONGEST_RECORD = 1000
"""Of what is kept to be shown."""
_POLICIES = {"none", "quarantine", "reject"}
_ANYBODY = {"all", "+all"}


async def look_up(dns: DnsLookup, domain: SenderDomain) -> Findings:
    """Ask for all records at once."""
    keys = domain.keys_in(KeyState.WAITING, KeyState.SIGNING)
    spf, dmarc, *texts = await asyncio.gather(
        dns.texts(domain.domain),
        _dmarc_texts(dns, domain.domain),
        *(dns.texts(key.record_name(domain.domain)) for key in keys),
    )
    return Findings(
        keys={key.selector: judge_key(key, found) for key, found in zip(keys, texts, strict=True)},
        spf=judge_spf(spf),
        dmarc=judge_dmarc(dmarc),
    )


def judge_key(key: DkimKey, texts: Sequence[str] | None) -> Finding:
    """Compare what is published with the key."""
    if texts is None:
        return Finding.UNANSWERED
    records = [tags for text in texts if "p" in (tags := tags_of(text))]
    if len(records) > 1:
        return Finding.SEVERAL
    if not records:
        return Finding.BROKEN if texts else Finding.MISSING
    kind = records[0].get("k", "rsa")
    same = records[0]["p"] == key.public_key and kind == key.algorithm
    return Finding.GOOD if same else Finding.DIFFERENT


def judge_spf(texts: Sequence[str] | None) -> Found:
    """Judge who may send for the domain, as far as its own record says."""
    found = _the_one(texts, "v=spf1", separator=" ")
    if found.finding is Finding.GOOD and not _ANYBODY.isdisjoint(found.record.lower().split()):
        return Found(finding=Finding.WEAK, record=found.record)
    return found


def judge_dmarc(texts: Sequence[str] | None) -> Found:
    """Judge what the domain asks receivers to do with mail that is neither signed nor allowed."""
    found = _the_one(texts, "v=dmarc1", separator=";")
    if found.finding is Finding.GOOD and tags_of(found.record).get("p", "").lower() not in _POLICIES:
        return Found(finding=Finding.BROKEN, record=found.record)
    return found


async def _dmarc_texts(dns: DnsLookup, domain: str) -> list[str] | None:
    """Return what stands at the domain, or at the nearest domain above it that has a policy."""
    labels = domain.split(".")
    for number in range(len(labels) - 1):
        texts = await dns.texts("_dmarc." + ".".join(labels[number:]))
        if texts is None or any(_is_a(text, "v=dmarc1", ";") for text in texts):
            return texts
    return []


def _the_one(texts: Sequence[str] | None, version: str, *, separator: str) -> Found:
    if texts is None:
        return Found(finding=Finding.UNANSWERED)
    records = [text for text in texts if _is_a(text, version, separator)]
    if not records:
        return Found(finding=Finding.MISSING)
    return Found(
        finding=Finding.GOOD if len(records) == 1 else Finding.SEVERAL,
        record=" | ".join(records).replace("\0", "")[:LONGEST_RECORD],
    )


def _is_a(text: str, version: str, separator: str) -> bool:
    return text.lower().partition(separator)[0].replace(" ", "") == version

"""What a tree means, written down a second time: plainly, in Python, one person after the other."""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailgenius.product.leads.model import FieldType
from mailgenius.product.segments.tree import ATTRIBUTES
from tests.product.segments.people import CAMPAIGNS, NOW, TIMEZONE, TOPICS, TYPES, Person

TODAY = NOW.astimezone(ZoneInfo(TIMEZONE)).date()
TURNED = {"is_not": "is", "not_in": "in", "not_contains": "contains", "none": "any", "is_empty": "is_set"}
SENT = {"accepted", "delivered", "bounced", "complained"}
STATES = {"sent": SENT, "delivered": SENT - {"bounced"}, "bounced": {"bounced", "rejected"}}
KINDS = {"opened": "open", "clicked": "click", "unsubscribed": "unsubscribe", "replied": "replied"}


def member(tree: dict[str, Any], person: Person, segments: dict[str, Any]) -> bool:
    if "all" in tree:
        return all(member(each, person, segments) for each in tree["all"])
    if "any" in tree:
        return any(member(each, person, segments) for each in tree["any"])
    if "none" in tree:
        return not any(member(each, person, segments) for each in tree["none"])
    return _condition(tree, person, segments)


def _condition(asked: dict[str, Any], person: Person, segments: dict[str, Any]) -> bool:  # noqa: C901, PLR0911  # One for each.
    op, value = asked.get("op", ""), asked.get("value")
    match asked["on"]:
        case "field":
            stored = person.fields.get(asked["key"])
            return _compare(_typed(stored, TYPES[asked["key"]]), TYPES[asked["key"]], op, value)
        case "lead":
            kind = ATTRIBUTES[asked["key"]]
            attribute = "created_at" if asked["key"] == "updated_at" else asked["key"]
            stored = getattr(person, attribute)
            if kind is FieldType.DATETIME and stored is not None:
                stored = stored.astimezone(ZoneInfo(TIMEZONE)).date()
            if asked["key"] in {"phone", "external_id"} and op in {"is", "is_not", "in", "not_in"}:
                found = stored is not None and stored in (value if isinstance(value, list) else [value])
                return found != (op in TURNED)
            return _compare(stored or None, kind, op, value)
        case "status":
            return (person.status in value) == (op == "in")
        case "tag":
            have, want = set(person.tags), set(value)
            return {"any": bool(have & want), "all": want <= have, "none": not have & want}[op]
        case "consent":
            return _consented(asked, person) == (op != "missing")
        case "topic":
            topic = TOPICS[int(value)]
            return person.topics.get(topic.id, topic.by_default) == (op == "wants")
        case "behaviour":
            return _behaved(asked, person) == (op == "did")
        case "import":
            numbers = {str(each) for each in [person.import_id, *person.changed_by] if each}
            return bool(numbers & set(value)) == (op == "in")
        case "segment":
            return member(segments[value], person, segments) == (op == "in")
        case "share":
            digest = hashlib.md5(f"{person.id}:{asked.get('salt', '')}".encode(), usedforsecurity=False)
            place = int(digest.hexdigest()[:8], 16) % 10000
            start = round(asked.get("from", 0) * 100)
            return start <= place < start + round(asked["percent"] * 100)
    raise AssertionError(asked)


def _consented(asked: dict[str, Any], person: Person) -> bool:
    channel, basis = asked.get("channel"), asked.get("basis", "consent")
    if channel is None and basis == "consent" and asked["op"] != "withdrawn":
        return person.consent_at is not None
    said = {"withdrawn"} if asked["op"] == "withdrawn" else {"given"}
    return any(
        act in said and channel in {None, where} and basis in {"any", known}
        for where, (act, known) in person.consents.items()
    )


def _typed(stored: Any, kind: FieldType) -> Any:  # noqa: PLR0911
    """The value as the field's type has it; None when it does not fit."""
    if stored is None or stored == "":
        return None
    if isinstance(stored, bool):
        words = "true" if stored else "false"
    elif isinstance(stored, float) and stored == int(stored):
        words = str(int(stored))
    else:
        words = str(stored)
    match kind:
        case FieldType.NUMBER:
            return float(words) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", words) else None
        case FieldType.DATE:
            return _day(words)
        case FieldType.DATETIME:
            if re.fullmatch(r".{10}T\d\d:\d\d:\d\dZ", words) and _day(words[:10]):
                moment = datetime.fromisoformat(words)
            elif (day := _day(words)) is not None:
                moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
            else:
                return None
            return moment.astimezone(ZoneInfo(TIMEZONE)).date()
        case FieldType.CHOICES:
            return stored if isinstance(stored, list) else [words]
        case _:
            return words


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words) if re.fullmatch(r"\d{4}-\d\d-\d\d", words) else None
    except ValueError:
        return None


def _compare(stored: Any, kind: FieldType, op: str, value: Any) -> bool:  # noqa: C901, PLR0911
    if op in TURNED:
        return not _compare(stored, kind, TURNED[op], value)
    if op == "is_set":
        return stored is not None and stored != []
    if stored is None:
        return False
    if kind in {FieldType.DATE, FieldType.DATETIME}:
        return _days(stored, op, value)
    if kind is FieldType.NUMBER:
        low, high = value if isinstance(value, list) else (value, value)
        return {
            "is": stored == low, "less": stored < low, "at_most": stored <= low, "more": stored > low,
            "at_least": stored >= low, "between": low <= stored <= high,
        }[op]  # fmt: skip
    if kind is FieldType.BOOLEAN:
        return stored == ("true" if value else "false")
    if kind is FieldType.CHOICES:
        return bool(set(stored) & set(value)) if op == "any" else set(value) <= set(stored)
    have = stored.lower()
    want = [each.lower() for each in value] if isinstance(value, list) else value.lower()
    match op:
        case "is":
            return have == want
        case "in":
            return have in want
        case "contains":
            return want in have
        case "starts_with":
            return have.startswith(want)
        case "ends_with":
            return have.endswith(want)
    raise AssertionError(op)


def _days(stored: date, op: str, value: Any) -> bool:  # noqa: PLR0911
    match op:
        case "on":
            return stored == date.fromisoformat(value)
        case "before":
            return stored < date.fromisoformat(value)
        case "after":
            return stored > date.fromisoformat(value)
        case "between":
            return date.fromisoformat(value[0]) <= stored <= date.fromisoformat(value[1])
        case "in_last":
            return TODAY - timedelta(days=value) <= stored <= TODAY
        case "before_last":
            return stored < TODAY - timedelta(days=value)
        case "in_next":
            return TODAY <= stored <= TODAY + timedelta(days=value)
        case "month":
            return stored.month == value
        case "anniversary":
            return any(
                _same_day(stored, TODAY + timedelta(days=ahead)) for ahead in range(min(value, 366) + 1)
            )
    raise AssertionError(op)


def _same_day(stored: date, day: date) -> bool:
    if (stored.month, stored.day) == (day.month, day.day):
        return True
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return (stored.month, stored.day) == (2, 29) and (day.month, day.day) == (2, 28) and not leap


def _behaved(asked: dict[str, Any], person: Person) -> bool:
    campaign = asked.get("campaign")
    wanted = set(CAMPAIGNS.values()) if campaign is None else {CAMPAIGNS.get(int(campaign))}
    since = NOW - timedelta(days=asked["days"]) if asked.get("days") else None
    act = asked["act"]
    if act in STATES:
        # A message counts from the moment that its id says, to the millisecond.
        hits = {
            message.id
            for message in person.messages
            if message.state in STATES[act]
            and message.order_id in wanted
            and (since is None or message.at >= since)
        }
    else:
        hits = {
            event.message.id
            for event in person.events
            if event.kind == KINDS[act]
            and not event.machine
            and event.message.order_id in wanted
            and (since is None or event.at >= since)
        }
    return len(hits) >= asked.get("times", 1)

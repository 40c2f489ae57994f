"""Puts a tree into one plain sentence, in English or Brazilian Portuguese. Pure functions.

The sentence is made from the tree and not from its JSON, so it says what will be asked of the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mailgenius.product.segments.phrases import ENGLISH, PORTUGUESE, Phrases
from mailgenius.product.segments.tree import (
    ANY_BASIS,
    BehaviourCondition,
    Condition,
    ConsentCondition,
    Group,
    GroupKind,
    ImportCondition,
    Node,
    On,
    SegmentCondition,
    ShareCondition,
    StatusCondition,
    TagCondition,
    TopicCondition,
    ValueCondition,
)

MANY = 5
"""So many values are named; the others are counted."""
DAY_OPERATORS = frozenset({"in_last", "before_last", "in_next", "anniversary"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What things are called."""

    phrases: Phrases
    fields: Mapping[str, str]
    segments: Mapping[int, str]
    campaigns: Mapping[int, str]
    imports: Mapping[int, str]
    topics: Mapping[int, str]


def describe(
    tree: Node,
    *,
    locale: str,
    fields: Mapping[str, str],
    segments: Mapping[int, str],
    campaigns: Mapping[int, str],
    imports: Mapping[int, str],
    topics: Mapping[int, str],
) -> str:
    """Return what a tree means."""
    phrases = PORTUGUESE if locale.startswith("pt") else ENGLISH
    names = Names(
        phrases=phrases,
        fields=fields,
        segments=segments,
        campaigns=campaigns,
        imports=imports,
        topics=topics,
    )
    return phrases.leads.format(_node(tree, names, outermost=True))


def _node(node: Node, names: Names, *, outermost: bool = False) -> str:
    if not isinstance(node, Group):
        return _condition(node, names)
    phrases = names.phrases
    parts = [_node(child, names) for child in node.nodes]
    if node.kind is GroupKind.NONE:
        text = phrases.none_of.format("; ".join(parts))
    else:
        text = (phrases.and_ if node.kind is GroupKind.ALL else phrases.or_).join(parts)
    alone = outermost or (len(parts) == 1 and node.kind is not GroupKind.NONE)
    return text if alone else f"({text})"


def _condition(condition: Condition, names: Names) -> str:
    phrases = names.phrases
    match condition:
        case ValueCondition():
            text = _value(condition, names)
        case StatusCondition(op=op, statuses=statuses):
            listed = _listed([phrases.statuses[status.value] for status in statuses], phrases)
            text = phrases.operators[op].format(phrases.status, listed)
        case TagCondition(op=op, tags=tags):
            text = phrases.tags[op].format(_quoted(tags, phrases))
        case ConsentCondition():
            text = _consent(condition, phrases)
        case TopicCondition(wants=wants, topic_id=topic_id):
            name = names.topics.get(topic_id, str(topic_id))
            text = (phrases.wants if wants else phrases.wants_not).format(name)
        case BehaviourCondition():
            text = _behaviour(condition, names)
        case ImportCondition(inside=inside, import_ids=ids):
            files = _listed([names.imports.get(each, str(each)) for each in ids], phrases)
            text = (phrases.imported if inside else phrases.not_imported).format(files)
        case SegmentCondition(inside=inside, segment_id=segment_id):
            name = names.segments.get(segment_id, str(segment_id))
            text = (phrases.in_segment if inside else phrases.not_in_segment).format(name)
        case ShareCondition(start=start, end=end):
            text = phrases.share.format(_percent(end - start), _percent(start), _percent(end))
    return text


def _value(condition: ValueCondition, names: Names) -> str:  # noqa: PLR0911  # One for each shape.
    phrases = names.phrases
    if condition.on is On.FIELD:
        what = names.fields.get(condition.key, condition.key)
    else:
        what = phrases.attributes[condition.key]
    value: Any = condition.value
    if isinstance(value, bool):
        return phrases.operators["yes" if value else "no"].format(what)
    if condition.op == "anniversary" and value == 0:
        return phrases.operators["anniversary_today"].format(what)
    if condition.op == "month":
        return phrases.operators["month"].format(what, phrases.months[int(value) - 1])
    if condition.op == "between":
        low, high = value
        return phrases.operators["between"].format(what, _plain(low, phrases), _plain(high, phrases))
    if condition.op in DAY_OPERATORS:
        return phrases.operators[condition.op].format(what, _days(value, phrases))
    if isinstance(value, tuple):
        return phrases.operators[condition.op].format(what, _quoted(value, phrases))
    return phrases.operators[condition.op].format(what, _plain(value, phrases))


def _plain(value: Any, phrases: Phrases) -> str:
    if isinstance(value, date):
        return value.strftime(phrases.date_format)
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", phrases.decimal_point)
    return "" if value is None else f"“{value}”"


def _consent(condition: ConsentCondition, phrases: Phrases) -> str:
    text = phrases.consents[condition.op.value].format(phrases.bases[condition.basis or ANY_BASIS])
    if condition.channel is not None:
        text += phrases.on_channel.format(phrases.channels[condition.channel.value])
    return text


def _behaviour(condition: BehaviourCondition, names: Names) -> str:
    phrases = names.phrases
    did, did_not = phrases.acts[condition.act.value]
    campaign_id = condition.campaign_id
    if campaign_id is None:
        what = phrases.any_campaign
    else:
        what = phrases.campaign.format(names.campaigns.get(campaign_id) or campaign_id)
    times = phrases.times.format(condition.times) if condition.times > 1 else ""
    days = phrases.last_days.format(_days(condition.days, phrases)) if condition.days else ""
    return (did if condition.did else did_not).format(what) + times + days


def _days(days: int, phrases: Phrases) -> str:
    return phrases.day if days == 1 else phrases.days.format(days)


def _quoted(values: Any, phrases: Phrases) -> str:
    return _listed([f"“{value}”" for value in values], phrases)


def _listed(values: list[str], phrases: Phrases) -> str:
    if len(values) > MANY:
        return ", ".join(values[: MANY - 1]) + phrases.more.format(len(values) - MANY + 1)
    return ", ".join(values[:-1]) + phrases.or_ + values[-1] if len(values) > 1 else values[0]


def _percent(hundredths: int) -> str:
    return (
        f"{Decimal(hundredths) / 100:f}".rstrip("0").rstrip(".")
        if hundredths % 100
        else str(hundredths // 100)
    )

"""Compiles a tree to a condition on `leads`, with parameters. The one place where segments become SQL.

Every piece of SQL is a literal of this file or of `pieces.py`; whatever a person wrote goes into a parameter.
The statement that is narrowed reads `leads` without an alias, and has the parameters workspace_id, after_id
and until_id: it judges the leads after the first id and up to the second, and subqueries look no further.

SQL knows "unknown" beside true and false. A tree does not: what is not true is false. So everything that
turns a condition around says IS NOT TRUE.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.errors import Problem
from mailgenius.product.consents.model import Basis, ConsentAct
from mailgenius.product.leads.model import FieldType
from mailgenius.product.preferences import service as preferences
from mailgenius.product.segments import pieces
from mailgenius.product.segments.errors import SegmentBroken
from mailgenius.product.segments.known import Known
from mailgenius.product.segments.moments import CLOCK_MARGIN, days_of_year, message_id_at
from mailgenius.product.segments.tree import (
    MAX_DEPTH,
    MAX_EXPANDED,
    BehaviourCondition,
    Condition,
    ConsentCondition,
    ConsentOp,
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

MAX_NESTING = 4 * MAX_DEPTH
"""Groups inside each other, with those of the segments that are used."""


@dataclass(slots=True)
class _Writer:
    known: Known
    parameters: dict[str, Any] = field(default_factory=dict)
    looks_around: bool = False
    conditions: int = 0
    inside: tuple[int, ...] = ()
    """The segments that are being written down, for finding circles."""

    def put(self, value: Any, cast: str) -> str:
        """Add a parameter and return how it stands in the SQL. `cast` is a literal of this file."""
        name = self.next_name()
        self.parameters[name] = value
        return f"%({name})s::{cast}"

    def next_name(self) -> str:
        return f"c{len(self.parameters)}"


def compile_tree(tree: Node, known: Known) -> Fragment:
    """Return the condition that is true for exactly the members.

    Raises:
        SegmentBroken: segments use each other in a circle, or more of them than can be judged at once.
    """
    writer = _Writer(known=known)
    sql = _node(tree, writer, 1)
    return Fragment(sql=sql, parameters=writer.parameters, looks_around=writer.looks_around)


def _node(node: Node, writer: _Writer, depth: int) -> str:
    if not isinstance(node, Group):
        writer.conditions += 1
        if writer.conditions > MAX_EXPANDED:
            raise broken(f"more than {MAX_EXPANDED} conditions with those of the segments that are used")
        return _condition(node, writer, depth)
    if depth > MAX_NESTING:
        raise broken("segments are nested too deep")
    parts = [_node(child, writer, depth + 1) for child in node.nodes]
    if node.kind is GroupKind.ALL:
        return "(" + " AND ".join(parts) + ")"
    either = "(" + " OR ".join(parts) + ")"
    return either if node.kind is GroupKind.ANY else f"({either} IS NOT TRUE)"


def broken(reason: str) -> SegmentBroken:
    return SegmentBroken(problems=[Problem("tree", reason)])


def _condition(condition: Condition, writer: _Writer, depth: int) -> str:  # noqa: PLR0911  # One for each kind.
    match condition:
        case ValueCondition():
            return _turned(condition.op, _value(condition, writer))
        case StatusCondition():
            statuses = writer.put([status.value for status in condition.statuses], "lead_status[]")
            return _turned(condition.op, pieces.STATUS.format(v=statuses))
        case TagCondition():
            tags = writer.put(list(condition.tags), "text[]")
            asked = pieces.TURNED.get(condition.op, condition.op)
            return _turned(condition.op, pieces.TAGS[asked].format(v=tags))
        case ConsentCondition():
            said = _consent(condition, writer)
            return _not(said) if condition.op is ConsentOp.MISSING else said
        case TopicCondition():
            return _topic(condition, writer)
        case BehaviourCondition():
            happened = _behaviour(condition, writer)
            return happened if condition.did else _not(happened)
        case ImportCondition():
            inside = _imported(condition, writer)
            return inside if condition.inside else _not(inside)
        case SegmentCondition():
            inside = _segment(condition, writer, depth)
            return inside if condition.inside else _not(inside)
        case ShareCondition():
            return pieces.SHARE.format(
                v=writer.put(condition.salt, "text"),
                w=writer.put(condition.start, "int"),
                u=writer.put(condition.end - 1, "int"),
            )


def _not(sql: str) -> str:
    return f"({sql}) IS NOT TRUE"


def _turned(op: str, sql: str) -> str:
    return _not(sql) if op in pieces.TURNED else sql


def _value(condition: ValueCondition, writer: _Writer) -> str:  # noqa: PLR0911  # One for each type.
    """The condition without its turn: `is_not` as `is`."""
    op = pieces.TURNED.get(condition.op, condition.op)
    x = _operand(condition, writer)
    match condition.type:
        case FieldType.NUMBER:
            if op == "is_set":
                return pieces.MOMENT_SET.format(x=x)
            return _compared(pieces.NUMBER[op], x, condition.value, "numeric", writer)
        case FieldType.DATE | FieldType.DATETIME:
            return _on_days(op, x, condition.value, writer)
        case FieldType.BOOLEAN:
            if op == "is_set":
                return pieces.IS_SET.format(x=x)
            return pieces.BOOLEAN.format(x=x, v=writer.put("true" if condition.value else "false", "text"))
        case FieldType.CHOICES:
            if op == "is_set":
                return pieces.CHOICES_SET.format(x=x)
            asked: Any = condition.value
            return pieces.CHOICES[op].format(x=x, v=writer.put(list(asked), "text[]"))
        case FieldType.TEXT | FieldType.CHOICE | FieldType.URL:
            return _text(op, x, condition, writer)


def _operand(condition: ValueCondition, writer: _Writer) -> str:
    """The lead's value, of the type that is compared: moments as the day that they are in the workspace."""
    if condition.on is On.LEAD:
        x = pieces.ATTRIBUTES[condition.key]
    else:
        key = writer.put(condition.key, "text")
        asks_choices = condition.type is FieldType.CHOICES and condition.op not in {"is_set", "is_empty"}
        piece = (
            pieces.FIELD_JSON if asks_choices else pieces.FIELD_VALUES.get(condition.type, pieces.FIELD_TEXT)
        )
        x = piece.format(v=key)
    if condition.type is FieldType.DATETIME:
        return pieces.LOCAL_DATE.format(x=x, v=writer.put(writer.known.timezone, "text"))
    return x


def _text(op: str, x: str, condition: ValueCondition, writer: _Writer) -> str:
    if op == "is_set":
        return pieces.IS_SET.format(x=x)
    value: Any = condition.value
    if condition.key == "email" and condition.on is On.LEAD:
        value = tuple(each.lower() for each in value) if isinstance(value, tuple) else value.lower()
    whole = condition.on is On.LEAD and condition.key in pieces.IDENTITIES and op in pieces.IDENTITY
    piece, cast = (pieces.IDENTITY if whole else pieces.TEXT)[op]
    return piece.format(x=x, v=writer.put(list(value) if isinstance(value, tuple) else value, cast))


def _compared(piece: str, x: str, value: Any, cast: str, writer: _Writer) -> str:
    low, high = value if isinstance(value, tuple) else (value, None)
    v = writer.put(low, cast)
    return piece.format(x=x, v=v, w=v if high is None else writer.put(high, cast))


def _on_days(op: str, x: str, value: Any, writer: _Writer) -> str:
    today = writer.known.today
    match op:
        case "is_set":
            return pieces.MOMENT_SET.format(x=x)
        case "month":
            return pieces.MONTH.format(x=x, v=writer.put(value, "int"))
        case "anniversary":
            return pieces.DAY_OF_YEAR.format(x=x, v=writer.put(days_of_year(today, value), "text[]"))
        case "in_last":
            op, value = "between", (today - timedelta(days=value), today)
        case "before_last":
            op, value = "before", today - timedelta(days=value)
        case "in_next":
            op, value = "between", (today, today + timedelta(days=value))
    return _compared(pieces.DATE[op], x, value, "date", writer)


def _behaviour(condition: BehaviourCondition, writer: _Writer) -> str:
    orders = pieces.EVERY_CAMPAIGN
    since: datetime | None = None
    if condition.campaign_id is not None:
        sent = writer.known.orders.get(condition.campaign_id, ())
        if not sent:
            return "false"  # It was never launched: nothing happened.
        orders = writer.put([order.order_id for order in sent], "bigint[]")
        since = min(order.opened_at for order in sent) - CLOCK_MARGIN
    if condition.days is not None:
        recent = writer.known.now - timedelta(days=condition.days)
        since = recent if since is None else max(since, recent)
    writer.looks_around = True
    in_messages = condition.act in pieces.FROM_MESSAGES
    source = (pieces.FROM_MESSAGES if in_messages else pieces.FROM_EVENTS)[condition.act].format(
        orders=orders
    )
    if in_messages:
        until = message_id_at(writer.known.now + CLOCK_MARGIN)
        source += pieces.MESSAGES_UNTIL.format(v=writer.put(until, "bigint"))
    if since is not None and in_messages:
        source += pieces.MESSAGES_SINCE.format(v=writer.put(message_id_at(since), "bigint"))
    elif condition.days is not None:
        source += pieces.EVENTS_SINCE.format(v=writer.put(since, "timestamptz"))
    if condition.times == 1:
        return pieces.ONCE.format(source=source)
    times = pieces.MESSAGES_TIMES if in_messages else pieces.EVENTS_TIMES
    return times.format(source=source, v=writer.put(condition.times, "int"))


def _consent(condition: ConsentCondition, writer: _Writer) -> str:
    """The condition without its turn: missing as given."""
    withdrawn = condition.op is ConsentOp.WITHDRAWN
    if condition.channel is None and condition.basis is Basis.CONSENT and not withdrawn:
        return pieces.CONSENT
    writer.looks_around = True
    more = ""
    if condition.channel is not None:
        more += pieces.CONSENT_CHANNEL.format(v=writer.put(condition.channel.value, "text"))
    if condition.basis is not None:
        more += pieces.CONSENT_BASIS.format(v=writer.put(condition.basis.value, "legal_basis"))
    act = ConsentAct.WITHDRAWN if withdrawn else ConsentAct.GIVEN
    return pieces.CONSENT_SAID.format(v=writer.put(act.value, "consent_act"), more=more)


def _topic(condition: TopicCondition, writer: _Writer) -> str:
    topic = writer.known.topics.get(condition.topic_id)
    if topic is None:
        raise broken(f"there is no topic “{condition.topic_id}”")
    found = preferences.choosing(topic, wants=condition.wants, parameter=writer.next_name())
    writer.parameters |= found.parameters
    writer.looks_around = writer.looks_around or found.looks_around
    return found.sql


def _imported(condition: ImportCondition, writer: _Writer) -> str:
    writer.looks_around = True
    return pieces.IMPORTED.format(
        v=writer.put(list(condition.import_ids), "bigint[]"),
        w=writer.put([str(number) for number in condition.import_ids], "text[]"),
    )


def _segment(condition: SegmentCondition, writer: _Writer, depth: int) -> str:
    if condition.segment_id in writer.inside:
        raise broken("segments use each other in a circle")
    tree = writer.known.trees.get(condition.segment_id)
    if tree is None:
        raise broken(f"segment {condition.segment_id} does not exist")
    writer.inside = (*writer.inside, condition.segment_id)
    sql = _node(tree, writer, depth + 1)
    writer.inside = writer.inside[:-1]
    return sql

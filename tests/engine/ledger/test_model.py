"""The transition tables, pair by pair, and against the database's own words."""

import itertools
import re
from pathlib import Path

import psycopg
import pytest

import mailgenius
from mailgenius.engine.ledger.model import (
    MOVING,
    ORDER_TRANSITIONS,
    TRANSITIONS,
    MessageState,
    OrderState,
    may_become,
)

S = MessageState
ALLOWED = {
    (S.QUEUED, S.SENDING),
    (S.QUEUED, S.CANCELLED),
    (S.SENDING, S.QUEUED),
    (S.SENDING, S.ACCEPTED),
    (S.SENDING, S.DEFERRED),
    (S.SENDING, S.REJECTED),
    (S.SENDING, S.UNKNOWN),
    (S.SENDING, S.SUPPRESSED),
    (S.SENDING, S.EXPIRED),
    (S.DEFERRED, S.QUEUED),
    (S.DEFERRED, S.EXPIRED),
    (S.DEFERRED, S.CANCELLED),
    (S.UNKNOWN, S.QUEUED),
    (S.UNKNOWN, S.ACCEPTED),
    (S.UNKNOWN, S.REJECTED),
    (S.UNKNOWN, S.DELIVERED),
    (S.UNKNOWN, S.BOUNCED),
    (S.UNKNOWN, S.COMPLAINED),
    (S.ACCEPTED, S.DELIVERED),
    (S.ACCEPTED, S.BOUNCED),
    (S.ACCEPTED, S.COMPLAINED),
    (S.DELIVERED, S.BOUNCED),
    (S.DELIVERED, S.COMPLAINED),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(MessageState, repeat=2)))
def test_every_pair_of_message_states(old: MessageState, new: MessageState):
    assert may_become(old, new) is ((old, new) in ALLOWED)


def test_every_state_has_its_row():
    assert set(TRANSITIONS) == set(MessageState)
    assert set(ORDER_TRANSITIONS) == set(OrderState)


def test_nothing_comes_back_to_life_after_its_end():
    ends = {state for state, steps in TRANSITIONS.items() if not steps}
    assert ends == {S.REJECTED, S.SUPPRESSED, S.EXPIRED, S.CANCELLED, S.BOUNCED, S.COMPLAINED}
    assert not ends & MOVING


@pytest.mark.parametrize(("kind", "states"), [("message_state", MessageState), ("order_state", OrderState)])
def test_the_database_knows_the_same_states(database_url: str, kind: str, states: type):
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT unnest(enum_range(NULL::" + kind + "))::text").fetchall()
    assert {row[0] for row in rows} == {str(state) for state in states}


def test_the_migration_tells_the_same_steps_in_its_comments():
    text = (Path(mailgenius.__file__).parent / "migrations" / "0001_pre_foundation.sql").read_text()
    block = text.split("CREATE TYPE message_state AS ENUM (")[1].split(");")[0]
    told = {}
    for line in block.strip().splitlines():
        state = re.search(r"'(\w+)'", line)
        steps = re.search(r"-> ([a-z_, ]+)", line)
        assert state
        told[S(state[1])] = set(re.findall(r"[a-z]+", steps[1])) if steps else set()
    for state, steps in TRANSITIONS.items():
        if told[state] != {"any", "outcome"}:
            assert told[state] == {str(step) for step in steps}, state

"""How many engines there should be: the decision, played through on a clock of its own."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from mailgenius.kit.errors import Invalid
from mailgenius.processes.scaling import (
    IDLE_S,
    PATIENCE_S,
    SETTLING_S,
    Course,
    Look,
    Span,
    decide,
    parse_span,
)

World = Callable[[float, int], tuple[int, bool, float, float]]
"""Waiting batches, whether all work, busy and rate, by the time and the number of engines."""
ONE_TO_FOUR = Span(1, 4)


def play(world: World, *, seconds: int, span: Span = ONE_TO_FOUR, engines: int = 1) -> list[tuple[int, int]]:
    """Look every two seconds and return the changes: when, and to how many."""
    course, changes = Course(), []
    for at in range(0, seconds, 2):
        waiting, working, busy, rate = world(at, engines)
        look = Look(at=float(at), waiting=waiting, engines=engines, working=working, busy=busy, rate=rate)
        course, wanted = decide(course, look, span)
        assert abs(wanted - engines) <= 1
        if wanted != engines:
            changes.append((at, wanted))
        engines = wanted
    return changes


def machine(load: float) -> World:
    """A machine whose engines share a load evenly; each can do 1."""

    def world(_: float, engines: int) -> tuple[int, bool, float, float]:
        waiting = 50 if load > engines else 0
        return waiting, load > 0, min(1.0, load / engines), min(load, engines) * 1000

    return world


def test_engines_are_added_until_the_work_is_done_in_time():
    assert [engines for _, engines in play(machine(2.7), seconds=300)] == [2, 3]


def test_never_more_than_allowed():
    assert [engines for _, engines in play(machine(50), seconds=300)] == [2, 3, 4]


def test_engines_go_while_what_waits_is_for_a_connection_that_is_left_alone():
    look = Look(at=0.0, waiting=2, engines=3, working=False, busy=0.03, rate=0.0, resting=True)
    course, wanted = decide(Course(), look, ONE_TO_FOUR)
    assert wanted == 3
    assert decide(course, replace(look, at=IDLE_S), ONE_TO_FOUR)[1] == 2
    assert decide(course, replace(look, at=IDLE_S, resting=False), ONE_TO_FOUR)[1] == 3


def test_idle_engines_go_one_by_one_and_never_below_the_fewest():
    changes = play(machine(0), seconds=1000, engines=4, span=Span(2, 4))
    assert [engines for _, engines in changes] == [3, 2]
    assert changes[0][0] >= IDLE_S


def test_an_engine_that_brings_nothing_is_the_last_for_a_while():
    def one_provider(_: float, engines: int) -> tuple[int, bool, float, float]:
        return 50, True, 0.2, 800.0

    changes = play(one_provider, seconds=int(PATIENCE_S))
    assert [engines for _, engines in changes] == [2]


def test_slow_providers_get_more_engines_though_none_is_busy():
    def slow(_: float, engines: int) -> tuple[int, bool, float, float]:
        return 50, True, 0.2, 500.0 * engines

    assert [engines for _, engines in play(slow, seconds=300)] == [2, 3, 4]


def test_a_short_peak_changes_nothing():
    def peaks(at: float, engines: int) -> tuple[int, bool, float, float]:
        return (50, True, 1.0, 900.0) if at % 10 == 0 else (0, True, 0.1, 90.0)

    assert play(peaks, seconds=600) == []


def test_work_that_nobody_may_send_adds_nothing():
    assert play(lambda *_: (500, False, 0.05, 10.0), seconds=600) == []


@pytest.mark.parametrize("seed", range(20))
def test_any_steady_load_comes_to_rest(seed: int):
    chance = random.Random(seed)
    load = chance.uniform(0, 5)
    world = machine(load)
    first = chance.randint(1, 4)
    changes = play(world, seconds=2000, engines=first)
    numbers = [first, *(engines for _, engines in changes)]
    assert len({later > earlier for earlier, later in pairwise(numbers)}) <= 1, f"{load}: {changes}"
    assert all(later - earlier >= SETTLING_S for (earlier, _), (later, _) in pairwise(changes))
    assert play(world, seconds=2000, engines=numbers[-1]) == []


def test_the_span_is_read_as_it_is_written():
    assert parse_span("1..4") == Span(1, 4)
    assert parse_span("3") == Span(3, 3)
    assert parse_span("").fewest == 1
    for wrong in ("0", "4..2", "two", "1..", "1...3", "1..1000"):
        with pytest.raises(Invalid):
            parse_span(wrong)

"""How often a job that fails is run again."""

from datetime import timedelta

from mailgenius.kit.jobs import LONGEST_WAIT_S, GrowingWaits


def test_waits_grow_to_an_hour_and_end_after_a_day_and_more():
    waits = [GrowingWaits(attempts=50).seconds(attempts) for attempts in range(51)]
    assert waits[:3] == [4, 10, 28]
    assert waits[49:] == [LONGEST_WAIT_S, None]
    whole = [wait for wait in waits if wait is not None]
    assert whole == sorted(whole)
    assert timedelta(seconds=sum(whole)) > timedelta(days=1)

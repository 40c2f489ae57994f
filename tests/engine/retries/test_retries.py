"""The table of retries: what follows from each outcome, and when."""

from datetime import timedelta

import pytest

from mailgenius.channels.contract import Channel, Fault, Outcome, SendResult
from mailgenius.engine.ledger.model import MessageState, Policy
from mailgenius.engine.retries import service as retries

MINUTES = [1, 5, 15, 30, 60, 120, 240, 480, 720, 720, 720, 720]
DEFERRED = SendResult(outcome=Outcome.DEFERRED, code="451", reason="busy")


def verdict(result: SendResult, attempts: int = 0, policy=Policy.PREFER_NO_DUPLICATE, deduplicates=False):
    return retries.verdict(
        result, attempts=attempts, channel=Channel.EMAIL, policy=policy, deduplicates=deduplicates
    )


@pytest.mark.parametrize(("attempts", "minutes"), list(enumerate(MINUTES)))
def test_each_wait_is_the_table_s_within_a_fifth(attempts: int, minutes: int):
    waits = {verdict(DEFERRED, attempts).again_in for _ in range(200)}
    assert all(timedelta(minutes=minutes * 0.8) <= wait <= timedelta(minutes=minutes * 1.2) for wait in waits)
    assert len(waits) > 50, "waits that do not vary come back all together"


def test_the_last_attempt_lies_within_72_hours_and_then_it_is_over():
    assert timedelta(minutes=sum(MINUTES)) < timedelta(hours=72)
    assert timedelta(minutes=sum(MINUTES) + 720) > timedelta(hours=72)
    assert verdict(DEFERRED, len(MINUTES)).state is MessageState.EXPIRED


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("attempts", [0, 5])
def test_a_refusal_for_good_is_never_tried_again(fault: Fault, attempts: int):
    found = verdict(
        SendResult(outcome=Outcome.REJECTED, code="550", fault=fault, retry_after=timedelta(1)), attempts
    )
    assert found == retries.Verdict(state=MessageState.REJECTED)


def test_a_wait_the_provider_asks_for_is_honoured():
    asked = SendResult(outcome=Outcome.DEFERRED, retry_after=timedelta(minutes=20))
    for _ in range(100):
        wait = verdict(asked).again_in
        assert wait
        assert timedelta(minutes=20) <= wait <= timedelta(minutes=24)


def test_no_answer_follows_the_policy_and_the_provider_s_powers():
    lost = SendResult(outcome=Outcome.UNKNOWN, reason="connection lost")
    assert verdict(lost).state is MessageState.UNKNOWN
    assert verdict(lost, policy=Policy.PREFER_DELIVERY).state is MessageState.DEFERRED
    assert verdict(lost, deduplicates=True).state is MessageState.DEFERRED
    assert verdict(lost, attempts=99, policy=Policy.PREFER_DELIVERY).state is MessageState.UNKNOWN


def test_a_connection_is_left_alone_longer_each_time_up_to_five_minutes():
    waits = [retries.connection_wait(faults).total_seconds() for faults in range(1, 20)]
    assert waits[0] == 5
    assert waits == sorted(waits)
    assert waits[-1] == 300

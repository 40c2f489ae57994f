"""What peers' words mean, with replies as real servers give them."""

from datetime import timedelta

import pytest

from mailgenius.channels.contract import Fault, Outcome
from mailgenius.channels.email.smtp.protocol import Reply
from mailgenius.channels.email.smtp.replies import Stage, accepted, code_of, refused, wait_in

A, D, R = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED


@pytest.mark.parametrize(
    ("reply", "outcome", "fault"),
    [
        ("550 5.1.1 The email account that you tried to reach does not exist.", R, Fault.RECIPIENT),
        (
            "550 5.1.1 <x@y>: Recipient address rejected: User unknown in local table",
            R,
            Fault.RECIPIENT,
        ),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", R, Fault.RECIPIENT),
        ("550 5.1.2 Bad destination system address", R, Fault.RECIPIENT),
        ("550 5.2.1 The email account that you tried to reach is inactive.", R, Fault.RECIPIENT),
        ("550 5.2.1 The user you are trying to contact is receiving mail at a rate that", R, Fault.POLICY),
        ("552 5.2.2 The email account that you tried to reach is over quota", R, Fault.RECIPIENT),
        ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", R, Fault.RECIPIENT),
        ("550 User unknown", R, Fault.RECIPIENT),
        ("550 No such user here", R, Fault.RECIPIENT),
        ("550 Requested action not taken: mailbox unavailable", R, Fault.RECIPIENT),
        ("550 Unrouteable address", R, Fault.RECIPIENT),
        ("554 delivery error: dd This user doesn't have a yahoo.com account", R, Fault.RECIPIENT),
        ("550 5.7.26 This mail has been blocked because the sender is unauthenticated.", R, Fault.POLICY),
        ("550 5.7.515 Access denied, sending domain does not meet the required level", R, Fault.POLICY),
        ("554 5.7.1 <x@y>: Relay access denied", R, Fault.POLICY),
        ("553 5.1.8 Sender address rejected: Domain not found", R, Fault.POLICY),
        ("550 5.1.7 Invalid sender address", R, Fault.POLICY),
        ("552 5.3.4 Message size exceeds fixed limit", R, Fault.POLICY),
        ("554 Message rejected: mailbox unavailable, listed by Spamhaus, blocked", R, Fault.POLICY),
        ("550 No", R, Fault.POLICY),
        ("554 Transaction failed", R, Fault.POLICY),
        ("421 4.7.28 Our system has detected an unusual rate of unsolicited mail", D, Fault.POLICY),
        ("451 4.7.24 The SPF record of the sending domain has suspicious entries", D, Fault.POLICY),
        ("452 4.2.2 The recipient's inbox is out of storage space", D, Fault.RECIPIENT),
        ("450 4.2.1 The user you are trying to contact is receiving mail at a rate that", D, Fault.POLICY),
        ("451 4.3.0 Temporary server error", D, Fault.POLICY),
        ("451 Requested action aborted: local error in processing", D, Fault.NONE),
        ("450 Mailbox is full", D, Fault.RECIPIENT),
    ],
)
def test_fault_of_a_recipients_refusal(reply: str, outcome: Outcome, fault: Fault):
    result = refused(Reply(int(reply[:3]), (reply[4:],)), Stage.RCPT)
    assert (result.outcome, result.fault) == (outcome, fault)
    assert result.reason == reply


@pytest.mark.parametrize(
    ("code", "text", "stage", "outcome", "fault"),
    [
        (530, "5.7.0 Authentication required", Stage.MAIL, D, Fault.CONNECTION),
        (503, "5.5.1 Bad sequence of commands", Stage.MAIL, D, Fault.CONNECTION),
        (535, "5.7.8 Error", Stage.DATA, D, Fault.CONNECTION),
        (535, "5.7.8 Error", Stage.RCPT, R, Fault.POLICY),
        (421, "4.3.2 Closing", Stage.MAIL, D, Fault.CONNECTION),
        (421, "4.7.0 Too much", Stage.MAIL, D, Fault.POLICY),
        (421, "4.7.0 Too much", Stage.DOT, D, Fault.POLICY),
        (554, "5.7.1 Spam", Stage.DOT, R, Fault.POLICY),
    ],
)
def test_stage_decides_whether_the_connection_is_at_fault(
    code: int, text: str, stage: Stage, outcome: Outcome, fault: Fault
):
    result = refused(Reply(code, (text,)), stage)
    assert (result.outcome, result.fault) == (outcome, fault)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("Greylisted, please try again in 300 seconds", timedelta(seconds=300)),
        ("try again in 5 minutes", timedelta(minutes=5)),
        ("Greylisting in action, please come back in 00 hours 4 min", timedelta(minutes=4)),
        ("Please retry after 60s", timedelta(seconds=60)),
        ("Try again in 2 hours.", timedelta(hours=2)),
        ("wait 1 hr", timedelta(hours=1)),
        ("please wait 1 hour and 30 minutes", timedelta(minutes=90)),
        ("try again later", None),
        ("try again in 5 messages", None),
        ("try again in 900 hours", None),
        ("try again in 0 seconds", None),
        ("12 seconds have passed", None),
    ],
)
def test_wait_that_a_peer_asks_for(text: str, wait: timedelta | None):
    assert wait_in(text) == wait
    assert refused(Reply(451, (text,)), Stage.RCPT).retry_after == wait
    assert refused(Reply(551, (text,)), Stage.RCPT).retry_after is None


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("2.0.0 Ok: queued as 4XyZ1a2b3c", "4XyZ1a2b3c"),
        ("OK id=1rSt0A-0007Cd-2x", "1rSt0A-0007Cd-2x"),
        ("Ok 0100018f1c2d3e4f-abcdef01-000000", "0100018f1c2d3e4f-abcdef01-000000"),
        (
            "2.6.0 <m@x> [InternalId=1] Queued mail for delivery",
            "2.6.0 <m@x> [InternalId=1] Queued mail for delivery",
        ),
        ("2.0.0 OK  1700000000 d2e1a72fcca58-abc - gsmtp", "2.0.0 OK  1700000000 d2e1a72fcca58-abc - gsmtp"),
    ],
)
def test_reference_the_peer_gave(text: str, reference: str):
    result = accepted(Reply(250, (text,)))
    assert result.outcome is A
    assert result.provider_ref == reference
    assert result.fault is Fault.NONE


def test_code_holds_the_enhanced_one_only_where_it_stands_first():
    assert code_of(Reply(451, ("4.7.28 Slow down", "4.7.28 please"))) == "451 4.7.28"
    assert code_of(Reply(250, ("Ok, version 4.5.6",))) == "250"


def test_long_words_are_cut():
    assert len(refused(Reply(550, ("x" * 900,)), Stage.RCPT).reason) == 500

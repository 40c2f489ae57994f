"""The short form of bench/idempotency.py: each message posted three times at once, and the API killed."""

import json
import subprocess
import sys

from tests.architecture.sources import ROOT


def test_posts_repeated_through_a_kill_make_one_message_each():
    found = subprocess.run(
        [sys.executable, "bench/idempotency.py", "--posts", "120", "--kills", "1"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    figures = json.loads(found.stdout.splitlines()[-1])
    assert (figures["messages"], figures["kills"], figures["two_answers"]) == (120, 1, 0)

"""Processes of an installation: shared by several commands, restarted after a crash, stopped in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from mailgenius.kit.db.embedded import EmbeddedPostgres
from tests.journeys.installation import Running, alive, command, environment, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all: its database is made once."""
    folder = tmp_path_factory.mktemp("home")
    # As root the database runs as another account, which must be able to enter.
    folder.chmod(0o755)
    return folder


def until(condition: Callable[[], object], *, within: float = 120.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_two_commands_share_one_home_but_no_port(home: Path):
    postgres = EmbeddedPostgres(home)
    with running(home, "--roles", "web,edge") as doors:
        assert httpx.get(f"{doors.address}/readyz", timeout=60).status_code == 200
        refused = run_on_the_port_of(doors)
        assert refused.returncode == 7
        assert f"Port {urlsplit(doors.address).port}" in refused.stderr
        with running(home, "--roles", "engine,jobs") as workers:
            assert workers.address is None
            assert workers.first_owner is None
            until(lambda: workers.child("engine"))
            assert not workers.child("http")
            assert doors.stop() == 0
            assert postgres.running(), "the second command still needs the database"
            assert command(home, "workspace", "list")["items"]
            assert workers.stop(signal.SIGINT) == 0
    assert not postgres.running(), "the last user stops the database"


def run_on_the_port_of(installation: Running) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailgenius", "run", "--port", str(urlsplit(installation.address).port)],
        env=environment(installation.home), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_killed_engine_comes_back_and_children_follow_a_killed_supervisor(home: Path):
    with running(home) as installation:
        engine = installation.child("engine")
        assert engine
        os.kill(engine, signal.SIGKILL)
        until(lambda: installation.child("engine") not in {engine, None})
        assert httpx.get(f"{installation.address}/healthz", timeout=60).status_code == 200
        children = [child.pid for child in psutil.Process(installation.process.pid).children(recursive=True)]
        installation.process.kill()
        until(lambda: not alive(children))
    until(lambda: not EmbeddedPostgres(home).running())
    assert command(home, "workspace", "list")["items"]

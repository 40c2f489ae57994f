"""The supervisor, over small real processes."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from mailgenius.processes.supervisor import ChildCommand, Supervisor

DRAINS = """
import pathlib, signal, sys, time
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
pathlib.Path(sys.argv[1]).open("a").write("started\\n")
while not stop:
    time.sleep(0.02)
pathlib.Path(sys.argv[1]).open("a").write("drained\\n")
"""
STUBBORN = DRAINS.replace("while not stop", "while True")

LIFELINE = """
import os, subprocess, sys, time
child = '''
import os, signal, sys, time
from mailgenius.processes.lifeline import stop_with_parent
stop_with_parent(int(sys.argv[1]))
print(os.getpid(), flush=True)
time.sleep(1000)
'''
subprocess.Popen([sys.executable, "-c", child, str(os.getpid())])
time.sleep(1000)
"""


def child(script: str, diary: Path, name: str = "worker") -> ChildCommand:
    return ChildCommand(name=name, command=[sys.executable, "-c", script, str(diary)], environment={})


@contextlib.asynccontextmanager
async def supervised(supervisor: Supervisor) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def until(condition, *, within: float = 100.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def lines(diary: Path) -> list[str]:
    return diary.read_text().split() if diary.exists() else []


async def test_a_killed_child_is_started_again(tmp_path: Path):
    diary = tmp_path / "diary"
    supervisor = Supervisor([child(DRAINS, diary)])
    async with supervised(supervisor):
        await until(lambda: lines(diary) == ["started"])
        first = supervisor.pids["worker"]
        os.kill(first, signal.SIGKILL)
        await until(lambda: lines(diary) == ["started", "started"])
        assert supervisor.pids["worker"] != first
    assert lines(diary) == ["started", "started", "drained"]


async def test_the_end_lets_children_drain(tmp_path: Path):
    diaries = [tmp_path / "one", tmp_path / "two"]
    supervisor = Supervisor([child(DRAINS, diary, diary.name) for diary in diaries])
    async with supervised(supervisor):
        await until(lambda: all(lines(diary) for diary in diaries))
    assert [lines(diary) for diary in diaries] == [["started", "drained"]] * 2


async def test_a_child_that_does_not_stop_is_killed(tmp_path: Path):
    diary = tmp_path / "diary"
    supervisor = Supervisor([child(STUBBORN, diary)], drain_s=0.3)
    async with supervised(supervisor):
        await until(lambda: lines(diary) == ["started"])
        pid = supervisor.pids["worker"]
    assert not psutil.pid_exists(pid)


async def test_a_child_may_come_later_and_go_before_the_end(tmp_path: Path):
    supervisor = Supervisor([child(DRAINS, tmp_path / "one", "one")])
    async with supervised(supervisor):
        await until(lambda: lines(tmp_path / "one"))
        supervisor.add(child(DRAINS, tmp_path / "two", "two"))
        await until(lambda: lines(tmp_path / "two"))
        supervisor.retire("two")
        await until(lambda: lines(tmp_path / "two") == ["started", "drained"])
        await until(lambda: list(supervisor.pids) == ["one"])
        assert lines(tmp_path / "one") == ["started"]
    assert lines(tmp_path / "one") == ["started", "drained"]


async def test_a_command_that_cannot_start_is_an_error():
    broken = ChildCommand(name="broken", command=["/nonexistent/program"], environment={})
    with pytest.raises(FileNotFoundError):
        await Supervisor([broken]).run(asyncio.Event())


async def test_children_go_with_a_killed_parent():
    parent = subprocess.Popen([sys.executable, "-c", LIFELINE], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    grandchild = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await until(lambda: not psutil.pid_exists(grandchild))

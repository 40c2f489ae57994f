"""A whole installation for a journey: started by its own command on a new home, stopped as operators do."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from mailgenius.kit.ports import free_port


@dataclass(frozen=True)
class Running:
    """A process of `mailgenius run`, and what it said at the start."""

    home: Path
    process: subprocess.Popen[str]
    address: str
    first_owner: dict[str, str] | None

    def child(self, name: str) -> int | None:
        """Return the id of the child process of a kind (http, engine, jobs) that runs now."""
        for child in psutil.Process(self.process.pid).children():
            try:
                if name in child.cmdline():
                    return child.pid
            except psutil.Error:
                continue  # It has just ended.
        return None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=120)


def environment(home: Path) -> dict[str, str]:
    """The environment of an operator who chose a home and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILGENIUS_")}
    return kept | {"MAILGENIUS_HOME": str(home)}


@contextmanager
def running(home: Path, *options: str) -> Iterator[Running]:
    """Run `mailgenius run` with some options until the block ends."""
    command = [sys.executable, "-m", "mailgenius", "run", "--json", "--port", str(free_port()), *options]
    with (home / "run.log").open("a") as log:
        process = subprocess.Popen(
            command, env=environment(home), stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, f"it did not start:\n{(home / 'run.log').read_text()}"
            said = json.loads(line)
            yield Running(home, process, said["address"], said["first_owner"])
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=120)
            process.stdout.close()


def command(home: Path, *words: str) -> Any:
    """Run a command with --json on a home and return its object."""
    done = subprocess.run(
        [sys.executable, "-m", "mailgenius", *words, "--json"],
        env=environment(home), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}: {done.stderr}\n{done.stdout}"
    return json.loads(done.stdout.strip().splitlines()[-1])


def alive(pids: Sequence[int]) -> list[int]:
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]

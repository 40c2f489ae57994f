"""Runs commands as the shell would, in this process, on the test's own database and home."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailgenius.cli.app import main


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The object on the last line of stdout."""
        return json.loads(self.out.strip().splitlines()[-1])


Cli = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    monkeypatch.setenv("MAILGENIUS_HOME", str(tmp_path))
    monkeypatch.setenv("MAILGENIUS_DATABASE_URL", database_url)
    monkeypatch.delenv("MAILGENIUS_BASE_URL", raising=False)
    return tmp_path


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    def run(*words: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["mailgenius", *map(str, words)])
        capfd.readouterr()
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        else:
            code = 0
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return run

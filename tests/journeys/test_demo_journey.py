"""The demonstration, from nothing and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.ports import free_port
from tests.journeys.installation import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Keep the database of a home up between its commands, so that not each of them starts it."""
    postgres = EmbeddedPostgres(home)
    postgres.acquire()
    try:
        yield
    finally:
        postgres.release()


def results(home: Path) -> dict:
    campaigns = command(home, "campaign", "list", "--workspace", "Demo")["items"]
    assert len(campaigns) == 1
    return command(home, "campaign", "show", campaigns[0]["id"], "--workspace", "Demo")


def test_the_demo_tells_its_story_once(tmp_path: Path):
    tmp_path.chmod(0o755)
    first = command(tmp_path, "demo", "--exit", "--port", str(free_port()))
    with held(tmp_path):
        told = results(tmp_path)
        check(told)
        leads = command(tmp_path, "leads", "list", "--workspace", "Demo")["total"]
        again = command(tmp_path, "demo", "--exit", "--port", str(free_port()))
        assert again["sign_in"] == first["sign_in"]
        assert results(tmp_path) == told
        assert command(tmp_path, "leads", "list", "--workspace", "Demo")["total"] == leads


def check(told: dict) -> None:
    assert told["state"] == "finished"
    assert told["sent"] == told["total"] >= 9_900
    assert told["opened_unique"] > 1_000
    assert told["clicked_unique"] > 100
    assert told["unsubscribed"] > 10

"""Where the tests keep files: a folder of their own, or an S3-compatible store that somebody lends them."""

import os
import secrets
from pathlib import Path

import pytest

from mailgenius.kit import storage
from mailgenius.kit.config import Settings
from mailgenius.kit.ports import free_port
from mailgenius.kit.storage import Storage, open_storage

ACCOUNT = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}


def storage_url() -> str:
    """The setting of a new, empty place in the store of MAILGENIUS_TEST_STORAGE_URL; empty without one."""
    lent = os.environ.get("MAILGENIUS_TEST_STORAGE_URL", "").rstrip("/")
    return f"{lent}/{secrets.token_hex(8)}" if lent else ""


def store_at(endpoint: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Open the store that answers at an address, as an operator would, but without its patience."""
    for name, value in (ACCOUNT | {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(storage, "AWAY", {"max_retries": 0})
    return open_storage(Settings(home=home, storage_url="s3://files/mailgenius"))


def no_store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Open a store that is away: nobody listens at its address."""
    return store_at(f"http://127.0.0.1:{free_port()}", home, monkeypatch)

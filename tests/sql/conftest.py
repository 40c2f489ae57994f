"""One migrated database for all checks of this folder: they change nothing."""

from collections.abc import Iterator

import psycopg
import pytest


@pytest.fixture(scope="session")
def schema_url(server: str) -> str:
    return server.replace("/mailgenius?", "/template?")


@pytest.fixture
def schema(schema_url: str) -> Iterator[psycopg.Connection]:
    """A connection whose work is rolled back."""
    with psycopg.connect(schema_url) as connection:
        yield connection
        connection.rollback()

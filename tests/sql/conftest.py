"""One migrated database for all checks of this folder: they change nothing."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import Databases


@pytest.fixture(scope="session")
def schema_url(server: str) -> Iterator[str]:
    """A clone: nobody may be connected to the template while others are cloned from it."""
    own = Databases(server)
    yield own.take()
    own.discard()


@pytest.fixture
def schema(schema_url: str) -> Iterator[psycopg.Connection]:
    """A connection whose work is rolled back."""
    with psycopg.connect(schema_url) as connection:
        yield connection
        connection.rollback()

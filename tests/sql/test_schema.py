"""schema.sql tells the truth."""

from tests.sql.schema import FILE, dump


def test_schema_file_is_what_the_migrations_add_up_to(schema_url: str):
    assert FILE.read_text(encoding="utf-8") == dump(schema_url), "run `make schema` and look at the change"

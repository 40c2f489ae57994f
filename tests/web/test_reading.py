"""What posted fields are read as, without a page around them."""

import pytest
from litestar.datastructures import FormMultiDict

from mailgenius.web.forms.reading import FormReader


@pytest.mark.parametrize("typed", ["9999-12-31T23:59", "0001-01-01T00:00", "10000-01-01T00:00", "soon"])
@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "Pacific/Kiritimati"])
def test_a_moment_that_no_calendar_holds_is_refused(typed: str, zone: str):
    form = FormReader(FormMultiDict({"at": typed}))
    assert form.moment("at", zone) is None
    assert form.errors == {"at": "Write a date and a time."}

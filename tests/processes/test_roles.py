"""Roles, and who is alive on a home folder."""

from pathlib import Path

import pytest

from mailgenius.kit.errors import Invalid
from mailgenius.processes.presence import alive, present
from mailgenius.processes.roles import Child, Role, children_of, parse_roles


def test_roles_are_read_in_any_order():
    assert parse_roles("jobs, web") == (Role.WEB, Role.JOBS)


@pytest.mark.parametrize("text", ["", "web,mail"])
def test_unknown_or_missing_roles_are_named(text: str):
    with pytest.raises(Invalid) as caught:
        parse_roles(text)
    assert "web, edge, engine, jobs" in caught.value.problems[0].message


def test_the_http_roles_share_a_process():
    assert children_of(tuple(Role)) == (Child.HTTP, Child.ENGINE, Child.JOBS)
    assert children_of([Role.EDGE]) == (Child.HTTP,)


def test_presence_ends_with_its_holder(tmp_path: Path):
    assert not alive(tmp_path, Child.ENGINE)
    with present(tmp_path, Child.ENGINE), present(tmp_path, Child.ENGINE):
        assert alive(tmp_path, Child.ENGINE)
        assert not alive(tmp_path, Child.JOBS)
    assert not alive(tmp_path, Child.ENGINE)

"""Settings from the environment: what is not understood is refused by the name of its variable."""

from pathlib import Path

import pytest

from mailgenius.kit.config import load_settings
from mailgenius.kit.errors import Invalid


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAILGENIUS_BASE_URL", "mail.example.com"),
        ("MAILGENIUS_SECRET_KEY", "short"),
        ("MAILGENIUS_SMTP_PRIVATE_HOSTS", "perhaps"),
        ("MAILGENIUS_TRUSTED_PROXIES", "-1"),
        ("MAILGENIUS_LOG_LEVEL", "loud"),
    ],
)
def test_a_value_that_is_not_understood_is_refused_by_its_name(tmp_path: Path, name: str, value: str):
    with pytest.raises(Invalid) as refused:
        load_settings({"MAILGENIUS_HOME": str(tmp_path), name: value})
    assert [problem.field for problem in refused.value.problems] == [name]


def test_a_secret_that_is_cut_off_is_refused(tmp_path: Path):
    (tmp_path / "secret.key").touch()  # As a power cut may leave it.
    with pytest.raises(Invalid):
        load_settings({"MAILGENIUS_HOME": str(tmp_path)})


def test_the_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path):
    first = load_settings({"MAILGENIUS_HOME": str(tmp_path)})
    assert load_settings({"MAILGENIUS_HOME": str(tmp_path)}).secret_key == first.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    assert first.secret_key.decode() not in repr(first)


def test_an_installation_is_as_talkative_as_its_operator_wishes(tmp_path: Path):
    environ = {"MAILGENIUS_HOME": str(tmp_path)}
    assert load_settings(environ).log_level == "info"
    assert load_settings({**environ, "MAILGENIUS_LOG_LEVEL": " Warning "}).log_level == "warning"

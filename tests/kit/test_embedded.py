"""The embedded server on a machine with other users. Starting and stopping it is told by the journeys."""

from pathlib import Path

import pytest

from mailgenius.kit.db import embedded
from mailgenius.kit.db.embedded import EmbeddedPostgres, EmbeddedServerFailed


def test_a_folder_of_somebody_else_in_the_temporary_one_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    monkeypatch.setattr(embedded.tempfile, "gettempdir", lambda: str(tmp_path))
    server = EmbeddedPostgres(tmp_path / ("a" * embedded.SOCKET_PATH_LIMIT))
    folder = server.make_socket_folder()
    assert folder.parent == tmp_path
    folder.rmdir()
    folder.symlink_to(theirs)
    owner = theirs.stat().st_uid
    with pytest.raises(EmbeddedServerFailed, match="somebody else"):
        server.make_socket_folder()
    assert theirs.stat().st_uid == owner

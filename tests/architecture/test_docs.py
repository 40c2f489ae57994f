"""The reference pages leave nothing out and invent nothing."""

import re
from collections.abc import Iterator

import typer

from mailgenius.cli.app import ENTRIES, build_app
from mailgenius.ops.metrics import METRICS
from tests.architecture.sources import PACKAGE, ROOT, python_files, text_of

REFERENCE = ROOT / "docs" / "reference"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
SETTING = re.compile(r"\bMAILGENIUS_[A-Z_]+\b")
# Read by the tests and by nothing of the product.
NOT_SETTINGS: set[str] = set()


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def commands(group: typer.Typer, words: str) -> Iterator[str]:
    for command in group.registered_commands:
        callback = command.callback
        assert callback is not None
        yield f"{words} {command.name or callback.__name__.replace('_', '-')}"
    for child in group.registered_groups:
        assert child.typer_instance is not None
        yield from commands(child.typer_instance, f"{words} {child.name}")


def test_every_setting_is_described():
    used = {name for path in python_files("mailgenius") for name in SETTING.findall(text_of(path))}
    described = set(re.findall(r"^\| `(MAILGENIUS_\w+)`", page("settings.md"), re.MULTILINE))
    assert used - NOT_SETTINGS == described


def test_every_command_is_described():
    existing = set(commands(build_app(), "mailgenius"))
    described = set(re.findall(r"^\| `(mailgenius [a-z -]+?)(?: [A-Z]+)?` \|", page("cli.md"), re.MULTILINE))
    assert existing == described


def test_every_command_explains_itself():
    app = build_app()
    for group in [app, *(child.typer_instance for child in app.registered_groups)]:
        assert group is not None
        for command in group.registered_commands:
            assert command.callback is not None
            assert command.callback.__doc__, command.callback.__name__


def test_the_list_of_commands_says_what_they_say_of_themselves():
    listed = {entry.name: entry.help for entry in ENTRIES}
    app = build_app()
    groups = {
        child.name: child.typer_instance.info.help for child in app.registered_groups if child.typer_instance
    }
    functions = {
        command.name: (command.callback.__doc__ or "").partition("\n\n")[0].strip()
        for command in app.registered_commands
        if command.callback
    }
    assert listed == groups | functions


def test_every_metric_is_described():
    text = page("metrics.md")
    assert not [metric.name for metric in METRICS if f"`{metric.name}" not in text]


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:", "mailto:")) and not (path.parent / target).exists()
    ]
    assert not broken


def test_the_package_is_where_we_look():
    assert (PACKAGE / "py.typed").exists()

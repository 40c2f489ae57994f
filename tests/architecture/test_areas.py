"""Areas: their files, what they keep to themselves, and that their jobs are wired."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from mailgenius.kit.jobs import JobTable
from mailgenius.processes.wiring import job_tables
from tests.architecture.sources import PACKAGE, ROOT, areas, imports_of, module_name, python_files, tree

PRODUCT_FILES = ("__init__.py", "model.py", "errors.py", "queries.sql", "queries.py")
PRIVATE = re.compile(r"^mailgenius\.(?P<area>(?:product|engine)\.\w+)\.(?P<part>queries|jobs)\b")
# Jobs are gathered in one place and nowhere else; a bench times one job by itself.
MAY_SEE_JOBS = {"mailgenius.processes.wiring", "mailgenius.ops.bench_import"}


@pytest.mark.parametrize("area", [area for area in areas() if "product" in area.parts], ids=str)
def test_a_product_area_has_its_files(area: Path):
    present = {path.name for path in (ROOT / area).iterdir()}
    missing = [name for name in PRODUCT_FILES if name not in present]
    assert not missing, f"{area} lacks {missing}"
    assert {"service.py", "service"} & present, f"{area} has no service"


@pytest.mark.parametrize("area", areas(), ids=str)
def test_an_area_says_what_it_is_and_holds_nothing_in_its_init(area: Path):
    body = tree(area / "__init__.py").body
    assert ast.get_docstring(tree(area / "__init__.py")), f"{area} does not say what it is"
    assert len(body) == 1, f"{area}/__init__.py holds more than its docstring"


def test_queries_and_jobs_are_private_to_their_area():
    broken = []
    for path in python_files("mailgenius"):
        module = module_name(path)
        for name in imports_of(path):
            match = PRIVATE.match(name)
            if not match or module.startswith(f"mailgenius.{match['area']}."):
                continue
            if match["part"] == "jobs" and module in MAY_SEE_JOBS:
                continue
            broken.append(f"{module} imports {name}")
    assert not broken


def test_every_job_table_is_wired():
    wired = {id(table) for table in job_tables()}
    for path in sorted(PACKAGE.rglob("jobs.py")):
        module = importlib.import_module(module_name(path.relative_to(ROOT)))
        table = getattr(module, "jobs", None)
        if isinstance(table, JobTable):
            assert id(table) in wired, f"{module.__name__} is not in job_tables()"


def test_every_module_says_what_lives_there():
    for path in python_files("mailgenius"):
        assert ast.get_docstring(tree(path)), f"{path} does not say what lives there"


def test_a_child_runs_our_code_and_not_what_stands_in_the_folder_it_was_started_in():
    """`python -m` looks in the present folder first; `-P` keeps it out."""
    careless = [
        str(path)
        for path in python_files("mailgenius")
        if re.search(r'sys\.executable,\s*"-m"', (ROOT / path).read_text())
    ]
    assert not careless

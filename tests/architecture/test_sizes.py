"""Files and functions stay small enough to read in one go."""

import ast

from tests.architecture.sources import python_files, text_of, tree

FILE_SOFT, FILE_HARD, TEST_HARD, FUNCTION_HARD = 300, 500, 800, 60

# Files over the soft limit, with the length that they may not pass. An entry needs a reason and only shrinks.
LONGER_FILES: dict[str, int] = {}


def test_files_are_short():
    long = {str(path): len(text_of(path).splitlines()) for path in python_files("mailgenius", "bench")}
    over = {name: length for name, length in long.items() if length > LONGER_FILES.get(name, FILE_SOFT)}
    assert not over, f"split these, or shorten them: {over}"


def test_the_list_of_longer_files_only_shrinks():
    for name, limit in LONGER_FILES.items():
        length = len(
            text_of(
                next(path for path in python_files("mailgenius", "bench") if str(path) == name)
            ).splitlines()
        )
        assert length <= limit <= FILE_HARD, f"{name} may have {FILE_HARD} lines at most"
        assert length > FILE_SOFT, f"{name} is short enough now: take it off the list"
        assert limit - length < 10, f"{name} has shrunk to {length} lines: lower its limit"


def test_test_files_are_not_endless():
    for path in python_files("tests"):
        assert len(text_of(path).splitlines()) <= TEST_HARD, path


def test_functions_are_short():
    over = []
    for path in python_files("mailgenius", "bench"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_HARD:
                    over.append(f"{path}:{node.lineno} {node.name}: {length} lines")
    assert not over

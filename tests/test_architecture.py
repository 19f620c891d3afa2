"""The house's rules, read from the source itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
DEUST = ROOT / "deust"
MIGRATIONS = DEUST / "models" / "migrations"

LONGEST_FILE = 400
LONGEST_FUNCTION = 40

LONG_FILES = {
    "deust/models/migrations/versions/0001_initial_schema.py": "every table of the product, once",
}
LONG_FUNCTIONS = {
    ("deust/models/migrations/versions/0001_initial_schema.py", "upgrade"): "every table of the product, once",
    ("deust/models/migrations/versions/0003_copies_to_mark.py", "upgrade"): "seven tables, column by column",
}

CLOCK_READERS = {"deust/app.py", "deust/cli/courses.py"}
"""Where the system's clock may be read: the assembly, and the day on the machine of an author who checks a course.
Everything else is given the time."""

_CLOCK = re.compile(r"^(datetime\.(now|utcnow|today)|date\.today|time\.(time|localtime|gmtime))$")

MARKS = (
    "attempts",
    "marking",
    "quizzes",
    "freezing",
    "calculated",
    "french_numbers",
    "formulas",
    "expressions",
    "erlang",
)
"""Rooms that handle marks, points or numbers that are marked: nothing there may be approximate."""

COURSE_TEXTS = {
    *("answer.title", "question.title", "one.title", "one.presented.title"),
    *("question.stem", "one.presented.stem", "part", "piece", "rest"),
    *("option.html", "left.html", "item.html", "hint", "text"),
    *("piece.html", "piece.label"),
    *("quiz.intro", "page.intro", "assignment.intro", "term.definition"),
    *("part.presented.stem", "part.expected", "quiz.expected"),
    "paths[name]",
}
"""What templates may mark safe; the last one is the drawing of an icon."""

_FORBIDDEN_WORDS = (
    "cla" + "ude",
    "anth" + "ropic",
    "open" + "ai",
    "chat" + "gpt",
    "co" + "pilot",
    "pypi." + "org",
    "files.python" + "hosted",
    "registry.npmjs" + ".org",
    "artif" + "actory",
    "/work/" + "main",
    "/work/" + "shared",
)

_NO_SECRET = {"package-lock.json"}
"""Files that another tool writes, addresses included."""


def sources() -> list[Path]:
    return sorted(path for path in DEUST.rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def trees() -> list[tuple[str, ast.Module]]:
    return [(name_of(path), ast.parse(path.read_text())) for path in sources()]


@pytest.mark.slow
def test_imports_go_down_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contracts of pyproject.toml: floors, services in order, pages apart, what each floor may know."""
    # The linter sets logging up for itself, which would silence the product's in the tests that follow.
    monkeypatch.setattr("importlinter.cli.logging_config.dictConfig", lambda _config: None)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_domain_knows_the_standard_library_only() -> None:
    strays = [
        f"{name}: {module}"
        for name, tree in trees()
        if name.startswith("deust/domain/")
        for module in imported(tree)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("deust.domain")
    ]
    assert strays == []


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""


def test_imports_stand_at_the_top() -> None:
    """No import inside a function, none hidden behind TYPE_CHECKING or a condition."""
    strays = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node in set(ast.walk(tree)) - set(tree.body)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    hidden = [name_of(path) for path in sources() if "TYPE_CHECKING" in path.read_text()]
    assert (strays, hidden) == ([], [])


def test_the_package_itself_says_one_sentence() -> None:
    tree = ast.parse((DEUST / "__init__.py").read_text())
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_only_the_roof_reads_the_clock() -> None:
    found = [
        f"{name}:{node.lineno}: {ast.unparse(node.func)}"
        for name, tree in trees()
        if name not in CLOCK_READERS
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _CLOCK.match(ast.unparse(node.func))
    ]
    assert found == []


@pytest.mark.parametrize("floor", ["domain", "services", "models", "queries"])
def test_marks_are_never_floats(floor: str) -> None:
    found = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, tree in trees()
        if name.startswith(f"deust/{floor}/") and Path(name).stem in MARKS
        for node in ast.walk(tree)
        if _is_float(node)
    ]
    assert found == []


def _is_float(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("float", "math.sqrt", "math.exp", "math.log")


def test_every_module_says_what_it_is() -> None:
    assert [name for name, tree in trees() if not ast.get_docstring(tree)] == []


def test_files_are_short() -> None:
    long = {name_of(path): len(path.read_text().splitlines()) for path in sources()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE and name not in LONG_FILES} == {}
    assert [name for name in LONG_FILES if long.get(name, 0) <= LONGEST_FILE] == [], "no longer an exception"


def test_functions_are_short() -> None:
    long = {
        (name, node.name): node.end_lineno - node.lineno + 1
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    }
    over = {function: lines for function, lines in long.items() if lines > LONGEST_FUNCTION}
    assert {function: lines for function, lines in over.items() if function not in LONG_FUNCTIONS} == {}
    assert [function for function in LONG_FUNCTIONS if function not in over] == [], "no longer an exception"


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def test_templates_escape_what_people_write() -> None:
    """What is marked safe is a text of the courses, sanitised when rendered, or an answer escaped when described."""
    found = {
        (expression, name_of(path))
        for path in templates()
        for expression in re.findall(r"([\w.\[\]]+)\s*\|\s*safe\b", path.read_text())
        if expression not in COURSE_TEXTS
    }
    assert found == set()
    assert [name_of(path) for path in templates() if re.search(r"autoescape\s+false", path.read_text())] == []


def test_only_the_base_has_the_html_element() -> None:
    assert [name_of(path) for path in templates() if "<html" in path.read_text()] == ["templates/base.html"]


def committed() -> list[Path]:
    """What is in the repository, or would be with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in (ROOT / name for name in listed.stdout.splitlines()) if path.is_file()]


def test_the_repository_speaks_of_the_product_alone() -> None:
    found = [
        f"{name_of(path)}: {word}"
        for path in committed()
        if path.name not in _NO_SECRET and "vendor" not in path.parts
        for word in _FORBIDDEN_WORDS
        if word in path.read_bytes().decode("utf-8", "replace").lower()
    ]
    assert found == []


def test_locks_name_no_address() -> None:
    """Whoever installs chooses the index; every line carries its hash."""
    for path in ROOT.glob("requirements*.txt"):
        text = path.read_text()
        assert "://" not in text, path.name
        assert "--index-url" not in text, path.name
        pins = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==", text, re.MULTILINE)
        assert pins, path.name
        assert len(re.findall(r"--hash=sha256:", text)) >= len(pins), path.name


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|NotImplementedError")
    found = [f"{name_of(path)}" for path in [*sources(), *templates()] if marks.search(path.read_text())]
    assert found == []

"""The fast tests of what was changed: the last step of ``make check``.

A file counts as changed when it differs from the branch ``main``, committed or not. For each
changed file these tests run, in this order, until the time is over:

1. a changed test file itself;
2. tests in the file that mirrors a module: ``test_lease.py`` for ``lease.py``;
3. tests in files that import the module, or that name the file, such as a document.

Tests that are marked ``browser`` or ``slow`` are left to ``make test``, and of the third kind those
files that take longest (``tests/spread.py``).
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import pytest

from tests.spread import LONGEST_FIRST

ROOT = Path(__file__).resolve().parent.parent
BASES = ("main", "origin/main", "HEAD")
BUDGET_S = 30.0
"""Of a minute: linting and import contracts take the rest."""

MOST_FILES = 40
"""Each file that is collected takes time before the first test runs."""

MIGRATING = re.compile("migration", re.IGNORECASE)
"""Said by a test that needs a database made by migrations; for others it is made of the models,
which takes a tenth of the time."""

_DOCUMENTS = "tests/docs/"
_FAR = 2
_FAST = "not browser and not slow"


def changed_files(root: Path = ROOT) -> list[str]:
    """What differs from the branch that changes are made for, with files that git does not know."""
    base = next(name for name in BASES if _git(root, "rev-parse", "--verify", "--quiet", name))
    common = _git(root, "merge-base", "HEAD", base) or [base]
    changed = _git(root, "diff", "--name-only", common[0])
    return sorted({*changed, *_git(root, "ls-files", "--others", "--exclude-standard")})


def _git(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def find_tests(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """Test files for the changed files, the nearest first."""
    texts = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((root / "tests").rglob("test_*.py"))
    }
    found: dict[str, int] = {}
    for name in changed:
        for test, text in texts.items():
            distance = _distance(PurePosixPath(name), test, text)
            if distance is not None and (distance < _FAR or not test.startswith(LONGEST_FIRST)):
                found[test] = min(distance, found.get(test, distance))
    return sorted(found, key=lambda test: (found[test], test))


def _distance(changed: PurePosixPath, test: str, text: str) -> int | None:
    """0 for the test file itself, 1 for the one that mirrors it, ``_FAR`` for others; None for
    those that have nothing to do with it."""
    if test == str(changed):
        return 0
    if changed.suffix == ".md" and test.startswith(_DOCUMENTS):
        return 1
    if changed.suffix != ".py":
        return _FAR if _names_file(text, changed) else None
    if not _imports(text, changed):
        return None
    return 1 if PurePosixPath(test).stem == f"test_{changed.stem}" else _FAR


def _imports(text: str, module: PurePosixPath) -> bool:
    parts = module.with_suffix("").parts
    *package, name = parts[:-1] if parts[-1] == "__init__" else parts
    whole = re.escape(".".join([*package, name]))
    beside = re.escape(".".join(package))
    pattern = rf"\b{whole}\b|from {beside} import (?:\(\s*)?(?:\w+,\s*)*{re.escape(name)}\b"
    return re.search(pattern, text) is not None


def _names_file(text: str, file: PurePosixPath) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(file.name)}(?![\w-])", text) is not None


def arguments_for(tests: list[str], root: Path = ROOT) -> list[str]:
    """Of pytest, for these test files."""
    migrating = any(MIGRATING.search((root / test).read_text(encoding="utf-8")) for test in tests)
    quick = [] if migrating else ["--no-migrations"]
    # Of xdist, which tests.spread has imported: nobody asserts anything in it.
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return ["-q", "-m", _FAST, *quiet, *quick, *tests]


class TimeBudget:
    """Runs tests in the order of ``files`` and no further one once the time is over, and says how
    many that were."""

    def __init__(
        self,
        budget_s: float,
        files: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._end = clock() + budget_s
        self._place = {ROOT / name: place for place, name in enumerate(files)}
        self._left_out = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        # After that of tests/conftest.py, which puts first what takes longest.
        items.sort(key=lambda item: self._place.get(item.path, 0))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if self._clock() < self._end:
            return None
        self._left_out += 1
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._left_out:
            terminalreporter.write_line(
                f"The time was over. Tests left out: {self._left_out}; make test runs them all."
            )


def main() -> int:
    os.chdir(ROOT)
    tests = find_tests(changed_files())
    if not tests:
        sys.stdout.write("No test names what was changed. make test runs them all.\n")
        return 0
    if len(tests) > MOST_FILES:
        sys.stdout.write(f"{len(tests)} test files concern what was changed: {MOST_FILES} run.\n")
    near = tests[:MOST_FILES]
    ended = pytest.main(arguments_for(near), plugins=[TimeBudget(BUDGET_S, near)])
    # Of files whose tests are all slow nothing is left, which is no failure.
    return 0 if ended == pytest.ExitCode.NO_TESTS_COLLECTED else int(ended)


if __name__ == "__main__":
    sys.exit(main())

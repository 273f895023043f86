"""One mutant before the tests, in a copy of the tree: the working tree itself is never touched."""

import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.mutation.mutants import Mutant, mutated
from tests.mutation.nearest import NearTests, Round

LINKED = (".venv", "tests/clients/node_modules")
"""What git ignores and tests need."""

MARK = "STEMSITE_MUTANT"
OF_OTHER_RUNS = ("PYTEST_", "DJANGO_", "STEMSITE_")


@dataclass(frozen=True)
class Limits:
    mutant_s: float = 240.0
    """Longest for all tests of one mutant: what is left then is not run."""
    test_s: float = 90.0
    """Longest for one test: one that takes longer hangs."""


@dataclass(frozen=True)
class Verdict:
    outcome: str
    """``killed``, ``timed_out`` (a test hung), or ``survived``."""
    by: str = ""
    """The test that failed."""
    all_run: bool = True
    """False where the time was over before the last of the tests."""


@contextlib.contextmanager
def copy_of(root: Path) -> Iterator[Path]:
    """The tree as it stands, with what is not committed yet, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(root, copy, symlinks=True, ignore=_ignored_below(root))
        for name in LINKED:
            if (root / name).exists():
                (copy / name).symlink_to((root / name).resolve())
        yield copy


def _ignored_below(root: Path) -> Callable[[str, list[str]], set[str]]:
    """What git keeps out of the tree: results, caches, and music of the site that runs here."""
    rules = root / ".gitignore"
    lines = rules.read_text().splitlines() if rules.exists() else []
    patterns = [".git", *(line.strip("/") for line in lines)]

    def ignored(folder: str, names: list[str]) -> set[str]:
        inner = Path(folder).relative_to(root)
        return {
            name
            for name in names
            for pattern in patterns
            if fnmatch(str(inner / name) if "/" in pattern else name, pattern)
        }

    return ignored


def judge(copy: Path, tests: NearTests, mutant: Mutant, limits: Limits) -> Verdict:
    """Runs its tests until one fails, and leaves the copy as it was."""
    ends = time.monotonic() + limits.mutant_s
    with _in_place(copy, mutant):
        for each in tests.rounds(mutant.module):
            left_s = ends - time.monotonic()
            verdict = _run(copy, each, limits, left_s) if left_s > 0 else None
            if verdict is None:
                return Verdict("survived", all_run=False)
            if verdict.outcome != "survived":
                return verdict
    return Verdict("survived")


def failing_without(copy: Path, tests: Sequence[str]) -> set[str]:
    """Those of the tests that fail on the unchanged code too, or are there no more: they tell
    nothing."""
    if not tests:
        return set()
    with tempfile.TemporaryDirectory(prefix="mutants-cache-") as cache:
        command = [*_pytest(cache), *tests]
        environment = _environment("")
        ended = subprocess.run(command, cwd=copy, env=environment, check=False, capture_output=True)
        if ended.returncode in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return _failed(Path(cache))
    # One that cannot be found is enough for none to run.
    if len(tests) == 1:
        return set(tests)
    half = len(tests) // 2
    return failing_without(copy, tests[:half]) | failing_without(copy, tests[half:])


@contextlib.contextmanager
def _in_place(copy: Path, mutant: Mutant) -> Iterator[None]:
    path = copy / mutant.module
    before, text = path.read_bytes(), mutated(copy, mutant)
    assert text is not None
    _write(path, text.encode())
    try:
        yield
    finally:
        _write(path, before)


def _write(path: Path, content: bytes) -> None:
    """Python takes a compiled file for current whose source has its time and length."""
    path.write_bytes(content)
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def _run(copy: Path, each: Round, limits: Limits, left_s: float) -> Verdict | None:
    """None when the time was over before the tests were."""
    mark = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="mutants-cache-") as cache:
        command = [*_pytest(cache, limits.test_s), "-x", "-m", each.marked, *each.files]
        child = subprocess.Popen(
            command, cwd=copy, env=_environment(mark), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = child.communicate(timeout=left_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            child.kill()
            _end_what_is_left(mark)
            child.wait()
        failed = sorted(_failed(Path(cache)))
    if child.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return Verdict("survived")
    if not failed and b"Timeout (" in output:
        return Verdict("timed_out")
    return Verdict("killed", failed[0] if failed else "")


def _pytest(cache: str, test_s: float = 0.0) -> list[str]:
    settings = {
        "cache_dir": cache,
        "faulthandler_timeout": str(test_s),
        "faulthandler_exit_on_timeout": "true",
    }
    options = [f"--override-ini={name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "pytest", "-q", "--no-header", *options]


def _failed(cache: Path) -> set[str]:
    try:
        return set(json.loads((cache / "v/cache/lastfailed").read_text()))
    except FileNotFoundError:
        return set()


def _environment(mark: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_OTHER_RUNS)}
    return {**kept, MARK: mark}


def _end_what_is_left(mark: str) -> None:
    """What a test has started may outlive it, in sessions of its own."""
    wanted = f"{MARK}={mark}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)

"""``make check`` runs the tests that a change concerns, and ends in time."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.changed import ROOT, arguments_for, changed_files, find_tests
from tests.spread import LONGEST_FIRST


def _git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a branch for changes: one module, its tests, and a document."""
    files = {
        "shop/till.py": "",
        "shop/door.py": "",
        "tests/shop/test_till.py": "from shop.till import pay\n",
        "tests/shop/test_evening.py": "from shop import door, till\n",
        "tests/shop/test_door.py": "import shop.door\n",
        "tests/docs/test_links.py": "",
        "tests/test_prices.py": 'PAGE = "prices.json"\n',
        "docs/shop.md": "",
        "prices.json": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    _git(tmp_path, "init", "--initial-branch=main")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-m", "Open")
    _git(tmp_path, "switch", "-c", "change")
    return tmp_path


def test_the_file_that_mirrors_a_module_comes_before_those_that_import_it(tree: Path) -> None:
    assert find_tests(["shop/till.py"], tree) == [
        "tests/shop/test_till.py",
        "tests/shop/test_evening.py",
    ]


def test_a_changed_test_comes_first_and_once(tree: Path) -> None:
    changed = ["shop/till.py", "tests/shop/test_evening.py"]
    assert find_tests(changed, tree) == ["tests/shop/test_evening.py", "tests/shop/test_till.py"]


def test_what_takes_longest_runs_only_for_its_own_module(tree: Path) -> None:
    dear = "tests/jobs/queue/test_races.py"
    assert dear in LONGEST_FIRST
    (tree / dear).parent.mkdir(parents=True)
    (tree / dear).write_text("from shop.till import pay\nfrom shop.races import run\n")
    assert dear not in find_tests(["shop/till.py"], tree)
    assert find_tests(["shop/races.py"], tree) == find_tests([dear], tree) == [dear]


def test_documents_and_data_find_the_tests_that_name_them(tree: Path) -> None:
    assert find_tests(["docs/shop.md"], tree) == ["tests/docs/test_links.py"]
    assert find_tests(["prices.json"], tree) == ["tests/test_prices.py"]
    assert find_tests(["shop/cellar.py", "cake.json"], tree) == []


def test_what_is_committed_changed_and_new_on_the_branch_counts(tree: Path) -> None:
    assert changed_files(tree) == []
    (tree / "shop" / "till.py").write_text("pay = 1\n")
    _git(tree, "commit", "-am", "Pay")
    (tree / "prices.json").write_text("{}")
    (tree / "shop" / "new.py").write_text("")
    assert changed_files(tree) == ["prices.json", "shop/new.py", "shop/till.py"]


def test_without_a_branch_main_the_changes_since_the_last_commit_count(tree: Path) -> None:
    _git(tree, "branch", "-D", "main")
    (tree / "prices.json").write_text("{}")
    assert changed_files(tree) == ["prices.json"]


def test_the_database_is_made_by_migrations_where_a_test_looks_at_them(tree: Path) -> None:
    plain, migrating = "tests/shop/test_till.py", "tests/shop/test_move.py"
    (tree / migrating).write_text("from django.db.migrations.executor import MigrationExecutor\n")
    assert "--no-migrations" in arguments_for([plain], tree)
    assert "--no-migrations" not in arguments_for([plain, migrating], tree)


def test_when_the_time_is_over_no_test_begins_and_that_is_said(tmp_path: Path) -> None:
    """The near file first, though its name is the later one."""
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text(f"def {name[:6]}(): print('ran', __file__)\n")
    files = [str(tmp_path / name) for name in ("test_b.py", "test_a.py")]
    code = (
        "import pytest; from tests.changed import TimeBudget; times = iter([0.0, 0.5, 1.5]);"
        f"arguments = ['-q', '-s', '-c', '/dev/null', {str(tmp_path)!r}];"
        f"budget = TimeBudget(1.0, {files!r}, clock=lambda: next(times));"
        "raise SystemExit(pytest.main(arguments, plugins=[budget]))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The time was over. Tests left out: 1;" in done.stdout
    assert "1 passed" in done.stdout
    assert f"ran {files[0]}" in done.stdout


def test_make_check_and_pre_commit_ask_the_same_of_the_code() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    target = makefile.split("\ncheck:")[1].split("\n\n")[0]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repository,) = hooks["repos"]
    assert repository["repo"] == "local", "hooks come from the development requirements alone"
    asked = {hook["entry"].removeprefix(".venv/bin/") for hook in repository["hooks"]}
    made = re.findall(r"\$\(BIN\)/(ruff [\w -]+?)(?: \.)?$|\$\(BIN\)/(lint-imports)", target, re.M)
    assert {ruff or imports for ruff, imports in made} == asked
    assert "-m tests.changed" in target

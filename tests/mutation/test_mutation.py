"""``make mutants`` on a small tree: what a test notices is killed, what none notices survives."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutation.__main__ import PLACES, ROOT, main
from tests.mutation.mutants import Mutant, draw
from tests.mutation.nearest import NearTests, Round
from tests.mutation.results import add, read
from tests.mutation.trial import Limits, Verdict, copy_of, failing_without, judge

TESTED = "def is_open() -> bool:\n    return True\n"
UNTESTED = "def is_far() -> bool:\n    return True\n"
TEST_OF_OPEN = "from shop.door import is_open\n\n\ndef test_open():\n    assert is_open()\n"
TEST_OF_FAR = "from shop.road import is_far\n\n\ndef test_far():\n    assert is_far()\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "shop/__init__.py": "",
        "shop/door.py": TESTED,
        "shop/road.py": UNTESTED,
        "tests/shop/test_door.py": TEST_OF_OPEN,
    }
    root = tmp_path / "shop"
    for name, text in files.items():
        write(root / name, text)
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes()


def everything(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and ".mutants" not in path.parts
    }


def mutants(root: Path) -> list[str]:
    return ["--root", str(root), "--seed", "1", "--count", "9", "shop"]


def test_what_a_test_notices_is_killed_and_what_none_notices_is_shown(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(tree)

    main(mutants(tree))

    told = capsys.readouterr()
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert "shop/door.py 1 0 0" in lines and "shop/road.py 0 1 0" in lines
    assert "50.0% of 2 survived" in lines
    assert "survived: shop/road.py:2 ReplaceTrueWithFalse 0" in lines
    assert lines[-4:-1] == ["def is_far() -> bool:", "- return True", "+ return False"]
    assert everything(tree) == before

    write(tree / "tests/shop/test_road.py", TEST_OF_FAR)
    main([*mutants(tree), "--again"])
    told = capsys.readouterr()
    assert "shop/road.py" in told.err and "shop/door.py" not in told.err, "only survivors are tried"
    assert "0.0% of 2 survived" in told.out


def test_a_run_that_was_killed_goes_on_after_its_last_whole_line(tmp_path: Path) -> None:
    kept = tmp_path / ".mutants" / "seed-1.jsonl"
    first, second = (Mutant("shop/door.py", "core/AddNot", each, 2, "0") for each in (0, 1))
    add(kept, first, Verdict("survived"))
    add(kept, first, Verdict("killed", "tests/test_door.py::test_open"))
    with kept.open("a") as file:
        file.write('\n{"mutant": {"module": "shop/do')

    assert read(kept) == {first: Verdict("killed", "tests/test_door.py::test_open")}
    add(kept, second, Verdict("survived"))
    assert set(read(kept)) == {first, second}


def test_a_test_that_fails_without_a_mutant_kills_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tree / "tests/shop/test_door.py", TEST_OF_OPEN.replace("is_open()\n", "False\n"))
    write(tree / "shop/road.py", "")

    main(mutants(tree))

    told = capsys.readouterr()
    assert "100.0% of 1 survived" in told.out
    assert "tests/shop/test_door.py::test_open fails without a mutant too" in told.err


def test_a_test_that_is_there_no_more_hides_no_other(tree: Path) -> None:
    gone, there = (f"tests/shop/test_door.py::{name}" for name in ("test_gone", "test_open"))
    with copy_of(tree) as copy:
        assert failing_without(copy, [gone, there]) == {gone}


def test_a_test_that_hangs_is_ended_with_all_that_it_has_started(tree: Path) -> None:
    write(
        tree / "tests/shop/test_door.py",
        "import subprocess, time\nfrom shop.door import is_open\n\n\n"
        "def test_open():\n    if not is_open():\n"
        "        subprocess.Popen(['sleep', '54321'], start_new_session=True)\n"
        "        time.sleep(600)\n",
    )
    [mutant] = draw(tree, ["shop/door.py"], seed=1, count=1)

    with copy_of(tree) as copy:
        verdict = judge(copy, NearTests(copy), mutant, Limits(test_s=0.5))

    assert verdict == Verdict("timed_out")
    until = time.monotonic() + 20
    while any(b"54321" in each for each in command_lines()):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_what_is_left_when_the_time_is_over_is_not_run(tree: Path) -> None:
    [mutant] = draw(tree, ["shop/door.py"], seed=1, count=1)
    with copy_of(tree) as copy:
        verdict = judge(copy, NearTests(copy), mutant, Limits(mutant_s=0.0))
        assert (copy / "shop/door.py").read_text() == TESTED
    assert verdict == Verdict("survived", all_run=False)


def test_only_what_changes_behaviour_is_drawn(tree: Path) -> None:
    write(
        tree / "shop/door.py",
        '"""Opens 2 < 3."""\nimport logging\n\nlogger = logging.getLogger()\n\n\n'
        "def opened(by: int | None, at: float | None = None) -> int | None:\n"
        "    width: int | float = by\n"
        "    logger.info('%d', 2 + 3)\n"
        "    return width < at\n",
    )
    drawn = draw(tree, ["shop/door.py"], seed=1, count=99)
    assert {each.line for each in drawn} == {10}


def test_a_draw_is_the_same_each_time_and_is_only_made_longer(tree: Path) -> None:
    write(tree / "shop/door.py", "".join(f"A{n} = {n} < {n + 1}\n" for n in range(9)))
    short, long = (draw(tree, ["shop"], seed=3, count=n) for n in (4, 8))
    assert len(short) == 4 and short == long[:4]
    assert len({each.line for each in long}) > 4, "of one place only one is drawn"
    assert short != draw(tree, ["shop"], seed=4, count=4)


def test_a_verdict_holds_for_the_text_of_its_module_only(tree: Path) -> None:
    [before] = draw(tree, ["shop/road.py"], seed=1, count=9)
    write(tree / "shop/road.py", UNTESTED + "# changed\n")
    [after] = draw(tree, ["shop/road.py"], seed=1, count=9)
    assert before != after and before == replace(after, source_digest=before.source_digest)


def test_every_place_that_is_drawn_from_is_there() -> None:
    assert [place for place in PLACES if not (ROOT / place).exists()] == []


def test_near_tests_come_first_and_those_of_a_user_of_the_module_later(tree: Path) -> None:
    write(tree / "shop/street.py", "from .door import is_open\n")
    write(tree / "tests/shop/test_street.py", "import shop.street\n")
    write(tree / "tests/shop/test_other.py", "from shop import door\n")
    write(tree / "tests/browser/test_door.py", TEST_OF_OPEN)

    near = ["tests/shop/test_door.py", "tests/shop/test_other.py"]
    assert NearTests(tree).rounds("shop/door.py") == [
        Round(near, "not slow"),
        Round(near, "slow"),
        Round(["tests/shop/test_street.py"], "not slow"),
    ]


def test_the_copy_leaves_out_what_git_ignores(tree: Path) -> None:
    write(tree / ".gitignore", "data/\n*.sqlite3*\n/stems/\nshop/out/\n")
    for name in ("data/song.wav", "db.sqlite3-wal", "stems/a", "shop/out/b", "shop/stemsite.py"):
        write(tree / name, "")
    with copy_of(tree) as copy:
        names = set(everything(copy))
    assert names == set(everything(tree)) - {
        "data/song.wav", "db.sqlite3-wal", "stems/a", "shop/out/b"
    }  # fmt: skip


def test_make_runs_it() -> None:
    rule = (ROOT / "Makefile").read_text().partition("\nmutants:")[2].partition("\n\n")[0]
    assert "-m tests.mutation --seed $(or $(SEED),1) --count $(or $(COUNT),120)" in rule

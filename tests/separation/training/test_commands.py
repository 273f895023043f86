import re
import subprocess
import sys
from pathlib import Path

import pytest

from separation.training.__main__ import _parser, main
from separation.training.corpus import read_index

ROOT = Path(__file__).parents[3]
_COMMAND = re.compile(r"^python -m separation\.training (.+)$", re.MULTILINE)


def _documented() -> list[str]:
    return _COMMAND.findall((ROOT / "docs" / "training.md").read_text())


def test_every_command_of_the_documentation_is_one() -> None:
    import shlex

    commands = _documented()
    assert len(commands) >= 6
    for command in commands:
        _parser().parse_args(shlex.split(command))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "separation.training", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_synthesize_tells_each_song_and_fills_the_corpus(tmp_path: Path) -> None:
    ran = _run("synthesize", "--corpus", str(tmp_path), "--songs", "1")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("synth-0-0: ")
    assert {clip.stem for clip in read_index(tmp_path)} == {"drums", "bass", "other", "vocals"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("multitracks", "{empty}", "--corpus", "{empty}"), "no tracks"),
        (
            ("multitracks", "{empty}", "--corpus", "{empty}", "--hold-back", "sodium"),
            "SONG=FROM-TO",
        ),
        (
            ("train", "--corpus", "{empty}", "--run", "{empty}", "--processes=1", "--no-compile"),
            "Prepare",
        ),
        (
            ("export", "--run", "{empty}", "--out", "{empty}/x.safetensors", "--trained-on", "x"),
            "Train first",
        ),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    assert main([argument.format(empty=tmp_path) for argument in arguments]) == 2
    assert said in capsys.readouterr().err

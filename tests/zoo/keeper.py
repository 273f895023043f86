"""Lets the command look at a whole enclosure in one call, and says what came of each file."""

import io
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.zoo.making import by_libsndfile, song

ACCEPTED = "accepted"
MAX_SECONDS = 10.0
MAX_MEMORY_MB = 1000.0
_CHILDREN_AT_ONCE = 2
_BETWEEN_GOOD_FILES = 10


@dataclass(frozen=True)
class Specimen:
    """One file: how it is made, and the verdict; ``words`` must be part of the sentence."""

    name: str
    make: Callable[[Path], object]
    verdict: str = ACCEPTED
    words: str = ""


@dataclass(frozen=True)
class Finding:
    """What the command said of a specimen, and of the next good file after it."""

    told: dict[str, Any]
    next_good: dict[str, Any]


def visit(folder: Path, specimens: Sequence[Specimen]) -> dict[str, Finding]:
    """Make all files in ``folder`` and have one call of the command look at them.

    Fails when anything is left behind: a file beside the songs, or in the temporary folder.
    """
    cage, good, scratch = folder / "cage", folder / "good.wav", folder / "scratch"
    cage.mkdir()
    scratch.mkdir()
    by_libsndfile(good, song(500), 44_100, kind="WAV", subtype="PCM_16")
    files: list[Path] = []
    for number, specimen in enumerate(specimens):
        path = cage / specimen.name
        specimen.make(path)
        files.append(path)
        if number % _BETWEEN_GOOD_FILES == 0:
            files.append(good)
    before = set(cage.iterdir())
    told = look([*files, good], scratch)
    assert list(scratch.iterdir()) == []
    assert set(cage.iterdir()) == before
    return _findings(files, told)


def look(files: Sequence[Path | str], scratch: Path) -> list[dict[str, Any]]:
    """One call of ``manage.py probe --json``; its lines, parsed."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(scratch))
        call_command("probe", *map(str, files), json=True, jobs=_CHILDREN_AT_ONCE, stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["file"] for line in lines] == [str(file) for file in files]
    return lines


def _findings(files: list[Path], told: list[dict[str, Any]]) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    next_good = told[-1]
    for path, line in zip(reversed(files), reversed(told[:-1]), strict=True):
        if path.name == "good.wav":
            next_good = line
        else:
            found[path.name] = Finding(line, next_good)
    return found


def check(specimen: Specimen, finding: Finding) -> None:
    """The promises that hold for every file there is."""
    told = finding.told
    assert (told["verdict"], told["sentence"]) == (specimen.verdict, told["sentence"])
    assert specimen.words in told["sentence"]
    assert told["sentence"].endswith(".")
    assert told["seconds"] < MAX_SECONDS
    assert told["peak_memory_mb"] < MAX_MEMORY_MB
    assert finding.next_good["verdict"] == ACCEPTED
    if specimen.verdict == ACCEPTED:
        assert told["duration_s"] > 0
        assert told["peak_memory_mb"] > 0

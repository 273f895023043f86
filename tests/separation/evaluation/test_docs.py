"""docs/evaluation.md says what is measured and how."""

import re
from pathlib import Path

from separation.evaluation.bss_eval import TAPS
from separation.evaluation.figures import FIGURES, QUICK
from separation.evaluation.ideal_mask import EXPONENT
from separation.evaluation.report import SCHEMA_VERSION, as_document
from separation.evaluation.suite import read_suite
from separation.evaluation.whole_song import MDX_DELTA
from separation.separators.spectral.transform import HOP, WINDOW
from tests.separation.evaluation.reports import report, run, song

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def test_every_figure_stands_there_with_its_name_its_choice_and_its_way_over_songs() -> None:
    rows = re.findall(r"^\| (.+): `(\w+)` \| (.+?) \| .+ \| (\w+) \|$", TEXT, re.MULTILINE)
    told = [(key, label, re.findall(r"`(\w+)`", by)[0], over) for label, key, by, over in rows]
    assert told == [(f.key, f.label, f.choice, f.over_songs) for f in FIGURES]


def test_the_constants_are_those_of_the_code() -> None:
    assert f"δ = {MDX_DELTA:.0e}".replace("e-07", "e-7") in TEXT
    assert f"filters of {TAPS} taps" in TEXT
    flat = " ".join(TEXT.split())
    assert f"(exponent {EXPONENT}, each channel by itself; STFT of {WINDOW} samples" in flat
    assert f"a hop of {HOP}" in flat
    assert "bss_sdr" in QUICK and "is there by default" in flat


def test_every_field_of_the_document_is_described() -> None:
    described = set(re.findall(r"`(\w+)`", TEXT[TEXT.index("## The JSON document") :]))
    document = as_document(report(run(song("A", vocals=1.0))))
    assert set(document) <= described
    assert document["schema_version"] == SCHEMA_VERSION
    assert f"`schema_version` is {SCHEMA_VERSION}" in TEXT


def test_the_suite_that_it_shows_is_one(tmp_path: Path) -> None:
    shown = re.findall(r"^        (\w+\.wav)$", TEXT, re.MULTILINE)
    folder = tmp_path / "songs" / "A song"
    folder.mkdir(parents=True)
    for name in shown:
        (folder / name).touch()
    (found,) = read_suite(tmp_path / "songs").songs
    assert found.mixture is not None and set(found.stems) == {"drums", "bass", "other", "vocals"}

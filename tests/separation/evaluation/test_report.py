"""What is made of the figures of songs."""

import json
import math
from typing import Any

import pytest

from separation.errors import InvalidOptions
from separation.evaluation.figures import CHOICES, QUICK, chosen_figures, difference
from separation.evaluation.report import CONVENTIONS, SCHEMA_VERSION, as_document
from separation.evaluation.text import comparison_text, run_text, song_text
from tests.separation.evaluation.reports import FIGURES, report, run, song

SDR, BSS = FIGURES
THREE = (song("A", vocals=1.0, drums=4.0), song("B", vocals=2.0, drums=None), song("C", vocals=9.0))


def test_sdr_is_the_mean_over_songs_and_bss_eval_the_median() -> None:
    three = run(*THREE)
    assert three.summary(SDR, "vocals") == {
        "separated": 4.0,
        "nothing": -5.0,
        "ideal": 10.0,
        "gain": 9.0,
    }
    assert three.summary(BSS, "vocals")["separated"] == 2.0
    assert three.summary(BSS, "vocals")["gain"] == 7.0


def test_a_silent_stem_is_in_no_mean_and_stems_weigh_the_same() -> None:
    three = run(*THREE)
    assert three.stems == ("vocals", "drums")
    assert three.summary(SDR, "drums")["separated"] == 4.0
    assert three.summary(SDR)["separated"] == (4.0 + 4.0) / 2
    assert run(song("B", drums=None)).summary(SDR, "drums")["gain"] is None


def test_the_stems_stand_in_the_order_of_the_song_that_has_most() -> None:
    found = run(song("A", drums=1.0, vocals=1.0), song("B", drums=1.0, bass=1.0, vocals=1.0))
    assert found.stems == ("drums", "bass", "vocals")


def test_speed_is_that_of_all_songs_together() -> None:
    three = run(*THREE)
    assert (three.audio_s, three.separation_s, three.times_real_time) == (90.0, 9.0, 10.0)


def test_the_document_has_a_version_and_every_figure_with_its_convention() -> None:
    document = as_document(report(run(*THREE), seconds=30.0))
    assert document["schema_version"] == SCHEMA_VERSION == 1
    assert document["suite"] == {
        "name": "songs",
        "digest": document["suite"]["digest"],
        "songs": 3,
        "audio_s": 90.0,
        "seconds_of_each_song": 30.0,
        "limited": False,
    }
    assert document["host"]["processor"] == "A processor" and document["host"]["cores"] == 2
    told = document["run"]["separator"]
    assert (told["model"], told["weights_digest"]) == ("spectral", "ab" * 32)
    assert (told["engine"], told["precision"], told["device"]) == ("numpy", "float32", "cpu")
    vocals = document["run"]["songs"][0]["stems"]["vocals"]
    assert vocals["separated"]["sdr"] == 1.0 and vocals["gain"]["sdr"] == 6.0
    assert document["run"]["summary"]["all_stems"]["sdr"]["separated"] == 4.0
    assert document["run"]["peak_memory_bytes"] == 400_000_000
    assert (document["baseline"], document["difference"]) == (None, None)
    assert document["conventions"] == CONVENTIONS


def test_what_is_infinite_is_null_in_json() -> None:
    document = as_document(report(run(song("A", vocals=math.inf))))
    assert document["run"]["songs"][0]["stems"]["vocals"]["separated"]["sdr"] is None
    json.dumps(document, allow_nan=False)


def test_the_digest_of_a_suite_follows_its_sounds_and_not_their_names() -> None:
    def digest(*songs: tuple[str, str]) -> str:
        return report(run(*(song(n, digest=d, vocals=1.0) for n, d in songs))).suite_digest

    first = digest(("A", "11"), ("B", "22"))
    assert digest(("X", "22"), ("Y", "11")) == first
    assert digest(("A", "11"), ("B", "23")) != first


def test_the_baseline_is_told_with_what_the_separator_is_ahead() -> None:
    told = report(run(*THREE), run(song("A", vocals=3.0), name="other"))
    document = as_document(told)
    assert document["difference"] == {"vocals": {"sdr": 1.0, "bss_sdr": -1.0}}
    assert document["baseline"]["separator"]["separator"] == "other"
    text = comparison_text(told)
    assert "spectral against other" in text
    assert text.splitlines()[3].split() == [
        "vocals", "4.00", "3.00", "1.00", "2.00", "3.00", "-1.00",
    ]  # fmt: skip
    assert "all stems" not in text, "means over different stems are no comparison"


def test_the_table_of_a_song_has_a_line_a_stem_with_columns_by_name() -> None:
    text = song_text(THREE[1], FIGURES)
    assert "B: 30.0 s, separated in 3.00 s (10.0 times real time)" in text
    assert "SDR, whole song (MDX)" in text and "SDR, BSS Eval v4" in text
    assert "silent in this song: drums" in text
    lines = text.splitlines()
    assert lines[2].split() == ["dB", *["separated", "nothing", "ideal", "gain"] * 2]
    assert lines[3].split() == ["vocals", *["2.00", "-5.00", "10.00", "7.00"] * 2]
    assert lines[4].split() == ["drums", *["-"] * 8]


def test_a_name_cannot_steer_the_terminal() -> None:
    evil = "so\x1b[2Jng\u202e\udcff"
    stems: dict[str, Any] = {f"{evil}.": 1.0}
    text = song_text(song(evil, **stems), FIGURES)
    assert text.startswith("so[2Jng: 30.0 s")
    assert all(character.isprintable() for line in text.splitlines() for character in line)


def test_the_table_of_a_run_names_what_ran_and_ends_with_all_stems() -> None:
    text = run_text(run(*THREE), FIGURES)
    assert "spectral (numpy, float32, cpu; weights abababababab): 3 songs, 90.0 s" in text
    assert "peak memory 400 MB" in text
    assert text.splitlines()[-1].split()[:4] == ["all", "stems", "4.00", "-5.00"]


def test_metrics_are_chosen_by_name_and_bss_eval_is_all_four() -> None:
    assert [f.key for f in chosen_figures(QUICK)] == ["sdr", "si_sdr", "bss_sdr"]
    assert [f.key for f in chosen_figures(["bss_eval"])] == [
        "bss_sdr", "bss_isr", "bss_sir", "bss_sar",
    ]  # fmt: skip
    with pytest.raises(InvalidOptions, match=f"no metric 'pesq'.*{CHOICES[0]}"):
        chosen_figures(["sdr", "pesq"])
    with pytest.raises(InvalidOptions, match="at least one"):
        chosen_figures([])


def test_a_gain_that_cannot_be_known_is_none() -> None:
    assert difference(3.0, None) is None
    assert difference(math.inf, math.inf) is None
    assert difference(math.inf, 1.0) == math.inf

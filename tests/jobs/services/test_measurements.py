"""What was measured of models on this site: kept, and the newest told."""

import datetime
import math
from typing import Any

import pytest

from jobs.models import ModelMeasurement
from jobs.services.site_models.measurements import latest, record, record_report
from separation.errors import InvalidOptions

pytestmark = pytest.mark.django_db

FIGURES = {"sdr": {"mean": 2.5, "vocals": 4.0}}


def measured(**overrides: object) -> ModelMeasurement:
    values: dict[str, object] = {
        "separator": "spectral",
        "model": "spectral",
        "suite": "Own songs",
        "songs": 3,
        "figures": FIGURES,
        "audio_s": 600.0,
        "seconds": 60.0,
        **overrides,
    }
    return record(**values)  # type: ignore[arg-type]


def test_a_run_is_kept_with_all_that_it_found() -> None:
    measured(weights_digest="ab" * 32, peak_memory_bytes=900_000_000)
    row = ModelMeasurement.objects.get()
    assert row.figures == FIGURES
    assert (row.songs, row.suite, row.times_real_time) == (3, "Own songs", 10.0)
    assert (row.weights_digest, row.peak_memory_bytes) == ("ab" * 32, 900_000_000)


def test_the_newest_run_is_told_and_the_older_ones_stay() -> None:
    day = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)
    newest = measured(measured_at=day + datetime.timedelta(days=2))
    measured(measured_at=day)
    other = measured(model="htdemucs", separator="demucs")
    assert latest()["spectral"] == newest
    assert latest() == {"spectral": newest, "htdemucs": other}
    assert ModelMeasurement.objects.count() == 3
    assert "nobody" not in latest()


def test_a_stem_without_a_figure_is_left_out() -> None:
    figures: dict[str, dict[str, float | None]] = {
        "sdr": {"vocals": 4.0, "drums": None, "bass": -math.inf},
        "si_sdr": {},
    }
    assert measured(figures=figures).figures == {"sdr": {"vocals": 4.0}}


@pytest.mark.parametrize(
    ("figures", "said"),
    [({"loudness": {"vocals": 1.0}}, "no measure 'loudness'"), ({}, "without a single figure")],
)
def test_what_says_nothing_is_refused(figures: dict[str, dict[str, float]], said: str) -> None:
    with pytest.raises(InvalidOptions, match=said):
        measured(figures=figures)
    assert not ModelMeasurement.objects.exists()


def a_report(**suite: Any) -> dict[str, Any]:
    def row(decibels: float) -> dict[str, dict[str, float | None]]:
        one: dict[str, float | None] = {
            "separated": decibels,
            "nothing": 0.0,
            "ideal": 10.0,
            "gain": decibels,
        }
        return {"sdr": one, "bss_sir": one}

    return {
        "date": "2026-11-30T10:00:00+00:00",
        "suite": {
            "name": "Own songs", "songs": 2, "audio_s": 100.0, "limited": False,
            "seconds_of_each_song": None, **suite,
        },
        "run": {
            "separator": {"separator": "spectral", "model": "spectral", "weights_digest": "ab"},
            "peak_memory_bytes": 0,
            "separation_s": 5.0,
            "summary": {"vocals": row(4.0), "drums": row(2.0), "all_stems": row(3.0)},
            "failed": [],
        },
    }  # fmt: skip


def test_a_report_of_an_evaluation_is_kept_as_figures_by_measure() -> None:
    row = record_report(a_report())
    assert row is not None
    assert row.figures == {"sdr": {"vocals": 4.0, "drums": 2.0, "mean": 3.0}}
    assert (row.suite, row.songs, row.times_real_time) == ("Own songs", 2, 20.0)
    assert row.peak_memory_bytes is None and row.measured_at.isoformat().startswith("2026-11-30")


@pytest.mark.parametrize("part", [{"limited": True}, {"seconds_of_each_song": 30.0}])
def test_a_part_of_a_suite_is_not_kept(part: dict[str, Any]) -> None:
    assert record_report(a_report(**part)) is None
    assert not ModelMeasurement.objects.exists()

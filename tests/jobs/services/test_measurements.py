"""What was measured of models on this site: kept, and the newest told."""

import datetime
import math

import pytest

from jobs.models import ModelMeasurement
from jobs.services.measurements import latest, latest_for, record
from separation.errors import InvalidOptions

pytestmark = pytest.mark.django_db

FIGURES = {"sdr_whole_song": {"mean": 2.5, "vocals": 4.0}}


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
    assert latest_for("spectral") == newest
    assert latest() == {"spectral": newest, "htdemucs": other}
    assert ModelMeasurement.objects.count() == 3
    assert latest_for("nobody") is None


def test_a_stem_without_a_figure_is_left_out() -> None:
    figures = {"sdr_whole_song": {"vocals": 4.0, "drums": None, "bass": -math.inf}, "si_sdr": {}}
    assert measured(figures=figures).figures == {"sdr_whole_song": {"vocals": 4.0}}


@pytest.mark.parametrize(
    ("figures", "said"),
    [({"loudness": {"vocals": 1.0}}, "no measure 'loudness'"), ({}, "without a single figure")],
)
def test_what_says_nothing_is_refused(figures: dict[str, dict[str, float]], said: str) -> None:
    with pytest.raises(InvalidOptions, match=said):
        measured(figures=figures)
    assert not ModelMeasurement.objects.exists()

"""Every separator on songs that nobody would send on purpose."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from separation.audio.blocks import BlockReader, FloatArray
from separation.base import SAMPLE_RATE_HZ, SeparatorModel
from separation.pipeline.run import run_pipeline
from separation.registry import BUILT_IN
from separation.request.separation_request import parse_request
from separation.separators.bandsplit import weights as bandsplit
from separation.separators.ensemble import build_from_registry
from separation.settings import CoreSettings
from separation.stages.stem_check import check_stems
from tests.separation.fakes import make_spec
from tests.separation.separators.remote.service import Service
from tests.separation.separators.small_separators import SMALL_SEPARATORS
from tests.separation.separators.standard.small import save_small_bandsplit
from tests.separation.small_models import save_song

HOP = 1024
SUM_TOLERANCE = 2e-6
"""Of the loudest sample, for the roundings of a few stems in float32."""


def read(path: Path) -> FloatArray:
    with BlockReader(path) as reader:
        return reader.read(0, reader.frames)


def _sound(frames: int) -> FloatArray:
    return np.random.default_rng(5).standard_normal((2, frames)).astype(np.float32)


def _with_click(frames: int, place: int, sign: float = 1.0) -> FloatArray:
    samples = np.zeros((2, frames), np.float32)
    samples[:, place] = 1.0, sign
    return samples


def _ended(sound: FloatArray, frames: int) -> FloatArray:
    return np.pad(sound, ((0, 0), (0, frames - sound.shape[1])))


def _inverted(left: FloatArray) -> FloatArray:
    return np.stack([left, -left])


def _one_channel(left: FloatArray) -> FloatArray:
    return np.stack([left, np.zeros_like(left)])


DENORMAL = 1e-43
"""Some steps of the numbers that are too small to be told more exactly."""

SHORT = 13_230
"""0.3 s."""

WINDOW_STEP = 16_537
"""From one window of 0.5 s to the next, as networks here have them."""

SONGS: dict[str, FloatArray] = {
    "silence": np.zeros((2, SHORT), np.float32),
    "a constant": np.full((2, SHORT), 0.9, np.float32),
    "one sample": _sound(1),
    "two samples": _sound(2),
    "0.3 s": 0.1 * _sound(SHORT),
    "one sample in the last window": 0.1 * _sound(WINDOW_STEP + 1),
    "a click": _with_click(SHORT, 5_000),
    "a click at the end": _with_click(SHORT, SHORT - 1),
    "an inverted click": _with_click(SHORT, 0, -1.0),
    "four times full scale": np.clip(_sound(SHORT) * 8, -4, 4),
    "one channel": _one_channel(_sound(SHORT)[0]),
    "inverted channels": _inverted(_sound(SHORT)[0]),
    "denormal": np.full((2, SHORT), 1e-40, np.float32),
    "the faintest": 1e-20 * _sound(SHORT),
    "an abrupt end": _ended(4 * _sound(40 * HOP + 3), 2 * SAMPLE_RATE_HZ),
    "silence, then a click": _with_click(3 * SAMPLE_RATE_HZ, 3 * SAMPLE_RATE_HZ - 100),
}
Make = Callable[[str], SeparatorModel]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Separators with small networks, each made once."""
    made: dict[str, SeparatorModel] = {}
    service = Service()
    with pytest.MonkeyPatch.context() as patch:
        embedded = save_small_bandsplit(tmp_path_factory.mktemp("embedded"))
        patch.setattr(bandsplit, "EMBEDDED", embedded)

        def separator(row: str) -> SeparatorModel:
            if row not in made:
                folder = tmp_path_factory.mktemp("models")
                made[row] = SMALL_SEPARATORS[row].make(folder, service.url)
            return made[row]

        yield separator
    service.close()


def test_no_separator_of_the_registry_is_spared() -> None:
    assert {row.name for row in SMALL_SEPARATORS.values()} == set(BUILT_IN)


@pytest.mark.filterwarnings("error", "ignore:A window was not provided")
@pytest.mark.parametrize("song", SONGS)
@pytest.mark.parametrize("row", SMALL_SEPARATORS)
def test_stems_of_an_odd_song_are_finite_and_sum_to_it_where_they_should(
    row: str, song: str, make: Make, tmp_path: Path
) -> None:
    samples = SONGS[song]
    paths = make(row).separate(save_song(tmp_path / "song.wav", samples), tmp_path)
    total = np.zeros(samples.shape)
    for path in paths.values():
        stem = read(path)
        assert stem.shape == samples.shape
        assert np.isfinite(stem).all()
        total += stem
    if SMALL_SEPARATORS[row].sums_to_song:
        assert np.abs(total - samples).max() <= SUM_TOLERANCE * np.abs(samples).max() + DENORMAL
    # A job would fail at a stem that this refuses.
    check_stems(paths, tmp_path / "song.wav")


@pytest.mark.parametrize("song", ["one sample", "a click", "an abrupt end", "denormal", "silence"])
def test_parts_of_a_stem_of_an_odd_song_are_finite_and_sum_to_it(song: str, tmp_path: Path) -> None:
    asked = {"separator": "spectral", "stages": ("separation",)}
    details = [{"stem": stem, "separator": "spectral"} for stem in ("drums", "song")]
    request = parse_request({**asked, "details": details, "denoise": [{"stem": "bass"}]})
    spec = make_spec(tmp_path, *request.to_pipeline()[1:-1], format="wav32f")
    save_song(spec.input_path, SONGS[song])
    run_pipeline(spec, CoreSettings(), separators=build_from_registry, observer=lambda event: None)
    stem = read(next(spec.job_dir.glob("spectral_output/drums.*")))
    parts = [read(path) for path in sorted((spec.job_dir / "details" / "drums").iterdir())]
    assert len(parts) == 5
    assert all(np.isfinite(part).all() for part in parts)
    assert np.abs(sum(parts) - stem).max() <= SUM_TOLERANCE * np.abs(SONGS[song]).max() + DENORMAL

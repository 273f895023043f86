"""What is rendered is what the mixer plays: gains, pan, range, speed, and a common gain."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC
from numpy.typing import NDArray

from separation.audio.decoding.open_reader import open_reader
from separation.audio.decoding.sniff import sniff
from separation.audio.metadata.tags import write_tags
from separation.mixdown.mixer import pan_matrix
from separation.mixdown.render import render
from separation.mixdown.request import MixFile, MixTask

RATE_HZ = 44_100
FRAMES = 3 * RATE_HZ + 17
STEP_24 = 2.0**-23
"""Of a 24-bit file; half of it is lost in rounding, and as much in the stems' own."""

Sound = NDArray[np.float64]
Render = Callable[..., tuple[Path, Sound]]


@pytest.fixture(scope="module")
def stems() -> dict[str, Sound]:
    random = np.random.default_rng(3)
    time = np.arange(FRAMES) / RATE_HZ
    tone = np.stack([0.3 * np.sin(2 * np.pi * 440 * time), 0.2 * np.sin(2 * np.pi * 440 * time)])
    noise = random.normal(0.0, 0.05, (2, FRAMES))
    return {"vocals": tone, "drums": noise}


@pytest.fixture(scope="module")
def folder(stems: dict[str, Sound], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stems")
    for name, sound in stems.items():
        soundfile.write(folder / f"{name}.wav", sound.T, RATE_HZ, subtype="PCM_24")
        soundfile.write(folder / f"{name}.flac", sound.T, RATE_HZ, subtype="PCM_24")
        soundfile.write(folder / f"{name}.mp3", sound.T, RATE_HZ)
    write_tags(folder / "vocals.flac", {"title": "Blue (vocals)", "artist": "Ada"})
    return folder


@pytest.fixture
def rendered(folder: Path, tmp_path: Path) -> Render:
    mixes = tmp_path / "mixes"
    mixes.mkdir()

    def make(*strips: tuple[str, float, float], **overrides: Any) -> tuple[Path, Sound]:
        files = tuple(MixFile(path=folder / name, gain=g, pan=p) for name, g, p in strips)
        values = {
            "sample_rate_hz": RATE_HZ,
            "start": 0,
            "frames": FRAMES,
            "speed": 1.0,
            "format": "wav24",
            "container": "wav",
            "codec": "pcm_24",
            "mp3_bitrate_kbps": 320,
            "folder": mixes,
            "title": "Song",
            "kind": "mix",
        }
        path = render(MixTask(files=files, **{**values, **overrides}))
        with open_reader(path, sniff(path)) as reader:
            assert reader.rate_hz == RATE_HZ
            return path, np.concatenate(list(reader.blocks()), axis=1).astype(np.float64)

    return make


def panned(sound: Sound, pan: float) -> Sound:
    """The formulae of the Web Audio API's stereo panner, written out."""
    left, right = sound
    if pan <= 0:
        angle = (pan + 1) * math.pi / 2
        return np.stack([left + right * math.cos(angle), right * math.sin(angle)])
    angle = pan * math.pi / 2
    return np.stack([left * math.cos(angle), right + left * math.sin(angle)])


def test_a_mix_is_the_sum_of_its_stems_by_gain_and_pan(
    rendered: Render, stems: dict[str, Sound]
) -> None:
    _, found = rendered(("vocals.wav", 0.7, -0.4), ("drums.wav", 1.25, 0.8))
    wanted = 0.7 * panned(stems["vocals"], -0.4) + 1.25 * panned(stems["drums"], 0.8)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 6 * STEP_24


def test_in_the_middle_pan_changes_nothing_and_at_a_side_the_other_is_silent() -> None:
    assert np.allclose(pan_matrix(0.0), np.eye(2))
    assert np.allclose(pan_matrix(1.0), [[0, 0], [1, 1]])
    assert np.allclose(pan_matrix(-1.0), [[1, 1], [0, 0]])


@pytest.mark.parametrize(("ending", "tolerance"), [("flac", 3 * STEP_24), ("mp3", 0.02)])
def test_a_range_holds_these_very_samples_whatever_the_stems_are_stored_as(
    rendered: Render, stems: dict[str, Sound], ending: str, tolerance: float
) -> None:
    """An MP3 cannot be sought to the sample: one that were, would be off by far more than 0.02."""
    start, frames = 70_001, 30_000
    _, found = rendered((f"vocals.{ending}", 1.0, 0.0), start=start, frames=frames)
    wanted = stems["vocals"][:, start : start + frames]
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < tolerance


@pytest.mark.parametrize("speed", [0.5, 0.85, 1.5])
def test_another_speed_changes_the_length_and_not_the_pitch(rendered: Render, speed: float) -> None:
    _, found = rendered(("vocals.wav", 1.0, 0.0), speed=speed)
    assert found.shape[1] == round(FRAMES / speed)
    middle = found[0, 8192 : 8192 + 65_536]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * RATE_HZ / len(middle) == pytest.approx(440, abs=1)
    # Joined where the waves fit: a tone stays as loud as it was.
    assert middle.std() == pytest.approx(0.3 / math.sqrt(2), rel=0.02)


def test_at_another_speed_what_happens_comes_when_it_should(rendered: Render, folder: Path) -> None:
    clicks = np.zeros((2, FRAMES))
    clicks[:, 44_100::22_050] = 0.9
    soundfile.write(folder / "clicks.wav", clicks.T, RATE_HZ, subtype="PCM_24")
    _, found = rendered(("clicks.wav", 1.0, 0.0), speed=0.8)
    first = int(np.argmax(np.abs(found[0]) > 0.3))
    assert abs(first - 44_100 / 0.8) < 0.03 * RATE_HZ


def test_what_would_clip_is_lowered_as_a_whole(rendered: Render, stems: dict[str, Sound]) -> None:
    _, found = rendered(("vocals.wav", 4.0, 0.0), ("drums.wav", 1.0, 0.0))
    wanted = 4.0 * stems["vocals"] + stems["drums"]
    assert np.abs(found).max() == pytest.approx(1.0, abs=2 * STEP_24)
    lowered = found * np.abs(wanted).max()
    assert np.abs(lowered - wanted).max() < 10 * STEP_24


def test_float_holds_what_is_louder_than_full_scale(
    rendered: Render, stems: dict[str, Sound]
) -> None:
    _, found = rendered(("vocals.wav", 4.0, 0.0), format="wav32f")
    assert np.abs(found - 4.0 * stems["vocals"]).max() < 1e-6 + 4 * STEP_24


@pytest.mark.parametrize(
    ("output_format", "ending"),
    [("wav16", ".wav"), ("flac24", ".flac"), ("ogg", ".ogg"), ("m4a", ".m4a"), ("same", ".mp3")],
)
def test_other_formats_hold_the_same_sound_and_nothing_else_is_left(
    rendered: Render, stems: dict[str, Sound], output_format: str, ending: str
) -> None:
    path, found = rendered(
        ("vocals.wav", 1.0, 0.0), format=output_format, container="mp3", codec="mp3"
    )
    assert [each.name for each in path.parent.iterdir()] == [f"mix{ending}"]
    assert found.shape[1] == FRAMES
    assert np.abs(found - stems["vocals"])[:, 4096:-4096].max() < 0.02


def test_tags_are_those_of_the_stems_and_say_what_this_is(rendered: Render) -> None:
    path, _ = rendered(("vocals.flac", 1.0, 0.0), format="flac16", kind="karaoke")
    tags = FLAC(path)
    assert (tags["title"], tags["artist"]) == (["Blue (karaoke)"], ["Ada"])


def test_without_tags_the_title_is_that_of_the_song(rendered: Render) -> None:
    path, _ = rendered(("drums.wav", 1.0, 0.0), format="flac16")
    assert FLAC(path)["title"] == ["Song (mix)"]

"""Each accepted format is a row of docs/formats.md, and comes out of intake as what went in."""

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soxr

from separation.audio.decoding import pyav_reader, soundfile_reader
from separation.audio.decoding.sniff import Container
from separation.audio.downmix import VORBIS_ORDER, WAVE_ORDER, downmix_matrix
from separation.audio.resample import frames_at
from separation.base import SAMPLE_RATE_HZ
from tests.separation.audio.sounds import decode_here, read
from tests.zoo.formats import FORMATS, Format
from tests.zoo.keeper import Finding, Specimen, check, visit
from tests.zoo.making import Sound

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
UNTESTED = re.compile(r"no encoder here can make for a test:([^.]+)\.")
CODE = re.compile(r"`(\w+)`")
SPECIMENS = {format_.name: Specimen(format_.name, format_.make) for format_ in FORMATS}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    return visit(tmp_path_factory.mktemp("formats"), list(SPECIMENS.values()))


def _documented() -> dict[str, set[str]]:
    section = PAGE.read_text(encoding="utf-8")
    return {name: set(CODE.findall(codecs)) for name, codecs, _ in ROW.findall(section)}


def _allowed() -> set[str]:
    plain = {soundfile_reader.codec_name(subtype) for subtype in soundfile_reader.SUBTYPES}
    return plain | set(pyav_reader.CODECS.values()) | {"flac"}


def test_every_row_of_the_table_is_tested_and_every_test_is_a_row() -> None:
    tested: dict[str, set[str]] = {}
    for format_ in FORMATS:
        tested.setdefault(format_.container, set()).add(format_.codec)

    assert _documented() == tested
    assert set(get_args(Container)) == set(tested)


def test_every_codec_that_may_run_is_in_the_table_or_owned_up_to() -> None:
    text = PAGE.read_text(encoding="utf-8")
    untested = {code for part in UNTESTED.findall(text) for code in CODE.findall(part)}

    assert untested
    assert _allowed() == set().union(*_documented().values()) | untested


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.name)
def test_it_is_accepted_with_its_measured_facts(
    format_: Format, findings: dict[str, Finding]
) -> None:
    finding = findings[format_.name]
    told = finding.told

    check(SPECIMENS[format_.name], finding)
    assert told["measured"]
    assert (told["container"], told["codec"]) == (format_.container, format_.codec)
    assert (told["sample_rate_hz"], told["channels"]) == (format_.rate_hz, format_.channels)
    frames = told["duration_s"] * format_.rate_hz
    assert frames == pytest.approx(format_.frames, abs=format_.more_frames + 1e-3)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.name)
def test_it_sounds_as_before(format_: Format, tmp_path: Path) -> None:
    source = tmp_path / format_.name
    format_.make(source)

    song = decode_here(source, tmp_path / "song.wav")

    out = read(tmp_path / "song.wav")
    assert out.shape[1] == song["frames"]
    assert song["frames"] == frames_at(SAMPLE_RATE_HZ, song["source_frames"], format_.rate_hz)
    assert song["warnings"] == []
    if format_.codec in ("mp1", "ape"):
        assert not out.any(), "what was written is silence"
    else:
        assert _least_error(out, _expected(format_), format_) < format_.tolerance


def _expected(format_: Format) -> Sound:
    sound = format_.sound()
    if format_.channels > 2:
        order = VORBIS_ORDER if format_.codec == "vorbis" else WAVE_ORDER
        sound = downmix_matrix(format_.channels, order[format_.channels]) @ sound
    stereo = np.repeat(sound, 2, axis=0) if format_.channels == 1 else sound
    if format_.rate_hz == SAMPLE_RATE_HZ:
        return stereo
    resampled = soxr.resample(stereo.T, format_.rate_hz, SAMPLE_RATE_HZ, quality="VHQ")
    return np.asarray(resampled, dtype=np.float32).T


def _least_error(out: Sound, expected: Sound, format_: Format) -> float:
    """Relative to the sound, at the best of the delays that the codec may have."""
    scale = SAMPLE_RATE_HZ / format_.rate_hz
    errors = []
    earliest = -round(format_.early_frames * scale)
    for late in range(earliest, round(format_.late_frames * scale) + 1):
        left, right = out[:, max(late, 0) :], expected[:, max(-late, 0) :]
        length = min(left.shape[1], right.shape[1])
        assert length >= 0.7 * expected.shape[1]
        difference = left[:, :length] - right[:, :length]
        errors.append(np.sqrt(np.mean(difference**2) / np.mean(right[:, :length] ** 2)))
    return float(min(errors))

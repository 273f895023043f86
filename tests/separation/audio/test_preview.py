"""What a browser plays: frames that decode alone, at the places that the index names."""

from pathlib import Path

import av
import numpy as np
import pytest

from separation.audio.encoding.preview import DELAY_SAMPLES, FRAME_SAMPLES, STRIDE, PreviewWriter

RATE_HZ = 44_100


def sound(frames: int) -> np.ndarray:
    time = np.arange(frames) / RATE_HZ
    left = 0.3 * np.sin(2 * np.pi * 220 * time) + 0.1 * np.sin(2 * np.pi * 1250 * time)
    return np.stack([left, 0.2 * np.sin(2 * np.pi * 440 * time)]).astype(np.float32)


def written(path: Path, samples: np.ndarray, block: int = 65_536) -> PreviewWriter:
    with PreviewWriter(path) as writer:
        for start in range(0, samples.shape[1], block):
            writer.write(samples[:, start : start + block])
        writer.finish()
    return writer


def decoded(data: bytes, tmp_path: Path) -> np.ndarray:
    part = tmp_path / "part.aac"
    part.write_bytes(data)
    with av.open(str(part)) as container:
        return np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)


def adts_frames(data: bytes) -> list[int]:
    """Where the frames begin, by the lengths that they state themselves."""
    starts, at = [], 0
    while at < len(data):
        assert data[at] == 0xFF and data[at + 1] & 0xF6 == 0xF0
        starts.append(at)
        at += (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    assert at == len(data)
    return starts


def test_the_index_names_every_sixteenth_frame(tmp_path: Path) -> None:
    writer = written(tmp_path / "a.aac", sound(3 * RATE_HZ))
    starts = adts_frames((tmp_path / "a.aac").read_bytes())
    assert writer.offsets == starts[::STRIDE]
    assert len(starts) * FRAME_SAMPLES >= 3 * RATE_HZ + DELAY_SAMPLES


def test_the_song_begins_after_the_stated_delay(tmp_path: Path) -> None:
    samples = sound(2 * RATE_HZ)
    written(tmp_path / "a.aac", samples, block=7001)
    heard = decoded((tmp_path / "a.aac").read_bytes(), tmp_path)
    ours = heard[:, DELAY_SAMPLES : DELAY_SAMPLES + samples.shape[1]]
    # Tones come back with an error below 2 %; a shift of one sample would make it far larger.
    error = np.sqrt(np.mean((ours - samples)[:, 2000:-2000] ** 2) / np.mean(samples**2))
    shifted = np.sqrt(np.mean((ours[:, 1:] - samples[:, :-1])[:, 2000:-2000] ** 2))
    assert error < 0.02
    assert shifted / np.sqrt(np.mean(samples**2)) > 3 * error


def test_a_stretch_decodes_alone_but_for_its_first_frame(tmp_path: Path) -> None:
    writer = written(tmp_path / "a.aac", sound(4 * RATE_HZ))
    data = (tmp_path / "a.aac").read_bytes()
    whole = decoded(data, tmp_path)
    part = decoded(data[writer.offsets[4] : writer.offsets[6]], tmp_path)
    start = 4 * STRIDE * FRAME_SAMPLES
    same = whole[:, start + FRAME_SAMPLES : start + part.shape[1]]
    assert part.shape[1] == 2 * STRIDE * FRAME_SAMPLES
    assert np.abs(part[:, FRAME_SAMPLES:] - same).max() < 1e-4


@pytest.mark.parametrize("frames", (1, 1023, 1024, 1025))
def test_short_songs_are_written_too(tmp_path: Path, frames: int) -> None:
    writer = written(tmp_path / "a.aac", sound(frames))
    data = (tmp_path / "a.aac").read_bytes()
    assert writer.offsets == adts_frames(data)[::STRIDE]
    assert data


def test_samples_above_full_scale_do_not_break_it(tmp_path: Path) -> None:
    written(tmp_path / "a.aac", 5 * sound(RATE_HZ))
    assert np.isfinite(decoded((tmp_path / "a.aac").read_bytes(), tmp_path)).all()

"""Lengths that stand in containers: whose they are, and what they leave out."""

from pathlib import Path

import av
import numpy as np
import pytest
from mutagen.mp4 import MP4, MP4FreeForm

from separation.audio.decoding.canonical import ToCanonical
from separation.audio.decoding.file_span import FileSpan, Span
from separation.audio.decoding.readers import SoundForm
from tests.separation.audio.sounds import decode_here, read
from tests.zoo.making import by_ffmpeg, song

DELAY = 1024
"""What FFmpeg's encoder of AAC puts before the sound."""


def _noted_by_itunes(path: Path, length: int, *, has_edits: bool = False) -> Path:
    options = {"use_editlist": "1" if has_edits else "0"}
    by_ffmpeg(path, song(20_000), 44_100, kind="ipod", codec="aac", kbps=192, options=options)
    tags = MP4(path)
    words = (0, DELAY, 480, length, *[0] * 8)
    text = "".join(f" {word:0{16 if at == 3 else 8}X}" for at, word in enumerate(words))
    tags["----:com.apple.iTunes:iTunSMPB"] = [MP4FreeForm(text.encode())]
    tags.save()
    return path


@pytest.mark.parametrize("has_edits", [False, True])
def test_the_padding_that_itunes_has_noted_is_left_out(tmp_path: Path, has_edits: bool) -> None:
    source = _noted_by_itunes(tmp_path / "a.m4a", 19_900, has_edits=has_edits)

    song_ = decode_here(source, tmp_path / "song.wav")

    out = read(tmp_path / "song.wav")
    assert song_["source_frames"] == out.shape[1] == 19_900
    difference = out - song(20_000)[:, :19_900]
    assert np.sqrt(np.mean(difference**2)) < 0.05, "it begins where the sound does"
    assert song_["warnings"] == []


@pytest.mark.parametrize("length", [0, 100, 2**62])
def test_a_length_that_itunes_cannot_have_noted_costs_no_sound(tmp_path: Path, length: int) -> None:
    source = _noted_by_itunes(tmp_path / "a.m4a", length)

    assert decode_here(source, tmp_path / "song.wav")["source_frames"] >= 20_000


def _with_picture(path: Path, kind: str, codec: str, *, pictures: int) -> Path:
    """A second of sound, and a picture each tenth of a second."""
    with av.open(str(path), "w", format=kind) as container:
        picture = container.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        track = container.add_stream(codec, rate=44_100, layout="stereo")
        assert isinstance(track, av.AudioStream)
        track.bit_rate = 192_000
        for number in range(pictures):
            image = av.VideoFrame(64, 64, "yuv420p")
            image.pts = number
            container.mux(picture.encode(image))
        frame = av.AudioFrame.from_ndarray(song(44_100), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 44_100, 0
        formats = track.codec_context.codec.audio_formats
        assert formats is not None
        resampler = av.AudioResampler(formats[0], "stereo", 44_100)
        for piece in (*resampler.resample(frame), None):
            container.mux(track.encode(piece))
        container.mux(picture.encode(None))
    return path


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        ("matroska", "pcm_s16le"),
        ("matroska", "aac"),
        ("mov", "pcm_s16le"),
        ("mp4", "aac"),
        ("avi", "pcm_s16le"),
        ("asf", "wmav2"),
    ],
)
def test_a_picture_that_outlasts_its_sound_does_not_mean_that_the_sound_was_cut_off(
    tmp_path: Path, kind: str, codec: str
) -> None:
    source = _with_picture(tmp_path / "a", kind, codec, pictures=40)

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["duration_s"] == pytest.approx(1.0, abs=0.06)
    assert song_["warnings"] == []


def test_a_video_that_was_cut_off_is_still_said_to_be(tmp_path: Path) -> None:
    source = _with_picture(tmp_path / "a", "matroska", "aac", pictures=10)
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["duration_s"] < 0.7
    assert song_["warnings"]


MONO = SoundForm(22_050, 1, ("FC",))
STEREO = SoundForm(44_100, 2, ("FL", "FR"))
ODD = SoundForm(48_000, 6, None)


@pytest.mark.parametrize(
    "forms", [(MONO, STEREO), (STEREO, MONO, STEREO), (ODD, MONO, ODD, STEREO), (ODD,) * 3]
)
def test_whatever_forms_follow_each_other_the_length_is_exact(forms: tuple[SoundForm, ...]) -> None:
    rng = np.random.default_rng(4)
    canonical, parts, seconds = ToCanonical(), [], 0.0
    for form in forms:
        count = int(rng.integers(1, 3000))
        sound = np.full((form.channels, count), 0.5, np.float32)
        seconds += count / form.rate_hz
        parts += canonical.write(form, sound)
    total = int(np.ceil(seconds * 44_100 - 1e-6)) + 1
    parts += canonical.finish(total)

    out = np.concatenate(parts, axis=1)

    assert out.shape == (2, total)
    assert np.isfinite(out).all()


def test_a_span_is_a_file_of_its_own_with_what_was_patched(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(100)))
    with FileSpan(path, Span(10, 20), {8: b"xxxx", 19: b"yyy"}) as span:
        assert span.read() == b"xx" + bytes(range(12, 19)) + b"y"
        assert (span.tell(), span.seek(-1, 2), span.read(5), span.read(5)) == (10, 9, b"y", b"")
        assert (span.seek(3), span.seek(2, 1), span.read(1)) == (3, 5, bytes([15]))
        with pytest.raises(ValueError, match="-1"):
            span.seek(-1)

"""Files as they are delivered: format, length, tags."""

from pathlib import Path

import mutagen
import pytest
import soundfile
from mutagen.flac import FLAC, Picture

from separation.pipeline.manifest import Manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.settings import CoreSettings
from separation.storage.atomic_files import digest_of
from tests.separation.audio.pictures import cover
from tests.separation.fakes import fake_separators, make_song, make_spec, separation_request

ONE_STEM = separation_request(stems=["vocals"])
JPEG = cover()


def run(spec: JobSpec) -> Manifest:
    return run_pipeline(
        spec, CoreSettings(), separators=fake_separators, observer=lambda event: None
    )


def with_export(spec: JobSpec, **params: object) -> JobSpec:
    pipeline = (*spec.pipeline[:-1], StageRequest(name="export", params=params))
    return spec.model_copy(update={"pipeline": pipeline})


@pytest.mark.parametrize(
    ("output_format", "extension", "container"),
    [
        ("wav16", ".wav", "WAV"),
        ("flac16", ".flac", "FLAC"),
        ("mp3", ".mp3", "MP3"),
        ("ogg", ".ogg", "OGG"),
        ("m4a", ".m4a", None),
    ],
)
def test_every_format_has_exactly_the_length_of_the_song(
    tmp_path: Path, output_format: str, extension: str, container: str | None
) -> None:
    song = make_song(tmp_path / "song.wav", 12_345 / 44_100)
    spec = make_spec(tmp_path, ONE_STEM, song=song, format=output_format)
    manifest = run(spec)
    for record in manifest.artifacts:
        path = spec.job_dir / record.path
        assert path.suffix == extension
        assert (record.frames, record.channels, record.format) == (12_345, 2, output_format)
        stated = digest_of(path)
        assert (record.sha256, record.size_bytes) == (stated.sha256, stated.size)
        if container:
            assert soundfile.info(path).format == container


@pytest.mark.parametrize(
    ("source_hz", "frames", "output_hz", "expected"),
    [
        (48_000, 12_345, 48_000, 12_345),
        (48_000, 12_345, 44_100, 11_342),
        (22_050, 5_001, 44_100, 10_002),
        (8_000, 1_001, 48_000, 6_006),
    ],
)
def test_the_length_is_exact_at_every_rate(
    tmp_path: Path, source_hz: int, frames: int, output_hz: int, expected: int
) -> None:
    """11 342 is 12 345 x 0.91875 rounded up; 48 kHz in and out gives the source's own frames."""
    song = make_song(tmp_path / "song.wav", frames / source_hz, rate_hz=source_hz, channels=1)
    spec = make_spec(tmp_path, ONE_STEM, song=song)
    manifest = run(with_export(spec, format="wav24", sample_rate_hz=output_hz))
    infos = [soundfile.info(spec.job_dir / path) for path in manifest.outputs.values()]
    assert {(info.frames, info.samplerate, info.channels) for info in infos} == {
        (expected, output_hz, 2)
    }


@pytest.mark.parametrize(
    ("name", "subtype", "expected"),
    [("song.wav", "PCM_16", "wav16"), ("song.wav", "PCM_24", "wav24"), ("song.mp3", None, "mp3")],
)
def test_same_follows_the_source(
    tmp_path: Path, name: str, subtype: str | None, expected: str
) -> None:
    song = make_song(tmp_path / name, 0.5, subtype=subtype)
    manifest = run(make_spec(tmp_path, ONE_STEM, song=song, format="same"))
    assert {record.format for record in manifest.artifacts} == {expected}


@pytest.mark.parametrize("output_format", ["wav24", "flac16", "mp3"])
def test_tags_and_cover_are_carried_over_and_the_title_names_the_track(
    tmp_path: Path, output_format: str
) -> None:
    song = make_song(tmp_path / "song.flac", 0.5, subtype="PCM_16")
    source = FLAC(song)
    source["title"], source["artist"] = "Morning", "The Testers"
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/jpeg", JPEG + b"and more"
    source.add_picture(picture)
    source.save()
    spec = make_spec(tmp_path, ONE_STEM, song=song, format=output_format)
    path = spec.job_dir / run(spec).outputs["vocals"]
    easy = mutagen.File(path, easy=output_format == "mp3")
    if output_format == "wav24":
        assert str(easy.tags["TIT2"]) == "Morning (vocals)"
        assert str(easy.tags["TPE1"]) == "The Testers"
    else:
        assert easy["title"] == ["Morning (vocals)"] and easy["artist"] == ["The Testers"]
    assert JPEG in path.read_bytes()
    assert b"and more" not in path.read_bytes()


def test_a_song_without_a_title_lends_its_file_name(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, ONE_STEM, format="flac16")
    path = spec.job_dir / run(spec).outputs["residual"]
    assert FLAC(path)["title"] == ["My song (residual)"]

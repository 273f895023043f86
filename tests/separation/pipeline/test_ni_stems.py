"""The file for DJs: what decks look for in it, and what it sounds like."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from mutagen.mp4 import MP4

from separation.audio.blocks import BlockReader, FloatArray, StemWriters
from separation.audio.encoding.stem_mp4 import (
    StemFileWriter,
    add_stem_manifest,
    verify_stem_file,
)
from separation.audio.metadata.mp4_boxes import BoxesBroken, add_user_data
from separation.audio.metadata.tags import write_tags
from separation.base import SeparatorModel, SeparatorOptions
from separation.errors import OutputInvalid
from separation.pipeline.manifest import Manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.progress import Report, ignore_progress
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.settings import CoreSettings
from separation.storage.atomic_files import digest_of
from tests.separation.audio.pictures import cover
from tests.separation.fakes import (
    GAINS,
    STEMS,
    FakeSeparator,
    make_samples,
    make_song,
    make_spec,
    separation_request,
)

RATE_HZ = 44_100
SONG_S = 3.1
FRAMES = round(SONG_S * RATE_HZ)
NAMES = ["Drums", "Bass", "Other", "Vocals"]


class SixStems(FakeSeparator):
    """Also guitar and piano; the stems do not quite sum to the song, as those of networks."""

    def get_supported_tracks(self) -> list[str]:
        return [*STEMS, "guitar", "piano"]

    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        gains = {**GAINS, "other": 0.02, "guitar": 0.03, "piano": 0.01}
        with BlockReader(input_path) as song, StemWriters(output_dir, list(gains)) as writers:
            for block in song.blocks():
                writers.write({s: (g * block).astype(np.float32) for s, g in gains.items()})
            return writers.paths


def six_separators(name: str, options: SeparatorOptions) -> SeparatorModel:
    return SixStems(options)


@dataclass(frozen=True)
class Made:
    manifest: Manifest
    spec: JobSpec
    path: Path


def for_djs(folder: Path, *, six: bool = False, **separation: object) -> Made:
    request = separation_request(**separation)
    song = make_song(folder / "Night train.wav", SONG_S)
    spec = make_spec(folder, request, song=song)
    export = StageRequest(name="export", params={"format": "flac16", "ni_stems": True})
    spec = spec.model_copy(
        update={"pipeline": (*spec.pipeline[:-1], export), "input_name": "Night train.wav"}
    )
    manifest = run_pipeline(
        spec,
        CoreSettings(),
        separators=six_separators if six else lambda name, options: FakeSeparator(options),
        observer=lambda event: None,
    )
    return Made(manifest, spec, spec.job_dir / "ni_stems" / "stems.stem.mp4")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return for_djs(tmp_path_factory.mktemp("four"))


def as_mixxx_reads(path: Path) -> dict[str, Any]:
    """The walk of Mixxx's ``StemInfoImporter``: the first box of each kind, no 64-bit lengths."""
    data, start, end = path.read_bytes(), 0, path.stat().st_size
    for kind in (b"moov", b"udta", b"stem"):
        while start < end:
            length, found = struct.unpack(">I4s", data[start : start + 8])
            assert length >= 8, "a 64-bit box is not understood"
            if found == kind:
                start, end = start + 8, start + length
                break
            start += length
        else:
            raise AssertionError(f"no {kind!r}")
    said: dict[str, Any] = json.loads(data[start:end].rstrip(b"\0"))
    return said


def test_decks_find_the_names_and_colours_of_four_stems(made: Made) -> None:
    said = as_mixxx_reads(made.path)
    assert said["version"] == 1
    assert [stem["name"] for stem in said["stems"]] == NAMES
    assert all(len(stem["color"]) == 7 and stem["color"][0] == "#" for stem in said["stems"])
    assert not said["mastering_dsp"]["compressor"]["enabled"]
    assert not said["mastering_dsp"]["limiter"]["enabled"]


def track_headers(data: bytes) -> Iterator[int]:
    """The flags of each track's header, by its letters."""
    at = data.find(b"tkhd")
    while at >= 0:
        yield int.from_bytes(data[at + 5 : at + 8], "big")
        at = data.find(b"tkhd", at + 4)


def test_players_that_know_no_stems_play_the_song(made: Made) -> None:
    moov = made.path.read_bytes()
    moov = moov[moov.rfind(b"moov") :]
    assert [flags & 1 for flags in track_headers(moov)] == [1, 0, 0, 0, 0]


def decoded(path: Path) -> list[FloatArray]:
    """Every track, cut to the length that it states, as Mixxx does."""
    with av.open(str(path)) as container:
        streams = container.streams.audio
        parts: list[list[FloatArray]] = [[] for _ in streams]
        for packet in container.demux(*streams):
            for frame in packet.decode():
                assert isinstance(frame, av.AudioFrame)
                parts[packet.stream.index].append(frame.to_ndarray().astype(np.float32))
        return [
            np.concatenate(part, axis=1)[:, : stream.duration]
            for part, stream in zip(parts, streams, strict=True)
        ]


def test_it_has_five_stereo_tracks_of_aac_with_the_song_s_length(made: Made) -> None:
    with av.open(str(made.path)) as container:
        streams = container.streams.audio
        assert [stream.codec_context.name for stream in streams] == ["aac"] * 5
        assert {stream.codec_context.channels for stream in streams} == {2}
        assert {stream.codec_context.sample_rate for stream in streams} == {RATE_HZ}
        assert {stream.duration for stream in streams} == {FRAMES}
        assert {stream.start_time for stream in streams} == {0}
    assert {track.shape for track in decoded(made.path)} == {(2, FRAMES)}


def level_db(samples: FloatArray, reference: FloatArray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples)) / np.mean(np.square(reference))))


def lag(track: FloatArray, song: FloatArray) -> int:
    """Where, in frames, the track fits the song best."""
    middle = slice(20_000, 100_000)
    fits = {
        shift: float(np.sum(track[0, middle] * song[0, 20_000 + shift : 100_000 + shift]))
        for shift in range(-1100, 1101)
    }
    return max(fits, key=lambda shift: fits[shift])


def test_all_tracks_begin_at_the_song_s_first_sample(made: Made) -> None:
    """The encoder's delay of 1024 frames is taken off each; nothing is off by a frame."""
    song = make_samples(SONG_S)
    assert [lag(track, song) for track in decoded(made.path)] == [0] * 5


@pytest.mark.parametrize("six", [False, True], ids=["four stems", "six stems"])
def test_the_four_stems_sum_to_the_master(tmp_path: Path, made: Made, six: bool) -> None:
    """But for what AAC loses of each track: measured -33 dB, of a song with noise in it. Without
    guitar and piano it would be -22 dB."""
    result = for_djs(tmp_path, six=True) if six else made
    master, *stems = decoded(result.path)
    error = level_db(sum(stems) - master, master)
    print(f"sum of the stems against the master: {error:.1f} dB")  # noqa: T201
    assert error < -30
    shares_db = [level_db(stem, master) for stem in stems]
    assert shares_db == pytest.approx([20 * np.log10(g) for g in (0.3, 0.2, 0.1, 0.4)], abs=0.3)


def test_it_is_an_artifact_like_the_tracks_beside_it(made: Made) -> None:
    record = made.manifest.artifacts[-1]
    stated = digest_of(made.path)
    assert (record.name, record.format, record.path) == (
        "ni_stems", "stem.mp4", "ni_stems/stems.stem.mp4",
    )  # fmt: skip
    assert (record.sha256, record.size_bytes) == (stated.sha256, stated.size)
    assert (record.frames, record.sample_rate_hz) == (FRAMES, RATE_HZ)
    assert record.loudness_lufs is not None and record.true_peak_dbtp is not None
    assert record.true_peak_dbtp <= -1.0 + 1e-6
    assert verify_manifest(made.spec.job_dir) == []
    assert set(made.manifest.outputs) == {*STEMS, "residual", "ni_stems"}


def test_the_manifest_says_what_is_in_other(tmp_path: Path, made: Made) -> None:
    told = made.manifest.stage("export").details["ni_stems"]
    assert told["other_holds"] == ["other", "residual"]
    six = for_djs(tmp_path, six=True).manifest.stage("export").details["ni_stems"]
    assert six["other_holds"] == ["other", "guitar", "piano", "residual"]


def test_a_job_without_the_stems_says_why_there_is_no_file(tmp_path: Path) -> None:
    made = for_djs(tmp_path, stems=["vocals"])
    assert not made.path.exists()
    assert made.manifest.stage("export").warnings == (
        "There is no file for DJs: it needs drums, bass and vocals, and this job has no drums and "
        "no bass. Its stems are vocals.",
    )


def noise(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(0, 0.05, (2, RATE_HZ)).astype(np.float32)


def written(path: Path, *, named: bool = True) -> Path:
    with StemFileWriter(path) as writer:
        writer.write([noise(seed) for seed in range(5)])
        writer.finish()
    if named:
        add_stem_manifest(path)
    return path


def test_title_and_cover_are_there_beside_the_stems_names(tmp_path: Path) -> None:
    path = written(tmp_path / "a.stem.mp4", named=False)
    write_tags(path, {"title": "Night train", "artist": "The Testers"}, cover())
    add_stem_manifest(path)
    tags = MP4(path).tags
    assert tags is not None
    assert (tags["\xa9nam"], tags["\xa9ART"]) == (["Night train"], ["The Testers"])
    assert bytes(tags["covr"][0]) == cover()
    assert [stem["name"] for stem in as_mixxx_reads(path)["stems"]] == NAMES
    verify_stem_file(path, RATE_HZ)


def test_a_damaged_file_is_not_delivered(tmp_path: Path) -> None:
    unnamed = written(tmp_path / "a.stem.mp4", named=False)
    with pytest.raises(OutputInvalid, match="does not name its stems"):
        verify_stem_file(unnamed, RATE_HZ)
    whole = written(tmp_path / "b.stem.mp4")
    with pytest.raises(OutputInvalid, match="44000 frames"):
        verify_stem_file(whole, 44_000)
    enabled = whole.read_bytes().replace(b"tkhd\x00\x00\x00\x02", b"tkhd\x00\x00\x00\x03")
    whole.write_bytes(enabled)
    with pytest.raises(OutputInvalid, match="enabled"):
        verify_stem_file(whole, RATE_HZ)
    whole.write_bytes(enabled[: len(enabled) // 2])
    with pytest.raises(OutputInvalid, match="wrong"):
        verify_stem_file(whole, RATE_HZ)


def test_a_box_goes_into_a_movie_without_user_data_and_not_before_sound(tmp_path: Path) -> None:
    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), kind) + content

    path = tmp_path / "a.mp4"
    path.write_bytes(box(b"mdat", b"sound") + box(b"moov", box(b"mvhd", b"")) + box(b"free", b"x"))
    add_user_data(path, b"stem", b"{}")
    inner = box(b"mvhd", b"") + box(b"udta", box(b"stem", b"{}"))
    assert path.read_bytes() == box(b"mdat", b"sound") + box(b"moov", inner) + box(b"free", b"x")
    path.write_bytes(box(b"moov", b"") + box(b"mdat", b"sound"))
    with pytest.raises(BoxesBroken, match="not behind its sound"):
        add_user_data(path, b"stem", b"{}")

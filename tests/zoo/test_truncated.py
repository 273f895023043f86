"""Broken downloads: each tenth of a song in every container, and what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.keeper import ACCEPTED, Finding, Specimen, check, visit
from tests.zoo.making import by_ffmpeg, by_libsndfile, song

SECONDS = 100_000 / 44_100
TENTHS = range(1, 10)
CORRUPT = "corrupt_audio"


@dataclass(frozen=True)
class Kind:
    """``lost_tenths``: up to here nothing can be saved. ``grain_s``: sound comes in pieces this
    long, so that much more may be missing than was cut off."""

    write: Callable[[Path], object]
    lost_tenths: int = 0
    grain_s: float = 0.1


def _plain(kind: str, subtype: str) -> Callable[[Path], object]:
    return partial(by_libsndfile, sound=song(100_000), rate_hz=44_100, kind=kind, subtype=subtype)


def _ffmpeg(kind: str, codec: str, rate_hz: int = 44_100, **more: Any) -> Callable[..., object]:
    sound = song(round(SECONDS * rate_hz), rate_hz)
    return partial(by_ffmpeg, sound=sound, rate_hz=rate_hz, kind=kind, codec=codec, **more)


KINDS = {
    "wav": Kind(_plain("WAV", "PCM_16")),
    "aiff": Kind(_plain("AIFF", "PCM_24")),
    "w64": Kind(_plain("W64", "PCM_24")),
    "caf": Kind(_plain("CAF", "PCM_24")),
    "au": Kind(_plain("AU", "PCM_16")),
    "flac": Kind(_plain("FLAC", "PCM_16")),
    "mp3": Kind(_plain("MP3", "MPEG_LAYER_III")),
    # Where no page is complete, nothing is; FFmpeg puts a whole second into one.
    "ogg": Kind(_plain("OGG", "VORBIS"), lost_tenths=2, grain_s=0.5),
    "opus": Kind(_ffmpeg("ogg", "libopus", 48_000), lost_tenths=4, grain_s=1.0),
    # What the sound is lies behind it, unless the file was made for the web.
    "m4a": Kind(_ffmpeg("ipod", "aac", kbps=192), lost_tenths=9),
    "web.m4a": Kind(_ffmpeg("ipod", "aac", kbps=192, options={"movflags": "faststart"})),
    "webm": Kind(_ffmpeg("webm", "libopus", 48_000)),
    "wma": Kind(_ffmpeg("asf", "wmav2", kbps=192), grain_s=0.2),
    "wv": Kind(_ffmpeg("wv", "wavpack", sample_format="s16p"), lost_tenths=2, grain_s=0.5),
}  # fmt: skip
CASES = [(name, tenths) for name in KINDS for tenths in TENTHS]


def _specimen(name: str, tenths: int) -> Specimen:
    kind = KINDS[name]

    def make(path: Path) -> None:
        kind.write(path)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) * tenths // 10])

    verdict = CORRUPT if tenths <= kind.lost_tenths else ACCEPTED
    return Specimen(f"{tenths}0%.{name}", make, verdict)


SPECIMENS = {case: _specimen(*case) for case in CASES}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    return visit(tmp_path_factory.mktemp("truncated"), list(SPECIMENS.values()))


@pytest.mark.parametrize(("name", "tenths"), CASES)
def test_a_broken_download_is_used_as_far_as_it_goes_or_refused_as_damaged(
    name: str, tenths: int, findings: dict[str, Finding]
) -> None:
    specimen = SPECIMENS[name, tenths]
    finding = findings[specimen.name]

    check(specimen, finding)
    if specimen.verdict == ACCEPTED:
        told = finding.told
        there_s = SECONDS * tenths / 10
        assert there_s - KINDS[name].grain_s - 0.1 < told["duration_s"] < there_s + 0.1
        assert len(told["sentence"]) > len("The file is accepted."), "the person is told"

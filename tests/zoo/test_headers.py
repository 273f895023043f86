"""Headers that lie, by mistake or on purpose: only what decodes counts."""

import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.zoo.flac import flac_file, stream_info
from tests.zoo.keeper import ACCEPTED, Finding, Specimen, check, visit
from tests.zoo.making import as_integers, by_ffmpeg, by_libsndfile, song

FRAMES = 20_000
CORRUPT, EMPTY = "corrupt_audio", "empty_audio"
RATE = "sample_rate_out_of_range"
Change = Callable[[bytearray], object]


def _changed(write: Callable[[Path], object], change: Change) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        write(path)
        content = bytearray(path.read_bytes())
        change(content)
        path.write_bytes(content)

    return make


def _put(at: int, form: str, value: float) -> Change:
    return lambda content: struct.pack_into(form, content, at, value)


def _behind(marker: bytes, offset: int, form: str, value: float) -> Change:
    """Overwrite a number that begins ``offset`` bytes behind the first ``marker``."""

    def change(content: bytearray) -> None:
        at = content.index(marker) + len(marker) + offset
        struct.pack_into(form, content, at, value)

    return change


def _rubbish(first: int, last: int) -> Change:
    def change(content: bytearray) -> None:
        content[first:last] = bytes(0x55 for _ in range(last - first))

    return change


def _renamed(old: bytes, new: bytes) -> Change:
    def change(content: bytearray) -> None:
        at = content.index(old)
        content[at : at + len(old)] = new

    return change


def _flac_that_claims(frames: int) -> Callable[[Path], object]:
    sound = as_integers(song(FRAMES), 16)
    content = flac_file(sound, bits=16, rate_hz=44_100, claimed_frames=frames)
    return lambda path: path.write_bytes(content)


def _flac_without_its_first_block(path: Path) -> None:
    whole = flac_file(as_integers(song(FRAMES), 16), bits=16, rate_hz=44_100)
    head = stream_info(2, bits=16, rate_hz=44_100, frames=FRAMES, block=4096)
    path.write_bytes(b"fLaC" + whole[len(head) :])


_plain = partial(by_libsndfile, sound=song(FRAMES), rate_hz=44_100)
_ffmpeg = partial(by_ffmpeg, sound=song(FRAMES), rate_hz=44_100)
_wav = partial(_plain, kind="WAV", subtype="PCM_16")
_aiff = partial(_plain, kind="AIFF", subtype="PCM_16")
_caf = partial(_plain, kind="CAF", subtype="PCM_16")
_au = partial(_plain, kind="AU", subtype="PCM_16")
_flac = partial(_plain, kind="FLAC", subtype="PCM_16")
_mp3 = partial(_plain, kind="MP3", subtype="MPEG_LAYER_III")
_vbr = partial(_mp3, bitrate_mode="VARIABLE")
_ogg = partial(_plain, kind="OGG", subtype="VORBIS")
_m4a = partial(_ffmpeg, kind="ipod", codec="aac", kbps=192)
_webm = partial(by_ffmpeg, sound=song(FRAMES), rate_hz=48_000, kind="webm", codec="libopus")
_wma = partial(_ffmpeg, kind="asf", codec="wmav2", kbps=192)
_wavpack = partial(_ffmpeg, kind="wv", codec="wavpack", sample_format="s16p")

_CHANGES: dict[str, tuple[Callable[[Path], object], Change, str]] = {
    "riff-length-0.wav": (_wav, _put(4, "<I", 0), ACCEPTED),
    "riff-length-unknown.wav": (_wav, _put(4, "<I", 2**32 - 1), ACCEPTED),
    "riff-length-2-gb.wav": (_wav, _put(4, "<I", 2**31), ACCEPTED),
    "format-unknown.wav": (_wav, _put(20, "<H", 0x1234), CORRUPT),
    "format-mp3.wav": (_wav, _put(20, "<H", 0x55), CORRUPT),
    "format-float.wav": (_wav, _put(20, "<H", 3), CORRUPT),
    "no-channels.wav": (_wav, _put(22, "<H", 0), CORRUPT),
    "65535-channels.wav": (_wav, _put(22, "<H", 65_535), CORRUPT),
    "rate-0.wav": (_wav, _put(24, "<I", 0), CORRUPT),
    "rate-4-ghz.wav": (_wav, _put(24, "<I", 2**32 - 1), CORRUPT),
    "rate-1.wav": (_wav, _put(24, "<I", 1), RATE),
    "frame-of-0-bytes.wav": (_wav, _put(32, "<H", 0), ACCEPTED),
    "0-bits.wav": (_wav, _put(34, "<H", 0), CORRUPT),
    "33-bits.wav": (_wav, _put(34, "<H", 33), CORRUPT),
    "data-length-0.wav": (_wav, _behind(b"data", 0, "<I", 0), ACCEPTED),
    "data-length-unknown.wav": (_wav, _behind(b"data", 0, "<I", 2**32 - 1), ACCEPTED),
    "data-length-odd.wav": (_wav, _behind(b"data", 0, "<I", 1001), ACCEPTED),
    "no-format.wav": (_wav, _renamed(b"fmt ", b"xxxx"), CORRUPT),
    "no-data.wav": (_wav, _renamed(b"data", b"xxxx"), CORRUPT),
    "rate-nan.aiff": (_aiff, _behind(b"COMM", 12, ">Q", 0x7FFFC00000000000), RATE),
    "rate-0.aiff": (_aiff, _behind(b"COMM", 12, ">Q", 0), RATE),
    "frames-0.aiff": (_aiff, _behind(b"COMM", 6, ">I", 0), ACCEPTED),
    "frames-4-g.aiff": (_aiff, _behind(b"COMM", 6, ">I", 2**32 - 1), ACCEPTED),
    "sound-4-gb.aiff": (_aiff, _behind(b"SSND", 0, ">I", 2**32 - 1), ACCEPTED),
    "rate-nan.caf": (_caf, _put(20, ">d", float("nan")), CORRUPT),
    "rate-negative.caf": (_caf, _put(20, ">d", -44_100.0), CORRUPT),
    "channels-4-g.caf": (_caf, _put(44, ">I", 2**32 - 1), CORRUPT),
    "data-behind-the-end.au": (_au, _put(4, ">I", 10**9), CORRUPT),
    "format-unknown.au": (_au, _put(12, ">I", 99), CORRUPT),
    "rate-changed.flac": (_flac, _rubbish(18, 19), ACCEPTED),
    "blocks-of-0.flac": (_flac, _put(8, ">I", 0), ACCEPTED),
    "damage-at-the-start.flac": (_flac, _rubbish(5_000, 5_100), ACCEPTED),
    "damage-in-the-middle.flac": (_flac, _rubbish(25_000, 25_100), ACCEPTED),
    "metadata-too-long.flac": (_flac, _put(4, ">I", 0x84FFFFFF), CORRUPT),
    "tag-too-long.mp3": (
        _mp3,
        lambda content: content.__setitem__(slice(0, 0), b"ID3\x04\0\0\x7f\x7f\x7f\x7f"),
        ACCEPTED,
    ),
    "xing-says-1.mp3": (_vbr, _behind(b"Xing", 4, ">I", 1), ACCEPTED),
    "xing-says-half.mp3": (_vbr, _behind(b"Xing", 4, ">I", 9), ACCEPTED),
    "xing-says-a-day.mp3": (_vbr, _behind(b"Xing", 4, ">I", 2**31), ACCEPTED),
    "two-songs-in-one.mp3": (_vbr, lambda content: content.extend(bytes(content)), ACCEPTED),
    "damage-in-the-middle.mp3": (_mp3, _rubbish(3000, 3500), ACCEPTED),
    "damage-in-the-middle.ogg": (_ogg, _rubbish(6000, 6100), ACCEPTED),
    "serial-changes.ogg": (_ogg, _put(14, "<I", 99), CORRUPT),
    "timescale-0.m4a": (_m4a, _behind(b"mdhd", 12, ">I", 0), EMPTY),
    "length-a-day.m4a": (_m4a, _behind(b"mdhd", 16, ">I", 44_100 * 86_400), ACCEPTED),
    "packets-4-g.m4a": (_m4a, _behind(b"stsz", 8, ">I", 2**32 - 1), CORRUPT),
    "packets-elsewhere.m4a": (_m4a, _behind(b"stco", 8, ">I", 2**31), CORRUPT),
    "moov-4-gb.m4a": (
        _m4a,
        lambda content: struct.pack_into(">I", content, content.index(b"moov") - 4, 2**32 - 1),
        ACCEPTED,
    ),
    "damage-in-the-middle.m4a": (_m4a, _rubbish(4000, 4100), ACCEPTED),
    "damage-at-the-start.webm": (_webm, _rubbish(4, 20), CORRUPT),
    "damage-in-the-middle.webm": (_webm, _rubbish(2500, 2600), ACCEPTED),
    "damage-in-the-middle.wma": (_wma, _rubbish(4000, 4100), ACCEPTED),
    "header-of-0-bytes.wma": (_wma, _put(16, "<Q", 0), ACCEPTED),
    "damage-in-the-middle.wv": (_wavpack, _rubbish(8000, 8100), CORRUPT),
    "block-of-4-gb.wv": (_wavpack, _put(4, "<I", 2**32 - 1), CORRUPT),
}
SPECIMENS = {
    specimen.name: specimen
    for specimen in (
        *(
            Specimen(name, _changed(write, change), verdict)
            for name, (write, change, verdict) in _CHANGES.items()
        ),
        # FFmpeg asks for a place in the file that no file has.
        Specimen(
            "object-of-4-eb.wma", _changed(_wma, _put(143, "<Q", 2**62)), CORRUPT, "be decoded"
        ),
        Specimen("claims-0-frames.flac", _flac_that_claims(0)),
        Specimen("claims-half.flac", _flac_that_claims(FRAMES // 2)),
        Specimen("claims-twice.flac", _flac_that_claims(2 * FRAMES)),
        Specimen("claims-9-days.flac", _flac_that_claims(2**36 - 1), CORRUPT),
        Specimen("no-stream-info.flac", _flac_without_its_first_block, CORRUPT),
    )
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    return visit(tmp_path_factory.mktemp("headers"), list(SPECIMENS.values()))


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_header_that_lies_ends_in_the_verdict_that_the_sound_deserves(
    name: str, findings: dict[str, Finding]
) -> None:
    check(SPECIMENS[name], findings[name])


WHOLE_S = FRAMES / 44_100


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("claims-0-frames.flac", WHOLE_S),
        ("claims-half.flac", WHOLE_S),
        ("claims-twice.flac", WHOLE_S),
        ("xing-says-1.mp3", WHOLE_S),
        ("xing-says-half.mp3", WHOLE_S),
        ("xing-says-a-day.mp3", WHOLE_S),
        ("two-songs-in-one.mp3", 2 * WHOLE_S),
        ("length-a-day.m4a", WHOLE_S),
        ("frames-0.aiff", WHOLE_S),
        ("frames-4-g.aiff", WHOLE_S),
        ("data-length-unknown.wav", WHOLE_S),
        ("data-length-0.wav", WHOLE_S),
        ("data-length-odd.wav", WHOLE_S),
        ("tag-too-long.mp3", WHOLE_S),
    ],
)
def test_the_duration_is_what_decodes_and_not_what_the_header_claims(
    name: str, seconds: float, findings: dict[str, Finding]
) -> None:
    # An encoder of MP3 fills its last frames, and where the end is stands in the lying tag.
    padding_s = 0.1 if name.endswith(".mp3") else 0.002

    assert findings[name].told["measured"]
    assert findings[name].told["duration_s"] == pytest.approx(seconds, abs=padding_s)

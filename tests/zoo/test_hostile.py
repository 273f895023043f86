"""What people send by mistake and what others send on purpose, each with its one refusal."""

import socket
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest

from tests.zoo.flac import flac_bomb
from tests.zoo.keeper import Finding, Specimen, check, visit
from tests.zoo.making import Sound, by_ffmpeg, by_libsndfile, song
from tests.zoo.opus import opus_bomb

CORRUPT, EMPTY, UNSUPPORTED = "corrupt_audio", "empty_audio", "unsupported_format"
TOO_LARGE, TOO_MANY, RATE = "too_large", "too_many_channels", "sample_rate_out_of_range"
NOT_NUMBERS = "not numbers"


def _holding(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _with(place: tuple[int, int], value: float) -> Sound:
    sound = song(20_000).astype(np.float64)
    sound[place] = value
    return sound  # type: ignore[return-value]


def _floats(value: float, kind: str, subtype: str) -> Callable[[Path], object]:
    sound = _with((1, 19_000), value)
    return partial(by_libsndfile, sound=sound, rate_hz=44_100, kind=kind, subtype=subtype)


def _ffmpeg_floats(kind: str, codec: str, sample_format: str) -> Callable[[Path], object]:
    sound = _with((0, 11_000), np.nan).astype(np.float32)
    return partial(
        by_ffmpeg, sound=sound, rate_hz=44_100, kind=kind, codec=codec, sample_format=sample_format
    )


def _behind(start: bytes, kind: str, subtype: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        by_libsndfile(path, song(20_000), 44_100, kind=kind, subtype=subtype)
        path.write_bytes(start + path.read_bytes())

    return make


def _before(end: bytes, kind: str, subtype: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        by_libsndfile(path, song(20_000), 44_100, kind=kind, subtype=subtype)
        path.write_bytes(path.read_bytes() + end)

    return make


def _silence(channels: int, frames: int, rate_hz: int = 44_100) -> Callable[[Path], object]:
    sound = np.zeros((channels, frames), np.float32)
    return partial(by_libsndfile, sound=sound, rate_hz=rate_hz, kind="WAV", subtype="PCM_16")


def _pictures_only(kind: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with av.open(str(path), "w", format=kind) as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            image = av.VideoFrame(64, 64, "yuv420p")
            image.pts = 0
            for piece in (image, None):
                for packet in stream.encode(piece):
                    container.mux(packet)

    return make


def _pointing_to(address: bytes) -> Callable[[Path], None]:
    """An MP4 whose track says that its data lie at ``address`` (a ``dref`` without the flag)."""

    def make(path: Path) -> None:
        by_ffmpeg(path, song(20_000), 44_100, kind="ipod", codec="aac", kbps=192)
        content = path.read_bytes()
        entry = content.index(b"url ") - 4
        remote = struct.pack(">I4sI", 12 + len(address), b"url ", 0) + address
        longer = len(remote) - 12
        out = bytearray(content[:entry] + remote + content[entry + 12 :])
        for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
            at = out.index(kind) - 4
            struct.pack_into(">I", out, at, struct.unpack_from(">I", out, at)[0] + longer)
        path.write_bytes(out)

    return make


_NOISE = np.random.default_rng(5).integers(0, 256, 10_000, dtype=np.uint8).tobytes()
_PICTURE = b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(200)
_HEADERS = {
    "header.wav": (b"RIFF\x24\0\0\0WAVE", CORRUPT),
    "header.rf64": (b"RF64\xff\xff\xff\xffWAVE", CORRUPT),
    "header.w64": (bytes.fromhex("726966662e91cf11a5d628db04c10000"), CORRUPT),
    "header.aiff": (b"FORM\0\0\0\x04AIFF", CORRUPT),
    "header.caf": (b"caff\0\x01\0\0", CORRUPT),
    "header.au": (b".snd\0\0\0\x18", CORRUPT),
    "header.flac": (b"fLaC", CORRUPT),
    "header.ogg": (b"OggS", UNSUPPORTED),
    "header.mp4": (b"\0\0\0\x18ftypM4A ", CORRUPT),
    "header.mkv": (b"\x1aE\xdf\xa3", CORRUPT),
    "header.wma": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), CORRUPT),
    "header.wv": (b"wvpk", CORRUPT),
    "header.tta": (b"TTA1", CORRUPT),
    "header.ape": (b"MAC ", CORRUPT),
    "header.amr": (b"#!AMR\n", EMPTY),
    "header.avi": (b"RIFF\x04\0\0\0AVI ", CORRUPT),
    "header.mp3": (b"ID3\x04\0\0\0\0\0\0", UNSUPPORTED),
    "header.ac3": (b"\x0bw\0\0", UNSUPPORTED),
}
_MISTAKES = {
    "no-byte.mp3": (b"", EMPTY, "0 bytes"),
    "one-byte.mp3": (b"\xff", UNSUPPORTED, ""),
    "zeros.wav": (bytes(10_000), UNSUPPORTED, "not supported"),
    "noise.mp3": (_NOISE, UNSUPPORTED, "not supported"),
    "letter.mp3": (b"Dear sirs,\n" * 50, UNSUPPORTED, "text file"),
    "page.mp3": (b"<!doctype html><title>404</title>" * 50, UNSUPPORTED, "text file"),
    "m3u.mp3": (b"#EXTM3U\nhttp://127.0.0.1/a.mp3\n", UNSUPPORTED, "playlist"),
    "m3u-with-mark.mp3": (b"\xef\xbb\xbf#EXTM3U\n/etc/passwd\n", UNSUPPORTED, "playlist"),
    "hls.mp3": (b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n", UNSUPPORTED, "playlist"),
    "pls.mp3": (b"[playlist]\nFile1=http://127.0.0.1/\n", UNSUPPORTED, "playlist"),
    "asx.mp3": (b'<ASX version="3.0"><entry/></ASX>', UNSUPPORTED, "playlist"),
    "concat.mp3": (b"ffconcat version 1.0\nfile /etc/passwd\n", UNSUPPORTED, "playlist"),
    "cue.wav": (b'FILE "/etc/passwd" WAVE\n  TRACK 01 AUDIO\n', UNSUPPORTED, "text file"),
    "sdp.mp3": (b"v=0\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 97\n", UNSUPPORTED, "text file"),
    "dash.mp4": (b'<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1/</BaseURL></MPD>',
                 UNSUPPORTED, "text file"),
    "archive.wav": (b"PK\x03\x04" + _NOISE, UNSUPPORTED, "ZIP archive"),
    "archive.flac": (b"7z\xbc\xaf\x27\x1c" + _NOISE, UNSUPPORTED, "7-Zip archive"),
    "archive.ogg": (b"Rar!\x1a\x07" + _NOISE, UNSUPPORTED, "RAR archive"),
    "archive.mp3": (b"\x1f\x8b\x08" + _NOISE, UNSUPPORTED, "gzip archive"),
    "program.wav": (b"\x7fELF" + _NOISE, UNSUPPORTED, "program"),
    "program.mp3": (b"MZ" + _NOISE, UNSUPPORTED, "program"),
    "picture.mp3": (_PICTURE, UNSUPPORTED, "picture"),
    "document.mp3": (b"%PDF-1.7\n" + _NOISE, UNSUPPORTED, "PDF"),
    "notes.wav": (b"MThd\0\0\0\x06" + bytes(20), UNSUPPORTED, "MIDI"),
    "picture.wav": (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(50), UNSUPPORTED, "not supported"),
    "speech.ogg": (b"OggS" + bytes(22) + b"\x01\x50Speex   " + bytes(72), UNSUPPORTED, ""),
}  # fmt: skip
_OTHERS = (
    Specimen("nan.wav", _floats(np.nan, "WAV", "FLOAT"), CORRUPT, NOT_NUMBERS),
    Specimen("infinity.wav", _floats(np.inf, "WAV", "FLOAT"), CORRUPT, NOT_NUMBERS),
    Specimen("minus-infinity.wav", _floats(-np.inf, "WAV", "DOUBLE"), CORRUPT, NOT_NUMBERS),
    Specimen("too-large-for-32-bits.wav", _floats(1e300, "WAV", "DOUBLE"), CORRUPT, NOT_NUMBERS),
    Specimen("integers.wav", _floats(2.0**31, "WAV", "FLOAT")),
    Specimen("loud.wav", _floats(1e30, "WAV", "FLOAT"), CORRUPT, "full scale"),
    Specimen("nan.aiff", _floats(np.nan, "AIFF", "FLOAT"), CORRUPT, NOT_NUMBERS),
    Specimen("nan.caf", _floats(np.nan, "CAF", "DOUBLE"), CORRUPT, NOT_NUMBERS),
    Specimen("nan.w64", _floats(np.nan, "W64", "FLOAT"), CORRUPT, NOT_NUMBERS),
    Specimen("nan.mkv", _ffmpeg_floats("matroska", "pcm_f32le", "flt"), CORRUPT, NOT_NUMBERS),
    Specimen("nan.wv", _ffmpeg_floats("wv", "wavpack", "fltp"), CORRUPT, NOT_NUMBERS),
    Specimen("no-frames.wav", _silence(2, 0), EMPTY),
    Specimen("silence.wav", _silence(2, 44_100)),
    Specimen("64-channels.wav", _silence(64, 100)),
    Specimen("65-channels.wav", _silence(65, 100), TOO_MANY, "65 channels"),
    Specimen("208-channels.wav", _silence(208, 100), TOO_MANY, "208 channels"),
    Specimen("1-hz.wav", _silence(2, 100, 1), RATE, "1 Hz"),
    Specimen("999-hz.wav", _silence(2, 100, 999), RATE, "999 Hz"),
    Specimen("2-mhz.wav", _silence(2, 100, 2_000_000), RATE, "2000000 Hz"),
    Specimen("bomb.flac", _holding(flac_bomb(2000)), TOO_LARGE, "unpacks"),
    Specimen("bomb-of-no-length.flac", _holding(flac_bomb(2000, claimed_frames=0)), TOO_LARGE),
    Specimen("bomb-of-a-second.flac", _holding(flac_bomb(2000, claimed_frames=44_100)), TOO_LARGE),
    Specimen("bomb-of-8-channels.flac", _holding(flac_bomb(500, channels=8)), TOO_LARGE),
    Specimen("bomb-of-a-month.flac", _holding(flac_bomb(40_000)), TOO_LARGE),
    Specimen("bomb.opus", _holding(opus_bomb(5)), TOO_LARGE, "unpacks"),
    Specimen("zip-behind.wav", _before(b"PK\x03\x04" + _NOISE, "WAV", "PCM_16")),
    Specimen("zip-behind.mp3", _before(b"PK\x03\x04" + _NOISE, "MP3", "MPEG_LAYER_III")),
    Specimen("program-behind.flac", _before(b"\x7fELF" + _NOISE, "FLAC", "PCM_16")),
    Specimen("page-behind.ogg", _before(b"<script>alert(1)</script>", "OGG", "VORBIS")),
    Specimen("zip-before.mp3", _behind(b"PK\x03\x04", "MP3", "MPEG_LAYER_III"), UNSUPPORTED),
    Specimen("picture-before.mp3", _behind(_PICTURE, "MP3", "MPEG_LAYER_III"), UNSUPPORTED),
    Specimen("playlist-before.mp3", _behind(b"#EXTM3U\nhttp://127.0.0.1/\n", "MP3",
                                            "MPEG_LAYER_III"), UNSUPPORTED, "playlist"),
    Specimen("zeros-before.mp3", _behind(bytes(2000), "MP3", "MPEG_LAYER_III")),
    Specimen("zeros-before.wav", _behind(bytes(2000), "WAV", "PCM_16"), UNSUPPORTED),
    Specimen("remote.m4a", _pointing_to(b"http://127.0.0.1:1/a.m4a\0"), UNSUPPORTED, "points to"),
    Specimen("remote-file.mp4", _pointing_to(b"file:///etc/passwd\0"), UNSUPPORTED, "points to"),
    Specimen("pictures.mp4", _pictures_only("mp4"), EMPTY, "no sound track"),
    Specimen("pictures.mkv", _pictures_only("matroska"), EMPTY, "no sound track"),
    Specimen("pictures.avi", _pictures_only("avi"), EMPTY, "no sound track"),
)  # fmt: skip
SPECIMENS = {
    specimen.name: specimen
    for specimen in (
        *(Specimen(name, _holding(bytes_), code) for name, (bytes_, code) in _HEADERS.items()),
        *(Specimen(name, _holding(held), *rest) for name, (held, *rest) in _MISTAKES.items()),
        *_OTHERS,
    )
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    return visit(tmp_path_factory.mktemp("hostile"), list(SPECIMENS.values()))


@pytest.mark.parametrize("name", SPECIMENS)
def test_what_is_no_song_has_one_refusal_and_harms_nothing(
    name: str, findings: dict[str, Finding]
) -> None:
    check(SPECIMENS[name], findings[name])


def test_nobody_asks_the_address_that_a_file_points_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.m4a\0".encode()
        specimens = [
            Specimen("a.m4a", _pointing_to(address), UNSUPPORTED),
            Specimen("a.mp3", _holding(b"#EXTM3U\n" + address), UNSUPPORTED),
        ]
        visit(tmp_path, specimens)
        with pytest.raises(TimeoutError):
            server.accept()

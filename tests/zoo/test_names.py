"""What a file is called decides nothing, and harms nothing on its way to the answer."""

import os
from pathlib import Path

import pytest

from tests.zoo.keeper import Finding, Specimen, check, visit
from tests.zoo.making import by_ffmpeg, by_libsndfile, song

NAMES = {
    "no extension": "song",
    "wrong extension": "song.pdf",
    "extension of another format": "song.flac",
    "extension of a playlist": "song.m3u8",
    "hidden": ".song.wav",
    "255 bytes of two each": "ä" * 125 + "a.wav",
    "255 bytes of four each": "🎵" * 62 + "abc.wav",
    "255 combining marks": "a" + "\u0301" * 125 + ".wav",
    "path parts of Windows": "..\\..\\windows\\system32\\song.wav",
    "path parts, coded": "..%2f..%2fetc%2fpasswd.wav",
    "dots": "...wav",
    "device of Windows": "CON.wav",
    "begins like an option": "--json",
    "begins like a list": "@song.wav",
    "address": "http:evil.example.wav",
    "protocol of FFmpeg": "concat:a|b.wav",
    "pattern": "song%03d*?.wav",
    "blanks": "  song  .wav  ",
    "quotes": "so'n\"g`$(id);.wav",
    "right to left": "song\u202evaw.exe",
    "isolated": "\u2066song\u2069.wav",
    "nothing to see": "\u200b\u200d\ufeff.wav",
    "line breaks": "so\nng\r\n.wav",
    "control characters": "so\x1b[2J\x07\x01ng.wav",
    "half a character": os.fsdecode(b"so\xffng\xfe.wav"),
    "markup": "<b onclick=x>song.wav",
}


def _wav(path: Path) -> None:
    made = path.parent.with_name("made.wav")
    by_libsndfile(made, song(2000), 44_100, kind="WAV", subtype="PCM_16")
    made.rename(path)


def _m4a(path: Path) -> None:
    made = path.parent.with_name("made.m4a")
    by_ffmpeg(made, song(2000), 44_100, kind="ipod", codec="aac")
    made.rename(path)


SPECIMENS = {what: Specimen(name, _wav) for what, name in NAMES.items()}
READ_BY_FFMPEG = {
    f"{what}, M4A": Specimen(f"{NAMES[what][:-3]}m4a", _m4a)
    for what in ("protocol of FFmpeg", "line breaks", "255 bytes of two each", "half a character")
}
ALL = SPECIMENS | READ_BY_FFMPEG


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    return visit(tmp_path_factory.mktemp("names"), list(ALL.values()))


@pytest.mark.parametrize("what", ALL)
def test_a_song_of_any_name_is_accepted_and_named_as_it_is(
    what: str, findings: dict[str, Finding]
) -> None:
    specimen = ALL[what]
    assert len(os.fsencode(specimen.name)) <= 255

    check(specimen, findings[specimen.name])
    assert Path(findings[specimen.name].told["file"]).name == specimen.name

import base64
import struct
from pathlib import Path

import numpy as np
import pytest
from mutagen.apev2 import BINARY, APEv2, APEValue
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TCON, TIT2, TPE1
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggvorbis import OggVorbis
from pydantic import ValidationError

from separation.audio.decoding.decode import (
    SourceFacts,
    cover_path,
    decode_to_canonical,
    probe,
    read_cover,
)
from separation.audio.encoding.encode import open_encoder
from separation.audio.encoding.verify import verify_file
from separation.audio.metadata.covers import MAX_COVER_BYTES
from separation.audio.metadata.tags import read_tags, write_tags
from separation.audio.names import MAX_LINE_CHARACTERS, clean_tags
from separation.formats import ConcreteFormat, extension_for
from tests.separation.audio.pictures import cover
from tests.separation.audio.sounds import LIMITS, save, save_wav, tones

TAGS = {
    "title": "Ça ira — vocals",
    "artist": "Ensemble Ünder",
    "album": "First",
    "date": "2019",
    "genre": "Rock",
    "track": "3/12",
}
PNG = cover("png")
KINDS: tuple[tuple[ConcreteFormat, str, str], ...] = (
    ("wav24", "wav", "pcm_24"),
    ("flac16", "flac", "flac"),
    ("mp3", "mp3", "mp3"),
    ("ogg", "ogg", "vorbis"),
    ("m4a", "mp4", "aac"),
)


def _file(folder: Path, output_format: ConcreteFormat) -> Path:
    path = folder / f"a{extension_for(output_format)}"
    with open_encoder(
        path, output_format, sample_rate_hz=44_100, expected_frames=20_000
    ) as encoder:
        encoder.write(tones(20_000))
    return path


@pytest.mark.parametrize(("output_format", "container", "codec"), KINDS)
def test_tags_and_cover_come_back_and_the_sound_is_untouched(
    tmp_path: Path, output_format: ConcreteFormat, container: str, codec: str
) -> None:
    path = _file(tmp_path, output_format)

    write_tags(path, TAGS, PNG)

    assert read_tags(path, container, codec) == (TAGS, PNG)
    verify_file(path, frames=20_000, channels=2, sample_rate_hz=44_100, may_be_silent=False)


def test_a_source_s_tags_and_cover_come_through_the_child(tmp_path: Path) -> None:
    path = _file(tmp_path, "mp3")
    write_tags(path, TAGS, PNG)
    target = tmp_path / "work" / "song.wav"
    target.parent.mkdir()

    song = decode_to_canonical(path, target, LIMITS)

    assert (song.tags, song.has_cover) == (TAGS, True)
    assert cover_path(target).read_bytes() == PNG
    assert read_cover(target) == PNG


def test_probing_tells_of_a_cover_and_writes_none(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    path = _file(tmp_path / "inbox", "flac16")
    write_tags(path, TAGS, PNG)

    facts = probe(path, LIMITS)

    assert (facts.tags["artist"], facts.has_cover) == (TAGS["artist"], True)
    assert list(path.parent.iterdir()) == [path]


def test_a_cover_that_is_no_picture_or_too_large_is_left_out(tmp_path: Path) -> None:
    path = _file(tmp_path, "mp3")
    for data in (b"<svg onload=...>", PNG + bytes(MAX_COVER_BYTES)):
        file = MP3(path)
        if file.tags is None:
            file.add_tags()
        file.tags.delall("APIC")
        file.tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=data))
        file.tags.add(TIT2(encoding=3, text=["kept"]))
        file.save()
        assert read_tags(path, "mp3", "mp3") == ({"title": "kept"}, None)


def _write_as_found(path: Path, container: str, cover: bytes, title: str) -> None:
    """Tags as other programs write them: whatever they were given."""
    if container == "mp3":
        mp3 = MP3(path)
        mp3.add_tags()
        mp3.tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=cover))
        mp3.tags.add(TIT2(encoding=3, text=[title]))
        mp3.save()
    elif container == "mp4":
        mp4 = MP4(path)
        mp4["covr"], mp4["\xa9nam"] = [MP4Cover(cover)], [title]
        mp4.save()
    else:
        vorbis = FLAC(path) if container == "flac" else OggVorbis(path)
        found = Picture()
        found.data, found.mime = cover, "image/png"
        if container == "flac":
            vorbis.add_picture(found)
        else:
            vorbis["metadata_block_picture"] = base64.b64encode(found.write()).decode()
        vorbis["title"] = title
        vorbis.save()


@pytest.mark.parametrize(("output_format", "container", "codec"), KINDS[1:])
def test_covers_and_titles_are_cleaned_wherever_they_are_found(
    tmp_path: Path, output_format: ConcreteFormat, container: str, codec: str
) -> None:
    path = _file(tmp_path, output_format)
    _write_as_found(path, container, PNG + b"appended", "e\u200b\u0301\u202e\x1b[2J")

    assert read_tags(path, container, codec) == ({"title": "\u00e9[2J"}, PNG)


def test_what_is_written_is_cleaned_whoever_gives_it(tmp_path: Path) -> None:
    path = _file(tmp_path, "mp3")

    write_tags(path, {"title": "a\u202eb\n"}, PNG + b"appended")

    tags = MP3(path).tags
    assert (str(tags["TIT2"]), tags.getall("APIC")[0].data) == ("ab", PNG)


def test_facts_of_the_decoding_process_are_cleaned_by_the_one_that_gets_them() -> None:
    told = {
        **{"container": "wav", "codec": "pcm_16", "bit_depth": 16, "measured": True},
        **{"source_rate_hz": 1, "source_channels": 1, "source_frames": 1, "duration_s": 1.0},
    }
    hostile = {"tags": {"title": "a\u202eb", "comment": "x"}, "warnings": ["c\x1bd\n" * 999]}

    facts = SourceFacts.model_validate({**told, **hostile})

    assert facts.tags == {"title": "ab"}
    assert facts.warnings == (("cd " * 100).strip(),)
    with pytest.raises(ValidationError):
        SourceFacts.model_validate({**told, "codec": "<b>"})


def test_a_cover_left_by_the_decoding_process_is_no_link_and_no_huge_file(tmp_path: Path) -> None:
    target = tmp_path / "song.wav"
    (tmp_path / "secret.png").write_bytes(PNG)

    assert read_cover(target) is None
    cover_path(target).symlink_to(tmp_path / "secret.png")
    assert read_cover(target) is None
    cover_path(target).unlink()
    with cover_path(target).open("wb") as file:
        file.write(PNG)
        file.truncate(10 * MAX_COVER_BYTES)
    assert read_cover(target) is None


def test_hostile_text_becomes_one_short_line() -> None:
    found = {
        "title": "a\r\nb\x00\x1b[31m\u202ec\u200d  d",
        "artist": "x" * 100_000,
        "album": "e\u0301",
        "genre": "\n\t",
        "comment": "not ours",
    }

    assert clean_tags(found) == {
        "title": "a b[31mc d",
        "artist": "x" * MAX_LINE_CHARACTERS,
        "album": "\u00e9",
    }


SEVERAL = {"artist": ["First", "Second"], "genre": ["Rock", "Pop"]}
TOLD = {"artist": "First; Second", "genre": "Rock; Pop"}


def _several_as_found(path: Path, container: str) -> None:
    if container == "mp3":
        mp3 = MP3(path)
        mp3.add_tags()
        mp3.tags.add(TPE1(encoding=3, text=SEVERAL["artist"]))
        mp3.tags.add(TCON(encoding=3, text=SEVERAL["genre"]))
        mp3.save()
    elif container == "mp4":
        mp4 = MP4(path)
        mp4["\xa9ART"], mp4["\xa9gen"] = SEVERAL["artist"], SEVERAL["genre"]
        mp4.save()
    else:
        vorbis = FLAC(path) if container == "flac" else OggVorbis(path)
        vorbis.update(SEVERAL)
        vorbis.save()


@pytest.mark.parametrize(("output_format", "container", "codec"), KINDS[1:])
def test_all_artists_and_genres_of_a_song_are_read_and_written(
    tmp_path: Path, output_format: ConcreteFormat, container: str, codec: str
) -> None:
    path = _file(tmp_path, output_format)
    _several_as_found(path, container)
    assert read_tags(path, container, codec) == (TOLD, None)

    written = _file(tmp_path, output_format)
    write_tags(written, TOLD)
    assert read_tags(written, container, codec) == (TOLD, None)
    if container in ("flac", "ogg"):
        file = FLAC(written) if container == "flac" else OggVorbis(written)
        assert {name: file[name] for name in SEVERAL} == SEVERAL


def test_the_date_has_the_frames_of_id3v2_3(tmp_path: Path) -> None:
    path = _file(tmp_path, "mp3")

    write_tags(path, {"date": "2019-05-04"})

    frames = ID3(path, translate=False)
    assert (str(frames["TYER"]), str(frames["TDAT"]), "TDRC" in frames) == ("2019", "0405", False)
    assert read_tags(path, "mp3", "mp3") == ({"date": "2019-05-04"}, None)


def _ape(path: Path, **texts: str) -> None:
    tags = APEv2()
    for key, text in texts.items():
        tags[key] = text
    tags["Cover Art (Front)"] = APEValue(b"cover.png\0" + PNG, BINARY)
    tags.save(path)


def test_the_tag_behind_an_mp3_is_read(tmp_path: Path) -> None:
    path = _file(tmp_path, "mp3")
    _ape(path, Title="Behind", Artist="First\0Second", Year="2019", Track="3/12")

    told = {"title": "Behind", "artist": "First; Second", "date": "2019", "track": "3/12"}
    assert read_tags(path, "mp3", "mp3") == (told, PNG)
    assert probe(path, LIMITS).tags == told


def test_id3v2_goes_before_it_and_the_short_id3v1_behind_it(tmp_path: Path) -> None:
    path = _file(tmp_path, "mp3")
    long = "A title of more than thirty characters"
    _ape(path, Title=long)
    before = path.read_bytes()
    path.write_bytes(before + b"TAG" + long[:30].encode() + b"An artist".ljust(94, b"\0") + b"\xff")
    assert read_tags(path, "mp3", "mp3")[0] == {"title": long, "artist": "An artist"}

    path.write_bytes(before)
    write_tags(path, {"title": "In front"})
    assert read_tags(path, "mp3", "mp3")[0] == {"title": "In front"}


def test_a_damaged_tag_behind_costs_no_other(tmp_path: Path) -> None:
    path = _file(tmp_path, "mp3")
    write_tags(path, {"title": "In front"})
    damaged = struct.pack("<8s4I8x", b"APETAGEX", 9000, 2**31, 2**31, 0)
    path.write_bytes(path.read_bytes() + damaged)
    assert read_tags(path, "mp3", "mp3") == ({"title": "In front"}, None)


def test_broken_tags_do_not_cost_the_song(tmp_path: Path) -> None:
    path = _file(tmp_path, "m4a")
    write_tags(path, {"title": "unreadable"})
    content = bytearray(path.read_bytes())
    # The atom of the title gets a length that no atom can have.
    title = content.index(b"\xa9nam")
    content[title - 4 : title] = b"\0\0\0\x03"
    path.write_bytes(content)

    facts = probe(path, LIMITS)

    assert (facts.source_frames, facts.tags) == (20_000, {})
    assert any("tags could not be read" in warning for warning in facts.warnings)


def test_a_rf64_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "a.wav", np.zeros((2, 9), np.float32), kind="RF64", subtype="PCM_16")
    before = path.read_bytes()

    write_tags(path, TAGS, PNG)

    assert path.read_bytes() == before


def test_without_tags_the_file_is_not_rewritten(tmp_path: Path) -> None:
    path = save_wav(tmp_path / "a.wav", tones(9))
    before = path.read_bytes()

    write_tags(path, {"mood": "unknown field"}, b"no picture")

    assert path.read_bytes() == before

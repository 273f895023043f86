"""Text tags and cover pictures: read in the decoding child, written to delivered files.

Tags of a source are hostile bytes like its sound: :func:`read_tags` runs in the sandbox only. Its
result is cleaned there, again by the parent process, and again before it is written.
"""

# mutagen declares itself typed, but its functions have no annotations.
# mypy: disallow-untyped-calls=False

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mutagen import MutagenError, id3
from mutagen.aiff import AIFF
from mutagen.apev2 import APEBinaryValue, APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3, ID3NoHeaderError
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from separation.audio.metadata.covers import Cover, clean_cover
from separation.audio.names import TAG_FIELDS, VALUES_APART, clean_tags

_ID3_FRAMES = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "date": "TDRC",
    "genre": "TCON",
    "track": "TRCK",
}
_MP4_ATOMS = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "date": "\xa9day",
    "genre": "\xa9gen",
    "track": "trkn",
}
_APE_KEYS = {field: field for field in TAG_FIELDS} | {"date": "year"}
_APE_COVER = "cover art (front)"
_VORBIS_KEYS = {field: field for field in TAG_FIELDS} | {"track": "tracknumber"}
_SEVERAL = ("artist", "genre")
"""Fields of which a song may have more than one value."""
_FRONT_COVER = 3
"""Picture type of ID3v2 (APIC) and FLAC alike."""

_OGG_TYPES = {"vorbis": OggVorbis, "opus": OggOpus, "flac": OggFLAC}

_Found = tuple[dict[str, str], bytes | None]
"""Text tags and a cover."""


def read_tags(path: Path, container: str, codec: str) -> _Found:
    """Return cleaned text tags and the cover of a source. Several artists or genres become one
    line with "; " between them. May raise any error of mutagen."""
    if container in ("wav", "aiff"):
        return _read_id3((WAVE if container == "wav" else AIFF)(path).tags)
    if container == "mp3":
        return _read_id3_and_ape(MP3(path).tags, path)
    if container in ("aac", "tta"):
        return _read_id3_and_ape(_id3_at_start(path), path)
    if container in ("wavpack", "ape"):
        return _read_ape(path)
    if container == "mp4":
        return _read_mp4(MP4(path).tags or {})
    if container == "flac":
        file: Any = FLAC(path)
        pictures = [picture.data for picture in file.pictures]
        return _read_vorbis(file.tags or {}), _first_cover(pictures)
    if container == "ogg" and codec in _OGG_TYPES:
        tags: Any = _OGG_TYPES[codec](path).tags or {}
        coded = tags.get("metadata_block_picture", [])[:4]
        return _read_vorbis(tags), _first_cover(
            [Picture(base64.b64decode(text)).data for text in coded]
        )
    return {}, None


def _read_id3_and_ape(id3_tags: ID3 | None, path: Path) -> _Found:
    found, ape = _read_id3(id3_tags), _read_ape(path)
    # ID3v1 cuts its texts at 30 characters.
    is_short = id3_tags is not None and id3_tags.version < (2,)
    return _merged(ape, found) if is_short else _merged(found, ape)


def _merged(first: _Found, second: _Found) -> _Found:
    """Return the tags of ``first``, and those of ``second`` that ``first`` lacks."""
    return {**second[0], **first[0]}, first[1] or second[1]


def _id3_at_start(path: Path) -> ID3 | None:
    try:
        return ID3(path)
    except ID3NoHeaderError:
        return None


def _read_id3(tags: ID3 | None) -> _Found:
    if tags is None:
        return {}, None
    frames = {field: tags.get(frame) for field, frame in _ID3_FRAMES.items()}
    texts = {field: _values(field, frame.text) for field, frame in frames.items() if frame}
    if frames["genre"] and frames["genre"].genres:
        # Resolves the numbers of ID3v1, such as "(17)" for Rock.
        texts["genre"] = frames["genre"].genres
    return clean_tags(texts), _first_cover([picture.data for picture in tags.getall("APIC")])


def _values(field: str, found: Sequence[Any]) -> list[Any]:
    return list(found if field in _SEVERAL else found[:1])


def _read_ape(path: Path) -> _Found:
    """Read the APEv2 tag behind the frames, as foobar2000 and mp3gain write it."""
    try:
        tags: Any = APEv2(path)
    except MutagenError:
        # There is no tag, or a damaged one: other tags of the file still count.
        return {}, None
    texts = {
        field: _values(field, list(tags[key]))
        for field, key in _APE_KEYS.items()
        if key in tags and not isinstance(tags[key], APEBinaryValue)
    }
    # A file name and a zero byte precede the picture.
    cover = bytes(tags[_APE_COVER].value).partition(b"\0")[2] if _APE_COVER in tags else b""
    return clean_tags(texts), _first_cover([cover])


def _read_mp4(tags: Mapping[str, Any]) -> _Found:
    texts: dict[str, Any] = {
        field: _values(field, tags[atom]) for field, atom in _MP4_ATOMS.items() if tags.get(atom)
    }
    if "track" in texts and isinstance(texts["track"][0], tuple):
        number, total = texts["track"][0]
        texts["track"] = f"{number}/{total}" if total else str(number or "")
    return clean_tags(texts), _first_cover([bytes(data) for data in tags.get("covr", [])])


def _read_vorbis(tags: Mapping[str, Any]) -> dict[str, str]:
    return clean_tags(
        {field: _values(field, tags[key]) for field, key in _VORBIS_KEYS.items() if tags.get(key)}
    )


def _first_cover(pictures: list[bytes]) -> bytes | None:
    clean = (clean_cover(data) for data in pictures)
    return next((cover.data for cover in clean if cover), None)


def write_tags(path: Path, tags: Mapping[str, str], cover: bytes | None = None) -> None:
    """Write text tags and a JPEG or PNG cover into a delivered file; the sound does not change.

    Fields other than ``TAG_FIELDS`` are left out, as is a cover of another kind. RF64 files get no
    tags: no known program reads them there.
    """
    texts = clean_tags(tags)
    picture = clean_cover(cover) if cover else None
    if not texts and not picture:
        return
    suffix = path.suffix
    if suffix == ".wav" and not _is_riff(path):
        return
    if suffix in (".wav", ".mp3"):
        _write_id3(path, texts, picture)
    elif suffix in (".m4a", ".mp4"):
        _write_mp4(path, texts, picture)
    elif suffix in (".flac", ".ogg"):
        _write_vorbis(path, texts, picture)
    else:
        raise ValueError(f"no tags are known for {suffix!r}")


def _is_riff(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"RIFF"


def _write_id3(path: Path, tags: Mapping[str, str], cover: Cover | None) -> None:
    file: Any = WAVE(path) if path.suffix == ".wav" else MP3(path)
    if file.tags is None:
        file.add_tags()
    for field, text in tags.items():
        frame_type = getattr(id3, _ID3_FRAMES[field])
        file.tags.add(frame_type(encoding=id3.Encoding.UTF16, text=[text]))
    if cover:
        picture = id3.APIC(
            encoding=id3.Encoding.LATIN1,
            mime=cover.mime,
            type=_FRONT_COVER,
            desc="",
            data=cover.data,
        )
        file.tags.add(picture)
    # Every player reads version 2.3, which has other frames for the date.
    file.tags.update_to_v23()
    file.save(v2_version=3)


def _write_mp4(path: Path, tags: Mapping[str, str], cover: Cover | None) -> None:
    file: Any = MP4(path)
    if file.tags is None:
        file.add_tags()
    for field, text in tags.items():
        if field != "track":
            file.tags[_MP4_ATOMS[field]] = [text]
        elif (pair := _track_pair(text)) is not None:
            file.tags[_MP4_ATOMS[field]] = [pair]
    if cover:
        is_png = cover.mime == "image/png"
        image_format = MP4Cover.FORMAT_PNG if is_png else MP4Cover.FORMAT_JPEG
        file.tags["covr"] = [MP4Cover(cover.data, imageformat=image_format)]
    file.save()


def _track_pair(text: str) -> tuple[int, int] | None:
    """Return ``"3/12"`` as MP4 stores it: two 16-bit numbers, 0 for unknown."""
    number, _, total = text.partition("/")
    if not number.isdecimal() or (total and not total.isdecimal()):
        return None
    pair = int(number), int(total or 0)
    return pair if max(pair) < 2**16 else None


def _write_vorbis(path: Path, tags: Mapping[str, str], cover: Cover | None) -> None:
    file: Any = FLAC(path) if path.suffix == ".flac" else OggVorbis(path)
    for field, text in tags.items():
        several = text.split(VALUES_APART) if field in _SEVERAL else [text]
        file[_VORBIS_KEYS[field]] = several
    if cover:
        picture: Any = Picture()
        picture.data, picture.type, picture.mime = cover.data, _FRONT_COVER, cover.mime
        if path.suffix == ".flac":
            file.clear_pictures()
            file.add_picture(picture)
        else:
            file["metadata_block_picture"] = base64.b64encode(picture.write()).decode("ascii")
    file.save()

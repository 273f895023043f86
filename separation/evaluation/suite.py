"""Finds the songs of a suite by the names of its files, without decoding them.

There are three layouts: a folder for each song with ``mixture.*`` and a file for each stem; the
same below ``train`` and ``test``, as in MUSDB18-HQ; and files ``*.stem.mp4`` with five tracks, as
in MUSDB18 (Rafii, Liutkus, Stoeter, Mimilakis and Bittner, "The MUSDB18 corpus for music
separation", 2017).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from separation.errors import SuiteInvalid

MIXTURE = "mixture"
USUAL_STEMS = ("drums", "bass", "other", "vocals")

STEM_FILE_ENDING = ".stem.mp4"
STEM_FILE_TRACKS = (MIXTURE, *USUAL_STEMS)
"""The tracks of such a file in order, which is the same in MUSDB18 and in NI Stems."""

SOUND_ENDINGS = (
    ".wav", ".flac", ".aif", ".aiff", ".w64", ".rf64", ".caf", ".mp3", ".ogg", ".opus", ".m4a",
)  # fmt: skip
_DEEPEST = 2
"""The most levels of folders between the suite and its files, such as ``test/Song``."""


@dataclass(frozen=True)
class Sound:
    """A file, or one of its sound tracks, counted from 0."""

    path: Path
    track: int | None = None


@dataclass(frozen=True)
class SuiteSong:
    """``name``: the song's folder or file below the suite, such as ``test/Song``. Without a
    ``mixture`` it is the sum of the stems."""

    name: str
    mixture: Sound | None
    stems: Mapping[str, Sound] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """Songs in the order of their names."""

    name: str
    songs: tuple[SuiteSong, ...]

    @property
    def stems(self) -> frozenset[str]:
        """Every stem that some song has."""
        return frozenset(stem for song in self.songs for stem in song.stems)


def read_suite(folder: Path) -> Suite:
    """Find the songs of a suite.

    Raises ``SuiteInvalid``, which says what to do, for a missing folder, no songs, a folder without
    sound, a song without stems, and two files for one stem.
    """
    if not folder.is_dir():
        raise SuiteInvalid(f"There is no folder {str(folder)!r}. Check the path of the suite.")
    whole = folder.resolve()
    try:
        songs = tuple(_songs_in(whole, whole, 0))
    except OSError as error:
        raise SuiteInvalid(
            f"The suite {str(folder)!r} cannot be read ({error.strerror}). Check its rights."
        ) from error
    if not songs:
        raise SuiteInvalid(
            f"There is no song with stems in {str(folder)!r}. A suite is a folder with a folder a "
            "song, in which mixture.wav (or .flac) and a file a stem lie, such as vocals.wav."
        )
    return Suite(whole.name, songs)


def _songs_in(folder: Path, suite: Path, depth: int) -> Iterator[SuiteSong]:
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    files = [path for path in entries if path.is_file()]
    stem_files = [path for path in files if path.name.lower().endswith(STEM_FILE_ENDING)]
    sounds = [path for path in files if path.suffix.lower() in SOUND_ENDINGS]
    below = [path for path in entries if path.is_dir()] if depth < _DEEPEST else []
    if depth and not (stem_files or sounds or below):
        raise SuiteInvalid(
            f"The folder {_name(folder, suite)!r} holds no sound: put the mixture and the stems "
            "of a song there, or remove it from the suite."
        )
    yield from (_stem_file_song(path, suite) for path in stem_files)
    if _is_song(sounds, depth):
        yield _song(folder, sounds, suite)
    else:
        for path in below:
            yield from _songs_in(path, suite, depth + 1)


def _is_song(sounds: list[Path], depth: int) -> bool:
    """Whether a folder is a song. In the suite's own folder there may be other sounds, such as
    songs without stems, so there a sound must have a known name."""
    return bool(sounds if depth else {MIXTURE, *USUAL_STEMS} & {_stem(path) for path in sounds})


def _song(folder: Path, sounds: list[Path], suite: Path) -> SuiteSong:
    name = _name(folder, suite)
    found: dict[str, Sound] = {}
    for path in sounds:
        stem = _stem(path)
        if stem in found:
            raise SuiteInvalid(
                f"The song {name!r} has two files for {stem!r}: {found[stem].path.name} and "
                f"{path.name}. Remove one of them."
            )
        found[stem] = Sound(path)
    mixture = found.pop(MIXTURE, None)
    if not found:
        raise SuiteInvalid(
            f"The song {name!r} has no stems. Put a file for each beside its mixture, such as "
            "vocals.wav and drums.wav."
        )
    return SuiteSong(name, mixture, found)


def _stem_file_song(path: Path, suite: Path) -> SuiteSong:
    sounds = {name: Sound(path, track) for track, name in enumerate(STEM_FILE_TRACKS)}
    name = _name(path, suite)[: -len(STEM_FILE_ENDING)]
    return SuiteSong(name, sounds.pop(MIXTURE), sounds)


def _stem(path: Path) -> str:
    return path.stem.lower()


def _name(path: Path, suite: Path) -> str:
    return suite.name if path == suite else path.relative_to(suite).as_posix()

"""What counts as a suite, by the names of its files."""

from pathlib import Path

import pytest

from separation.errors import SuiteInvalid
from separation.evaluation.suite import Sound, read_suite


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "suite").mkdir()
    return tmp_path / "suite"


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_folder_a_song_with_a_mixture_and_a_file_a_stem_is_a_suite(folder: Path) -> None:
    songs = folder / "My songs"
    touch(songs / "B" / "mixture.flac", songs / "B" / "Vocals.FLAC", songs / "B" / "cover.jpg")
    touch(songs / "A" / "drums.wav", songs / "README.md", songs / ".cache" / "x")

    suite = read_suite(songs)

    assert suite.name == "My songs"
    assert [song.name for song in suite.songs] == ["A", "B"]
    assert suite.songs[0].mixture is None
    assert suite.songs[1].mixture == Sound(songs / "B" / "mixture.flac")
    assert suite.songs[1].stems == {"vocals": Sound(songs / "B" / "Vocals.FLAC")}
    assert suite.stems == {"drums", "vocals"}


def test_whole_songs_beside_the_folders_are_no_songs_of_the_suite(folder: Path) -> None:
    touch(folder / "whole.mp3", folder / "A" / "mixture.wav", folder / "A" / "bass.wav")
    assert [song.name for song in read_suite(folder).songs] == ["A"]


def test_one_song_alone_is_a_suite_too(folder: Path) -> None:
    touch(folder / "Song" / "mixture.wav", folder / "Song" / "vocals.wav")
    assert [song.name for song in read_suite(folder / "Song").songs] == ["Song"]


def test_the_layout_of_musdb18_hq_is_read(folder: Path) -> None:
    for song in ("train/One", "test/Two"):
        for stem in ("mixture", "drums", "bass", "other", "vocals"):
            touch(folder / song / f"{stem}.wav")

    suite = read_suite(folder)

    assert [song.name for song in suite.songs] == ["test/Two", "train/One"]
    assert set(suite.songs[0].stems) == {"drums", "bass", "other", "vocals"}


def test_the_layout_of_musdb18_is_read_by_the_order_of_its_tracks(folder: Path) -> None:
    file = folder / "test" / "Artist - Title.stem.mp4"
    touch(file)

    (song,) = read_suite(folder).songs

    assert song.name == "test/Artist - Title"
    assert song.mixture == Sound(file, 0)
    assert song.stems == {
        "drums": Sound(file, 1),
        "bass": Sound(file, 2),
        "other": Sound(file, 3),
        "vocals": Sound(file, 4),
    }


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "There is no song with stems"),
        (["whole.mp3"], "There is no song with stems"),
        (["A/mixture.wav", "A/vocals.wav", "B/notes.txt"], "'B' holds no sound"),
        (["A/mixture.wav"], "'A' has no stems"),
        (["A/mixture.wav", "A/vocals.wav", "A/vocals.flac"], "two files for 'vocals'"),
    ],
)
def test_what_is_no_suite_is_refused_with_what_to_do(
    folder: Path, names: list[str], words: str
) -> None:
    touch(*(folder / name for name in names))
    with pytest.raises(SuiteInvalid, match=words):
        read_suite(folder)


def test_a_folder_that_does_not_exist_is_named(folder: Path) -> None:
    with pytest.raises(SuiteInvalid, match=r"no folder .*nowhere"):
        read_suite(folder / "nowhere")

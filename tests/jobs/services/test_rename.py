"""A song has the title that its owner gives it; its file keeps its name."""

import pytest
from django.contrib.auth.models import User

from jobs.models import Source
from jobs.services.sources.rename import rename
from separation.errors import InvalidOptions
from tests.factories import make_source

pytestmark = pytest.mark.django_db


def a_song(owner: User, **fields: str) -> Source:
    return make_source(owner=owner, content=b"", original_name="02 take.wav", **fields)


def test_a_song_is_named_by_its_tags_and_else_by_its_file(owner: User) -> None:
    assert a_song(owner).label == "02 take"
    assert a_song(owner, title="Night train").label == "Night train"


def test_a_new_title_is_shown_and_the_file_keeps_its_name(owner: User) -> None:
    song = a_song(owner)
    rename(owner=owner, source=song, title="  Night\ttrain ")
    assert Source.objects.get().label == "Night train"
    assert song.label == "Night train"
    assert Source.objects.get().original_name == "02 take.wav"


def test_an_empty_title_brings_back_the_first_one(owner: User) -> None:
    song = a_song(owner, title="Of the tags")
    rename(owner=owner, source=song, title="Mine")
    rename(owner=owner, source=song, title=" ")
    assert Source.objects.get().label == "Of the tags"


def test_songs_of_one_title_are_numbered_and_a_song_keeps_its_number(owner: User) -> None:
    first, second = a_song(owner, title="A"), a_song(owner, title="B")
    rename(owner=owner, source=second, title="A")
    assert second.label == "A (2)"
    rename(owner=owner, source=second, title="A")
    rename(owner=owner, source=first, title="A")
    assert (first.label, second.label) == ("A", "A (2)")


def test_a_title_that_is_too_long_is_refused_and_changes_nothing(owner: User) -> None:
    song = a_song(owner)
    with pytest.raises(InvalidOptions, match="at most 255"):
        rename(owner=owner, source=song, title="x" * 256)
    assert Source.objects.get().label == "02 take"

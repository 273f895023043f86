"""Songs that were sent before they had titles get those of their tags or files."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from jobs.models import Source
from tests.factories import make_source, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def back() -> Iterator[None]:
    yield
    call_command("migrate", "jobs", verbosity=0)


def test_older_songs_get_titles_and_numbers_of_their_titles(back: None) -> None:
    owner = make_user("owner")
    songs = [
        make_source(owner=owner, content=b"", original_name=name, title=title)
        for name, title in (
            ("a.wav", "Intro"),
            ("b.wav", "Intro"),
            ("Intro.mp3", ""),
            ("c.d.flac", ""),
        )
    ]
    call_command("migrate", "jobs", "0020", verbosity=0)
    call_command("migrate", "jobs", verbosity=0)
    labels = {source.pk: source.label for source in Source.objects.all()}
    assert [labels[song.pk] for song in songs] == ["Intro", "Intro (2)", "Intro (3)", "c.d"]

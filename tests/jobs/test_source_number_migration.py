"""Songs that were sent before they were numbered get numbers in their order."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from jobs.models import Source
from tests.factories import make_source, make_user

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "source_name_number"


@pytest.fixture
def before() -> Iterator[str]:
    """The name of the migration before the numbers."""
    names = sorted(n for app, n in MigrationLoader(connection).disk_migrations if app == "jobs")
    yield names[next(i for i, name in enumerate(names) if name.endswith(NAME)) - 1]
    call_command("migrate", "jobs", verbosity=0)


def test_songs_of_one_name_and_account_are_numbered_by_age(before: str) -> None:
    owner, other = make_user("owner"), make_user("other")
    songs = [
        make_source(owner=owner, content=b"", original_name=name)
        for name in ("mixture.flac", "song.wav", "mixture.flac", "mixture.flac")
    ]
    alone = make_source(owner=other, content=b"", original_name="mixture.flac")
    call_command("migrate", "jobs", before, verbosity=0)
    call_command("migrate", "jobs", verbosity=0)
    numbers = {source.pk: source.name_number for source in Source.objects.all()}
    assert [numbers[song.pk] for song in songs] == [1, 1, 2, 3]
    assert numbers[alone.pk] == 1

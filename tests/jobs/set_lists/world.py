"""Finished songs by name, and set lists of them."""

from django.contrib.auth.models import User

from jobs.models import Job, SetList
from jobs.services.set_lists.actions import create_set_list, songs_of
from tests.factories import make_job, make_source


def done(owner: User, name: str) -> Job:
    source = make_source(owner=owner, content=b"", original_name=f"{name}.wav")
    return make_job(owner=owner, source=source, status="completed")


def make_set_list(owner: User, name: str, *songs: str) -> SetList:
    return create_set_list(owner=owner, name=name, jobs=[done(owner, song) for song in songs])


def titles(set_list: SetList) -> list[str]:
    return list(songs_of(set_list).values_list("source__song_title", flat=True))

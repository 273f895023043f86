"""Reads what set lists hold: their songs in order, and how many songs each has."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count

from jobs.models import Job, SetList, SetListSong

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class SetListRow:
    """A set list in the side bar."""

    id: UUID
    name: str
    songs: int


def set_list_rows(owner: "User") -> list[SetListRow]:
    """The set lists of ``owner`` by name, with one query."""
    rows = SetList.objects.filter(owner=owner).annotate(songs=Count("entries"))
    return [SetListRow(*row) for row in rows.values_list("pk", "name", "songs")]


def song_ids(set_lists: Iterable[SetList]) -> dict[UUID, list[UUID]]:
    """The ids of the listed jobs of each set list in its order, with one query."""
    found: dict[UUID, list[UUID]] = {}
    entries = SetListSong.objects.filter(set_list__in=list(set_lists))
    entries = entries.filter(job__in=Job.objects.listed().order_by())
    for set_list, job in entries.values_list("set_list", "job"):
        found.setdefault(set_list, []).append(job)
    return found

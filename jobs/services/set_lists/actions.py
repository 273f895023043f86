"""Creates, renames, fills, orders and deletes set lists."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from jobs.errors import SetListFull, SetListNameTaken
from jobs.models import Job, SetList, SetListSong
from jobs.models.account_lock import lock_account
from jobs.models.job import JobQuerySet
from jobs.models.set_list import MAX_SET_LIST_NAME_LENGTH
from separation.errors import InvalidOptions, QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_SET_LISTS = 100
"""The maximum for one person, which limits the length of the side bar."""

MAX_SET_LIST_SONGS = 200
"""Its page shows all of them at once."""


def songs_of(set_list: SetList) -> JobQuerySet:
    """The songs of the set list that the library lists, in its order."""
    jobs = Job.objects.filter(set_list_entries__set_list=set_list).listed()
    return jobs.order_by("set_list_entries__place", "set_list_entries__id")


def create_set_list(*, owner: "User", name: str, jobs: Sequence[Job] = ()) -> SetList:
    """Raises ``InvalidOptions`` for a name that is empty or too long, ``SetListNameTaken``,
    ``SetListFull``, and ``QuotaExceeded`` where the owner has the maximum of set lists."""
    name = _cleaned(name)
    with transaction.atomic():
        lock_account(owner)
        _check_free(owner, name)
        return _create(owner, name, jobs)


def add_to_named(*, owner: "User", name: str, jobs: Sequence[Job]) -> tuple[SetList, int]:
    """Add ``jobs`` to the set list of this name, which is created if it does not exist. Returns it
    and how many songs are new to it. Raises as :func:`create_set_list` does."""
    name = _cleaned(name)
    with transaction.atomic():
        lock_account(owner)
        found = SetList.objects.filter(owner=owner, name__iexact=name).first()
        if found is None:
            return _create(owner, name, jobs), len(jobs)
        return found, _append(found, jobs)


def rename_set_list(*, set_list: SetList, name: str) -> None:
    """Raises ``InvalidOptions`` and ``SetListNameTaken``."""
    name = _cleaned(name)
    with transaction.atomic():
        lock_account(set_list.owner_id)
        _check_free(set_list.owner, name, but=set_list)
        SetList.objects.filter(pk=set_list.pk).update(name=name)
    set_list.name = name


def delete_set_list(*, set_list: SetList) -> None:
    """Its songs stay."""
    SetList.objects.filter(pk=set_list.pk).delete()


def add_songs(*, set_list: SetList, jobs: Sequence[Job]) -> int:
    """Append ``jobs`` of the owner; returns how many are new to the set list. Raises
    ``SetListFull``."""
    with transaction.atomic():
        lock_account(set_list.owner_id)
        return _append(set_list, jobs)


def remove_songs(*, set_list: SetList, job_ids: Sequence[UUID]) -> int:
    """The songs themselves stay. Returns how many were in the set list."""
    removed, _rows = SetListSong.objects.filter(set_list=set_list, job__in=job_ids).delete()
    return removed


def order_songs(*, set_list: SetList, job_ids: Sequence[UUID]) -> None:
    """Put the songs into this order. Songs that it does not name follow in their old order; ids of
    songs that are not in the set list are ignored."""
    wanted = {pk: place for place, pk in enumerate(dict.fromkeys(job_ids))}
    with transaction.atomic():
        lock_account(set_list.owner_id)
        entries = list(set_list.entries.all())
        entries.sort(key=lambda entry: wanted.get(entry.job_id, len(wanted)))
        for place, entry in enumerate(entries):
            entry.place = place
        SetListSong.objects.bulk_update(entries, ["place"])


def move_song(*, set_list: SetList, job_id: UUID, to: int) -> None:
    """Move a song to place ``to``, where 0 is the first; the nearest place if there is no such."""
    ids = list(songs_of(set_list).values_list("pk", flat=True))
    if job_id in ids:
        ids.remove(job_id)
        ids.insert(max(to, 0), job_id)
        order_songs(set_list=set_list, job_ids=ids)


def _create(owner: "User", name: str, jobs: Sequence[Job]) -> SetList:
    if SetList.objects.filter(owner=owner).count() >= MAX_SET_LISTS:
        raise QuotaExceeded(
            _("You have %(count)s set lists, which is all there may be. Delete one first.")
            % {"count": MAX_SET_LISTS}
        )
    created = SetList.objects.create(owner=owner, name=name)
    _append(created, jobs)
    return created


def _append(set_list: SetList, jobs: Sequence[Job]) -> int:
    inside = set(set_list.entries.values_list("job", flat=True))
    new = [job for job in dict.fromkeys(jobs) if job.pk not in inside]
    if len(inside) + len(new) > MAX_SET_LIST_SONGS:
        raise SetListFull(
            _("A set list holds at most %(count)s songs. Remove some, or start another.")
            % {"count": MAX_SET_LIST_SONGS}
        )
    last: int | None = set_list.entries.aggregate(last=Max("place"))["last"]
    first = 0 if last is None else last + 1
    SetListSong.objects.bulk_create(
        SetListSong(set_list=set_list, job=job, place=first + n) for n, job in enumerate(new)
    )
    return len(new)


def _check_free(owner: "User", name: str, *, but: SetList | None = None) -> None:
    same = SetList.objects.filter(owner=owner, name__iexact=name)
    if but is not None:
        same = same.exclude(pk=but.pk)
    if same.exists():
        raise SetListNameTaken(
            _("You have a set list of the name “%(name)s”. Choose another name.") % {"name": name}
        )


def _cleaned(name: str) -> str:
    # Importing the audio core takes a while, and most requests need none of it.
    from separation.audio.names import one_line

    cleaned = one_line(name)
    if not cleaned:
        raise InvalidOptions(_("Write a name for the set list first, such as Friday."))
    if len(cleaned) > MAX_SET_LIST_NAME_LENGTH:
        raise InvalidOptions(
            _("The name of a set list has at most %(count)s characters; this is longer.")
            % {"count": MAX_SET_LIST_NAME_LENGTH}
        )
    return cleaned

"""Favourites and tags, by which people find a song again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from jobs.models import Job, Tag
from jobs.models.account_lock import lock_account
from jobs.models.tag import MAX_TAG_LENGTH
from separation.errors import InvalidOptions

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_TAGS = 200
"""The maximum for one person, which limits the length of the menu of tags."""


def set_favourite(*, jobs: Sequence[Job], favourite: bool) -> int:
    """Mark or unmark ``jobs``; returns how many rows were changed."""
    return Job.objects.filter(pk__in=[job.pk for job in jobs]).update(is_favourite=favourite)


def add_tag(*, owner: "User", jobs: Sequence[Job], name: str) -> Tag:
    """Add the tag of this name to ``jobs`` of ``owner``; a new tag is created.

    Raises ``InvalidOptions`` for a name that is empty or too long, or when the owner has the
    maximum of tags.
    """
    name = _cleaned(name)
    with transaction.atomic():
        lock_account(owner)
        tag = Tag.objects.filter(owner=owner, name__iexact=name).first()
        if tag is None:
            if Tag.objects.filter(owner=owner).count() >= MAX_TAGS:
                raise InvalidOptions(
                    f"You have {MAX_TAGS} tags, which is all there may be. Remove one first."
                )
            tag = Tag.objects.create(owner=owner, name=name)
        tag.jobs.add(*jobs)
    return tag


def remove_tag(*, owner: "User", jobs: Sequence[Job], name: str) -> None:
    """Remove the tag from ``jobs``. A tag that no job has any more is deleted."""
    with transaction.atomic():
        lock_account(owner, closed_too=True)
        tag = Tag.objects.filter(owner=owner, name__iexact=_cleaned(name)).first()
        if tag is not None:
            tag.jobs.remove(*jobs)
            Tag.objects.filter(pk=tag.pk, jobs=None).delete()


def drop_unused_tags(*, owner: "User") -> None:
    with transaction.atomic():
        # Otherwise another request could add the tag to a job while it is deleted here.
        lock_account(owner, closed_too=True)
        Tag.objects.filter(owner=owner, jobs=None).delete()


def _cleaned(name: str) -> str:
    from separation.audio.names import one_line

    cleaned = one_line(name)
    if not cleaned:
        raise InvalidOptions("Write a tag first, such as Rehearsal.")
    if len(cleaned) > MAX_TAG_LENGTH:
        raise InvalidOptions(f"A tag has at most {MAX_TAG_LENGTH} characters; this is longer.")
    return cleaned

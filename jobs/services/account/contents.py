"""Counts what an account holds, for its owner to read before deleting it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.models import ApiToken, Job, Source, Upload
from jobs.services.quotas.usage import stored_bytes

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Contents:
    songs: int
    jobs: int
    active_jobs: int
    uploads: int
    tokens: int
    size_bytes: int


def contents_of(owner: "User") -> Contents:
    jobs = Job.objects.filter(owner=owner)
    return Contents(
        songs=Source.objects.filter(owner=owner).count(),
        jobs=jobs.count(),
        active_jobs=jobs.active().count(),
        uploads=Upload.objects.unfinished().filter(owner=owner).count(),
        tokens=ApiToken.objects.filter(user=owner).count(),
        size_bytes=stored_bytes([owner.pk]),
    )

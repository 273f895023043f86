"""How much accounts have used of each kind of limit.

``owners`` is a list of ids, or a subquery of ids such as the members of a group.
"""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone

from jobs.models import Artifact, AudioUse, Job, Reservation, Source, Upload
from jobs.models.job import JobStatus
from jobs.models.quota_rules import Kind

DAY = timedelta(hours=24)


def used(kind: Kind, owners: Any) -> float:
    """The use in the unit of the kind's limit. Reservations count as used."""
    if kind is Kind.STORED_BYTES:
        return stored_bytes(owners) + reserved_bytes(owners)
    if kind is Kind.AUDIO_MINUTES:
        return audio_used_s(owners) / 60
    if kind is Kind.ACTIVE_JOBS:
        return active_jobs(owners) + reserved_jobs(owners)
    return running_jobs(owners)


def stored_bytes(owners: Any) -> int:
    """The bytes of songs, and of the tracks of listed jobs. Tracks of offered versions do not
    count, and neither do tracks that an accepted version has replaced.

    A song does not count when the audio of all its jobs has expired, as its file is deleted.
    """
    with_audio = Job.objects.filter(audio_deleted_at=None)
    of_source = Job.objects.filter(source=OuterRef("pk"))
    songs = Source.objects.filter(
        Exists(of_source.filter(audio_deleted_at=None)) | ~Exists(of_source), owner__in=owners
    )
    listed = with_audio.listed().filter(owner__in=owners)
    tracks = Artifact.objects.one_per_file().filter(job__in=listed.values("pk"))
    return _sum(songs, "size_bytes") + _sum(tracks, "size_bytes")


def reserved_bytes(owners: Any) -> int:
    """The bytes that unfinished uploads reserve, resumable ones included."""
    resumable = Upload.objects.resumable().filter(owner__in=owners)
    reserved = Reservation.objects.open().filter(owner__in=owners)
    return _sum(reserved, "size_bytes") + _sum(resumable, "size_bytes")


def active_jobs(owners: Any) -> int:
    """The jobs that wait or run. Jobs of an operator's campaign do not count."""
    return Job.objects.active().filter(owner__in=owners, campaign=None).count()


def reserved_jobs(owners: Any) -> int:
    """The places that unfinished uploads reserve; the counterpart of :func:`reserved_bytes`."""
    resumable = Upload.objects.resumable().filter(owner__in=owners, request__isnull=False)
    reserved = Reservation.objects.open().filter(owner__in=owners)
    return _sum(reserved, "jobs") + resumable.count()


def running_jobs(owners: Any) -> int:
    jobs = Job.objects.filter(owner__in=owners, campaign=None)
    return jobs.filter(status=JobStatus.PROCESSING).count()


def audio_used_s(owners: Any) -> float:
    recent = AudioUse.objects.filter(owner__in=owners, used_at__gt=timezone.now() - DAY)
    return float(recent.aggregate(total=Sum("seconds"))["total"] or 0.0)


def _sum(rows: Any, column: str) -> int:
    return int(rows.aggregate(total=Sum(column))["total"] or 0)

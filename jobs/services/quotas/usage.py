"""How much accounts have used of what is limited.

``owners`` is a list of ids, or a subquery of them such as the members of a group.
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
    """In the unit of the kind's limit; what is reserved counts as used."""
    if kind is Kind.STORED_BYTES:
        return stored_bytes(owners) + reserved_bytes(owners)
    if kind is Kind.AUDIO_MINUTES:
        return audio_used_s(owners) / 60
    if kind is Kind.ACTIVE_JOBS:
        return active_jobs(owners) + reserved_jobs(owners)
    return running_jobs(owners)


def stored_bytes(owners: Any) -> int:
    """Songs, and tracks of the jobs that are theirs: not those of versions that a campaign offers
    and nobody accepted, nor a second time those that an accepted version took the place of.

    A song whose last audio has expired has no file any more, though its row stays.
    """
    with_audio = Job.objects.filter(audio_deleted_at=None)
    of_source = Job.objects.filter(source=OuterRef("pk"))
    songs = Source.objects.filter(
        Exists(of_source.filter(audio_deleted_at=None)) | ~Exists(of_source), owner__in=owners
    )
    listed = with_audio.listed().filter(owner__in=owners)
    tracks = Artifact.objects.filter(job__in=listed.values("pk"))
    return _sum(songs, "size_bytes") + _sum(tracks, "size_bytes")


def reserved_bytes(owners: Any) -> int:
    """Of uploads that are under way, those that come in pieces among them."""
    in_pieces = Upload.objects.resumable().filter(owner__in=owners)
    reserved = Reservation.objects.open().filter(owner__in=owners)
    return _sum(reserved, "size_bytes") + _sum(in_pieces, "size_bytes")


def active_jobs(owners: Any) -> int:
    """What an operator's campaign makes anew for an owner is not the owner's doing."""
    return Job.objects.active().filter(owner__in=owners, campaign=None).count()


def reserved_jobs(owners: Any) -> int:
    """Places of songs that are under way; the counterpart of :func:`reserved_bytes`."""
    in_pieces = Upload.objects.resumable().filter(owner__in=owners, request__isnull=False)
    reserved = Reservation.objects.open().filter(owner__in=owners)
    return _sum(reserved, "jobs") + in_pieces.count()


def running_jobs(owners: Any) -> int:
    mine = Job.objects.filter(owner__in=owners, campaign=None)
    return mine.filter(status=JobStatus.PROCESSING).count()


def audio_used_s(owners: Any) -> float:
    recent = AudioUse.objects.filter(owner__in=owners, used_at__gt=timezone.now() - DAY)
    return float(recent.aggregate(total=Sum("seconds"))["total"] or 0.0)


def _sum(rows: Any, column: str) -> int:
    return int(rows.aggregate(total=Sum(column))["total"] or 0)

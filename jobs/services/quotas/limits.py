"""Checks the quotas of an account and of its groups: storage, active jobs, and audio per day."""

import uuid
from typing import TYPE_CHECKING

from django.utils import timezone

from jobs.models import AudioUse, Job, Source
from jobs.models.quota_rules import Cap, Kind, rules_of
from jobs.services.quotas.usage import DAY, audio_used_s, used
from jobs.services.sizes import size
from jobs.services.timing.speed import Work
from separation.errors import QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def check_quota(*, owner: "User") -> None:
    """Raises ``QuotaExceeded`` when one more job of ``owner`` would exceed a limit.

    Jobs of an operator's campaign do not count.
    """
    for cap in rules_of(owner).caps(Kind.ACTIVE_JOBS):
        active = int(used(cap.kind, cap.owners))
        if cap.most is not None and active >= cap.most:
            raise QuotaExceeded(_too_many(cap, active))


def check_storage(*, owner: "User", size_bytes: int) -> None:
    """Raises ``QuotaExceeded`` when ``size_bytes`` more exceed the limit; 0 checks whether the
    limit is exceeded already. Call it under :func:`lock_account` before storage is taken.

    The size of tracks is not known in advance. They count when they are stored, and may exceed the
    limit; then nothing new is accepted until the owner deletes something.
    """
    for cap in rules_of(owner).caps(Kind.STORED_BYTES):
        stored = int(used(cap.kind, cap.owners))
        if cap.most is not None and stored + size_bytes > cap.most:
            raise QuotaExceeded(_no_room(cap, stored, size_bytes))


def check_minutes_left(*, owner: "User") -> None:
    """Raises ``QuotaExceeded`` when no audio is left for today. It needs no length of a song, which
    is unknown before the upload."""
    for cap in rules_of(owner).caps(Kind.AUDIO_MINUTES):
        if cap.most is not None and audio_used_s(cap.owners) >= cap.most * 60:
            raise QuotaExceeded(_no_minutes(cap))


def use_audio_minutes(*, owner: "User", source: Source, job: Job) -> None:
    """Count the audio that the job separates for today; call it under :func:`lock_account`.

    Raises ``QuotaExceeded`` when the last 24 hours exceed the limit. The count stays when the job
    is cancelled or deleted, as deleting would otherwise bypass the limit. A job that is counted
    for today already is not counted twice.
    """
    earlier = AudioUse.objects.filter(job=job)
    if earlier.filter(used_at__gt=timezone.now() - DAY).exists():
        return
    seconds = Work.of(job.separator, job.model_name, source.duration_s, job.pipeline).duration_s
    for cap in rules_of(owner).caps(Kind.AUDIO_MINUTES):
        assert cap.most is not None
        left_s = cap.most * 60 - audio_used_s(cap.owners)
        if seconds > left_s:
            raise QuotaExceeded(_too_long(cap, seconds, left_s))
    earlier.delete()
    AudioUse.objects.create(owner=owner, job=job, seconds=seconds)


def give_minutes_back(job_id: uuid.UUID) -> None:
    """Delete the count of a failed job, as its owner got no result."""
    AudioUse.objects.filter(job=job_id).delete()


def refusal(*, owner: "User") -> str | None:
    """Why nothing new of ``owner`` would be accepted now, in words; None if it would be."""
    try:
        check_quota(owner=owner)
        check_storage(owner=owner, size_bytes=1)
        check_minutes_left(owner=owner)
    except QuotaExceeded as error:
        return error.detail
    return None


def _too_many(cap: Cap, active: int) -> str:
    if cap.group:
        return (
            f"The members of the group {cap.group.name} have {active} jobs waiting, running or "
            f"arriving, and {cap.most} are allowed for all of them together. Wait for some to end."
        )
    return (
        f"You have {active} jobs waiting, running or arriving, and {cap.most} are allowed. Wait "
        "for some to end, or cancel them."
    )


def _no_room(cap: Cap, stored: int, more: int) -> str:
    most = size(cap.most or 0)
    what = f"{size(more)} more do not fit" if more > 1 else "There is no room for anything more"
    if cap.group:
        return (
            f"{what}: the members of the group {cap.group.name} store {size(stored)} of the {most} "
            "that they may store together. Delete jobs that you no longer need."
        )
    return (
        f"{what}: you store {size(stored)} of the {most} that you may store. Delete jobs that you "
        "no longer need; their songs and tracks go with them."
    )


def _no_minutes(cap: Cap) -> str:
    whose = f"The group {cap.group.name}" if cap.group else "You"
    return (
        f"{whose} may have {cap.most} minutes of audio separated in 24 hours, and all of them are "
        "used. Try again later."
    )


def _too_long(cap: Cap, song_s: float, left_s: float) -> str:
    assert cap.most is not None
    left = f"{max(left_s, 0.0) / 60:.1f} of them are left"
    if song_s > cap.most * 60:
        return (
            f"This song lasts {song_s / 60:.1f} minutes, and at most {cap.most} minutes of audio "
            f"are accepted in 24 hours; {left}. Cut the song into parts."
        )
    whose = f"The group {cap.group.name}" if cap.group else "You"
    return (
        f"This song lasts {song_s / 60:.1f} minutes. {whose} may have {cap.most} minutes of "
        f"audio separated in 24 hours, and {left}. Try again later, or with a shorter song."
    )

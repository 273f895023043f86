"""How much one account may have waiting and running at once, and give to do in a day."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Sum
from django.utils import timezone

from jobs.models import AudioUse, Job, Source
from separation.errors import QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DAY = timedelta(hours=24)


def lock_account(owner: "User | int") -> None:
    """Until the transaction ends, counting this account's jobs and adding one is one step: of two
    requests at once only one can take the last place."""
    pk = owner if isinstance(owner, int) else owner.pk
    # "No key": rows of others that point at the account, such as a log-in's, need not wait.
    get_user_model().objects.select_for_update(no_key=True).get(pk=pk)


def check_quota(*, owner: "User") -> None:
    """Raises ``QuotaExceeded`` when one more job of ``owner`` would be too many.

    What an operator's campaign makes anew for the owner is not the owner's doing.
    """
    active = Job.objects.active().filter(owner=owner, campaign=None).count()
    if active >= settings.MAX_ACTIVE_JOBS:
        raise QuotaExceeded(
            f"You have {active} jobs waiting or running, and {settings.MAX_ACTIVE_JOBS} are "
            "allowed. Wait for some to end, or cancel them."
        )


def check_storage(*, owner: "User", size_bytes: int) -> None:
    """Raises ``QuotaExceeded`` when ``size_bytes`` more would be too many; call it under
    :func:`lock_account`."""


def use_audio_minutes(*, owner: "User", source: Source) -> None:
    """Write the song's length down for today; call it under :func:`lock_account`.

    Raises ``QuotaExceeded`` when the last 24 hours hold too much. It stays written when the job
    is cancelled or deleted: otherwise deleting would be a way around the limit.
    """
    most_s = settings.MAX_AUDIO_MINUTES_PER_DAY * 60
    if most_s:
        left_s = most_s - audio_used_s(owner)
        if source.duration_s > left_s:
            raise QuotaExceeded(_too_much(source.duration_s, left_s))
    AudioUse.objects.create(owner=owner, seconds=source.duration_s)


def audio_used_s(owner: "User") -> float:
    recent = AudioUse.objects.filter(owner=owner, used_at__gt=timezone.now() - DAY)
    return recent.aggregate(total=Sum("seconds"))["total"] or 0.0


def _too_much(wanted_s: float, left_s: float) -> str:
    most = settings.MAX_AUDIO_MINUTES_PER_DAY
    left = f"{max(left_s, 0.0) / 60:.1f} of them are left"
    if wanted_s > most * 60:
        return (
            f"This song lasts {wanted_s / 60:.1f} minutes, and at most {most} minutes of audio "
            f"are accepted in 24 hours; {left}. Cut the song into parts."
        )
    return (
        f"This song lasts {wanted_s / 60:.1f} minutes. You may have {most} minutes of audio "
        f"separated in 24 hours, and {left}. Try again later, or with a shorter song."
    )

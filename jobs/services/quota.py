"""How much one account may have waiting and running at once."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model

from jobs.models import Job
from separation.errors import QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def lock_account(owner: "User") -> None:
    """Until the transaction ends, counting this account's jobs and adding one is one step: of two
    requests at once only one can take the last place."""
    get_user_model().objects.select_for_update().get(pk=owner.pk)


def check_quota(*, owner: "User") -> None:
    """Raises ``QuotaExceeded`` when one more job of ``owner`` would be too many."""
    active = Job.objects.listed().active().filter(owner=owner).count()
    if active >= settings.MAX_ACTIVE_JOBS:
        raise QuotaExceeded(
            f"You have {active} jobs waiting or running, and {settings.MAX_ACTIVE_JOBS} are "
            "allowed. Wait for some to end, or cancel them."
        )

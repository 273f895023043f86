"""How much one account may have waiting and running at once."""

from typing import TYPE_CHECKING

from django.conf import settings

from jobs.models import Job
from separation.errors import QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def check_quota(*, owner: "User") -> None:
    """Raises ``QuotaExceeded`` when one more job of ``owner`` would be too many."""
    active = Job.objects.active().filter(owner=owner).count()
    if active >= settings.MAX_ACTIVE_JOBS:
        raise QuotaExceeded(
            f"You have {active} jobs waiting or running, and {settings.MAX_ACTIVE_JOBS} are "
            "allowed. Wait for some to end, or cancel them."
        )

"""QuotaLimit: what an operator allows an account, each member of a group, or a whole group."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q


class QuotaLimit(models.Model):
    """A row of limits. In each field null means that the next rule decides, and ``NO_LIMIT`` lifts
    the limit, as 0 does in the settings.

    The row of an account takes precedence over the rows of its groups, and these take precedence
    over the site's settings. Of several groups the most generous counts. A ``shared`` row is
    independent of that: it limits what all members of its group use together.
    """

    NO_LIMIT = 0
    """The value that lifts a limit, in any field."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="quota_limit",
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="quota_limits"
    )
    shared = models.BooleanField(
        "for",
        default=False,
        choices=((False, "each member"), (True, "all members together")),
    )
    stored_bytes = models.PositiveBigIntegerField("storage", null=True, blank=True)
    audio_minutes_per_day = models.PositiveIntegerField(
        "minutes of audio in 24 hours", null=True, blank=True
    )
    active_jobs = models.PositiveIntegerField("jobs waiting and running", null=True, blank=True)
    running_jobs = models.PositiveIntegerField("jobs running at once", null=True, blank=True)

    class Meta:
        verbose_name = "quota"
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True, shared=False)
                | Q(user__isnull=True, group__isnull=False),
                name="quota_of_a_user_or_of_a_group",
            ),
            models.UniqueConstraint(
                fields=("group", "shared"), name="quota_once_for_each_use_of_a_group"
            ),
        )

    def __str__(self) -> str:
        return f"{self.group}, {self.get_shared_display()}" if self.group else str(self.user)

"""AccountClosure: the record of an account that its owner has closed."""

from django.conf import settings
from django.db import models


class AccountClosureQuerySet(models.QuerySet["AccountClosure"]):
    def under_way(self) -> "AccountClosureQuerySet":
        return self.filter(completed_at=None)


class AccountClosure(models.Model):
    """The operator's record of a deletion. While ``account`` is set, some data of the account
    remains. After that the record does not identify the account.

        requested (the account is inactive) -> completed (it is gone, ``account`` is null)
    """

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="closure",
    )
    jobs = models.PositiveIntegerField(default=0, help_text="Removed so far.")
    songs = models.PositiveIntegerField(default=0, help_text="Removed so far.")
    size_bytes = models.PositiveBigIntegerField(default=0, help_text="Of songs and tracks.")
    requested_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = AccountClosureQuerySet.as_manager()

    class Meta:
        verbose_name = "closed account"
        ordering = ("-requested_at",)

    def __str__(self) -> str:
        state = "closed" if self.completed_at else "being closed"
        return f"account {state}, {self.requested_at:%Y-%m-%d %H:%M}"

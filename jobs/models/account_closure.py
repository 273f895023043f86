"""AccountClosure: the record of an account that its owner has closed."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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
        verbose_name=_("account"),
    )
    jobs = models.PositiveIntegerField(_("separations"), default=0, help_text=_("Removed so far."))
    songs = models.PositiveIntegerField(_("songs"), default=0, help_text=_("Removed so far."))
    size_bytes = models.PositiveBigIntegerField(
        _("bytes"), default=0, help_text=_("Of songs and tracks.")
    )
    requested_at = models.DateTimeField(_("requested"), auto_now_add=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    objects = AccountClosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed account")
        verbose_name_plural = _("closed accounts")
        ordering = ("-requested_at",)

    def __str__(self) -> str:
        state = "closed" if self.completed_at else "being closed"
        return f"account {state}, {self.requested_at:%Y-%m-%d %H:%M}"

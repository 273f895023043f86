"""Batch: songs that were sent together, shown and handled as one."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django_stubs_ext.db.models.manager import RelatedManager

    from jobs.models.job import Job
    from jobs.models.upload import Upload

MAX_NAME_LENGTH = 80


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "BatchQuerySet":
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def awaiting_notice(self) -> "BatchQuerySet":
        """Batches whose owner requested an e-mail that is not sent yet."""
        return self.filter(notify_by_email=True, notified_at=None)

    def with_failed_notice(self) -> "BatchQuerySet":
        """Batches whose e-mail is not sent because the last try failed."""
        return self.awaiting_notice().exclude(notice_error="")


class Batch(models.Model):
    """A batch exists as long as it has a song.

    Its progress is computed from its jobs. No field stores it, so it cannot be wrong after a crash.
    ``last_added_at``: when work was last added, by a new song or by one that runs again. Adding
    work clears ``notified_at``, so that the owner gets one e-mail each time that all work ends.
    ``notice_not_before``: no other process tries to send the e-mail before this time.
    """

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="batches",
        verbose_name=_("person"),
    )
    name = models.CharField(_("name"), max_length=MAX_NAME_LENGTH)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_added_at = models.DateTimeField(_("last song added"), default=timezone.now, editable=False)

    notify_by_email = models.BooleanField(_("e-mail requested"), default=False)
    notified_at = models.DateTimeField(_("e-mail sent"), null=True, blank=True, editable=False)
    notice_tries = models.PositiveSmallIntegerField(
        _("tries to send it"), default=0, editable=False
    )
    notice_not_before = models.DateTimeField(
        _("next try after"), null=True, blank=True, editable=False
    )
    notice_error = models.CharField(_("e-mail fault"), max_length=255, blank=True, editable=False)

    objects = BatchQuerySet.as_manager()

    if TYPE_CHECKING:
        jobs: RelatedManager[Job]
        uploads: RelatedManager[Upload]

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(
                fields=("last_added_at",),
                condition=Q(notify_by_email=True, notified_at=None),
                name="batch_untold",
            ),
        )

    def __str__(self) -> str:
        return self.name

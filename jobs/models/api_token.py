"""ApiToken: the secret that a program sends instead of a password, with a name from its owner."""

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

MAX_NAME_LENGTH = 60


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "ApiTokenQuerySet":
        return self.filter(user_id=user.pk) if user.is_authenticated else self.none()

    def expired(self) -> "ApiTokenQuerySet":
        """Tokens that grant no access any more. They are deleted when the next token is created
        or used."""
        return self.filter(expiry__lt=timezone.now())


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no types
    """knox's row, which holds a digest and never the token, with fields by which a person
    distinguishes tokens. ``public_id`` is its id in addresses. ``name`` may be empty after a
    program's log-in.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=MAX_NAME_LENGTH, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    objects = AuthTokenManager.from_queryset(ApiTokenQuerySet)()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("-created",)
        constraints = (
            models.UniqueConstraint(
                "user", Lower("name"), condition=~Q(name=""), name="token_name_once_for_each_user"
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.name or "Without a name"

    @property
    def is_expired(self) -> bool:
        return self.expiry is not None and self.expiry < timezone.now()

"""SetList: songs in an order, such as those of one evening."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from jobs.models.job import Job

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django_stubs_ext.db.models.manager import RelatedManager

MAX_SET_LIST_NAME_LENGTH = 80


class SetListQuerySet(models.QuerySet["SetList"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "SetListQuerySet":
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()


class SetList(models.Model):
    """A song may be in several set lists. Neither removing a song nor deleting the set list deletes
    the song. "Friday" and "friday" are the same name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="set_lists"
    )
    name = models.CharField(max_length=MAX_SET_LIST_NAME_LENGTH)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SetListQuerySet.as_manager()

    if TYPE_CHECKING:
        entries: RelatedManager["SetListSong"]

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint("owner", Lower("name"), name="set_list_once_for_each_owner"),
        )

    def __str__(self) -> str:
        return self.name


class SetListSong(models.Model):
    """The place of one song in one set list. Places may have gaps; only their order counts."""

    set_list = models.ForeignKey(SetList, on_delete=models.CASCADE, related_name="entries")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="set_list_entries")
    place = models.PositiveIntegerField()

    class Meta:
        ordering = ("place", "id")
        constraints = (
            models.UniqueConstraint(fields=("set_list", "job"), name="song_once_in_a_set_list"),
        )

    def __str__(self) -> str:
        return f"{self.place}: {self.job_id}"

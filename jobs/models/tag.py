"""Tag: a label that a person gives to some of their jobs."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

MAX_TAG_LENGTH = 40


class Tag(models.Model):
    """A tag is deleted when no job has it any more. "Live" and "live" are the same tag."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tags"
    )
    name = models.CharField(max_length=MAX_TAG_LENGTH)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint("owner", Lower("name"), name="tag_once_for_each_owner"),
        )

    def __str__(self) -> str:
        return self.name

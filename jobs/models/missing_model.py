"""MissingModel: a model that a worker's host could not get for a song."""

from django.db import models


class MissingModel(models.Model):
    """One row for each host and model, as of the last song that ran without the model. The row is
    deleted when a song on that host gets the model. The rows only inform people; no code decides
    by them."""

    host = models.CharField(max_length=128)
    model_name = models.CharField(max_length=128)
    used = models.CharField(max_length=128, help_text="The model that ran in its place.")
    reason = models.TextField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("host", "model_name")
        constraints = (
            models.UniqueConstraint(
                fields=("host", "model_name"), name="missing_model_once_for_each_host"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model_name} on {self.host}"

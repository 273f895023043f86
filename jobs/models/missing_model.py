"""MissingModel: what a worker's host wanted for a song and could not have."""

from django.db import models


class MissingModel(models.Model):
    """One for each host and model, as of the last song that did without it; gone when a song on
    that host had it. Nothing decides by these rows: they are told to people."""

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

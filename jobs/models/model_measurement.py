"""ModelMeasurement: how well a model separated songs whose stems are known, on this site."""

from django.db import models
from django.utils import timezone


class ModelMeasurement(models.Model):
    """One run over a suite of songs. Every run is kept; the model's card shows the newest.

    ``figures``: decibels by measure (:data:`separation.catalogue.model.MEASURES`) and stem, with
    ``mean`` for all stems where the run reported it. ``seconds``: time of work for ``audio_s``
    seconds of music.
    """

    separator = models.CharField(max_length=64)
    model_name = models.CharField(max_length=128)
    weights_digest = models.CharField(max_length=64, blank=True)
    suite = models.CharField(max_length=200)
    songs = models.PositiveIntegerField()
    figures = models.JSONField()
    audio_s = models.FloatField()
    seconds = models.FloatField()
    peak_memory_bytes = models.PositiveBigIntegerField(null=True)
    measured_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-measured_at", "-id")
        indexes = (
            models.Index(
                fields=("separator", "model_name", "-measured_at"), name="measured_newest"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model_name} on {self.suite}, {self.measured_at:%Y-%m-%d}"

    @property
    def times_real_time(self) -> float | None:
        return self.audio_s / self.seconds if self.seconds > 0 else None

"""ModelMeasurement: how well a model separated songs whose stems are known, on this site."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ModelMeasurement(models.Model):
    """One run over a suite of songs. Every run is kept; the model's card shows the newest.

    ``figures``: decibels by measure (:data:`separation.catalogue.model.MEASURES`) and stem, with
    ``mean`` for all stems where the run reported it. ``seconds``: time of work for ``audio_s``
    seconds of music.
    """

    separator = models.CharField(_("separator"), max_length=64)
    model_name = models.CharField(_("model"), max_length=128)
    weights_digest = models.CharField(_("fingerprint of the weights"), max_length=64, blank=True)
    suite = models.CharField(_("test songs"), max_length=200)
    songs = models.PositiveIntegerField(_("number of songs"))
    figures = models.JSONField(_("results"))
    audio_s = models.FloatField(_("seconds of music"))
    seconds = models.FloatField(_("seconds of work"))
    peak_memory_bytes = models.PositiveBigIntegerField(_("most memory, in bytes"), null=True)
    measured_at = models.DateTimeField(_("measured"), default=timezone.now)

    class Meta:
        verbose_name = _("measurement of a model")
        verbose_name_plural = _("measurements of models")
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

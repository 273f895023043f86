"""Speed: the measured cost of work on a device, learned from completed jobs."""

from django.db import models


class Speed(models.Model):
    """Seconds of work per second of audio, by host, device and kind of work.

    ``work`` is a stage's name; ``separator``, ``model_name`` and ``precision`` are empty for
    stages without them. ``seconds_per_second`` is a moving average over ``samples`` jobs.
    """

    host = models.CharField(max_length=128)
    device = models.CharField(max_length=64, help_text="cpu, cuda or remote.")
    work = models.CharField(max_length=64)
    separator = models.CharField(max_length=64, blank=True)
    model_name = models.CharField(max_length=128, blank=True)
    precision = models.CharField(max_length=16, blank=True)
    seconds_per_second = models.FloatField()
    samples = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("host", "device", "work")
        constraints = (
            models.UniqueConstraint(
                fields=("host", "device", "work", "separator", "model_name", "precision"),
                name="speed_once_for_each_kind_of_work",
            ),
        )

    def __str__(self) -> str:
        return f"{self.work} on {self.host} {self.device}: {self.seconds_per_second:.3g}"

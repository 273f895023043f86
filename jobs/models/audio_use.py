"""AudioUse: how much audio an account had separated, and when."""

from django.conf import settings
from django.db import models

from jobs.models.job import Job


class AudioUse(models.Model):
    """One row for each job. The row stays when the job is cancelled or deleted. It is deleted when
    the job fails, and when it is too old to count against the daily limit."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="audio_uses"
    )
    job = models.OneToOneField(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="audio_use"
    )
    seconds = models.FloatField()
    used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=("owner", "used_at"), name="audio_use_of_the_day"),)

    def __str__(self) -> str:
        return f"{self.seconds:.0f} s at {self.used_at:%Y-%m-%d %H:%M}"

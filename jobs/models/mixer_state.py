"""The state of the mixer of a job, which the page restores when it opens."""

from django.conf import settings
from django.db import models

from jobs.models.job import Job


class MixerState(models.Model):
    """One for each job and account, deleted with either. The last writer wins.

    ``saved``: named loops and mixes, which ``jobs.services.saved_mixes`` writes.
    ``number`` counts the states that ``page`` has sent, as requests may overtake each other.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="mixer_states")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mixer_states"
    )
    state = models.JSONField()
    saved = models.JSONField(default=dict)
    page = models.CharField(max_length=32, blank=True)
    number = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("job", "owner"), name="mixer_state_once_for_each_job_and_owner"
            ),
        )

    def __str__(self) -> str:
        return f"{self.owner}: {self.job_id}"

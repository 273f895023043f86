"""Songs that people had separated, and campaigns over them."""

from collections.abc import Callable
from typing import Any

from jobs.models import Campaign, Job, Source
from jobs.models.job import JobStatus
from jobs.services.campaigns.actions import plan_campaign, start_campaign
from jobs.services.campaigns.advance import advance_campaigns
from jobs.services.campaigns.query import current_versions
from tests.factories import make_artifact, make_job, make_source, make_user

MP3 = {"separator": "spectral", "format": "mp3"}
"""What a campaign asks for in most tests: another format than the songs have."""


def make_song(**overrides: Any) -> Job:
    """A completed job of a song, as this code would have made it, with one track."""
    source = overrides.pop("source", None) or make_source(
        owner=overrides.get("owner") or make_user()
    )
    ran = {"separator": "spectral", "model": "spectral", "weights_digest": "old"}
    manifest = {"separation": {**ran, **overrides.pop("ran", {})}}
    values = {"owner": source.owner, "status": JobStatus.COMPLETED, "manifest": manifest}
    job = make_job(source=source, **{**values, **overrides})
    set_versions(job)
    if job.status == JobStatus.COMPLETED:
        make_artifact(job)
    return job


def set_versions(job: Job, **others: int) -> None:
    for name, version in {**current_versions(), **others}.items():
        job.stages.filter(name=name).update(version=version)


def start(*conditions: str, **choices: Any) -> Campaign:
    plan = plan_campaign(options=choices or MP3, conditions=conditions)
    return start_campaign(plan=plan)[0]


def finish(job: Job, status: str = JobStatus.COMPLETED) -> Job:
    """What a worker does with a waiting job, without the sound."""
    held = {"lease_token": None, "completed_at": job.created_at, "attempt": 1}
    Job.objects.filter(pk=job.pk).update(status=status, manifest={"version": "2.0"}, **held)
    set_versions(job)
    if status == JobStatus.COMPLETED:
        make_artifact(job)
    job.refresh_from_db()
    return job


def make_version(song: Job | None = None, *conditions: str, **choices: Any) -> Job:
    """A completed version of ``song``, offered to its owner."""
    song = song or make_song()
    campaign = start(*conditions, **choices)
    advance_campaigns()
    return finish(campaign.jobs.get(replaces=song))


def run_all(campaign: Campaign, each: Callable[[Job], Any] = finish) -> None:
    """Advance the campaign, ending each of its jobs at once, until it is done."""
    for _ in range(100):
        advance_campaigns()
        for job in campaign.jobs.filter(status=JobStatus.PENDING):
            each(job)
        campaign.refresh_from_db()
        if campaign.completed_at:
            return
    raise AssertionError(f"{campaign} does not end")


def songs_in(campaign: Campaign) -> list[Source]:
    return [job.source for job in campaign.jobs.select_related("source").order_by("source_id")]

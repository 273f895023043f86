"""What ``manage.py reprocess`` says, and that it makes one campaign of one question."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from jobs.models import Campaign, Job, Speed
from jobs.models.campaign import CampaignStatus
from jobs.services.campaigns.advance import advance_campaigns
from tests.jobs.campaigns.world import finish, make_song


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("reprocess", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    errors = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("reprocess", *arguments, stderr=errors)
    assert ended.value.code == 2
    return errors.getvalue()


SPECTRAL_MP3 = ("--separator", "spectral", "--format", "mp3")


def test_a_dry_run_foretells_and_makes_nothing(owner: User) -> None:
    make_song().source.path.unlink()
    job = make_song()
    type(job.source).objects.update(duration_s=90.0)
    told = run(*SPECTRAL_MP3, "--dry-run")
    assert "Songs found: 2" in told
    assert "Jobs to make: 1, 1.5 minutes of audio" in told
    assert "left out, the audio was deleted: 1" in told
    assert "Expected time: not known" in told
    assert not Campaign.objects.exists() and Job.objects.count() == 2


def test_a_dry_run_tells_the_time_once_it_was_measured(owner: User) -> None:
    job = make_song()
    type(job.source).objects.update(duration_s=100.0)
    for stage in job.pipeline:
        separates = {"separator": "spectral", "model_name": "spectral"}
        more = separates if stage["name"] == "separation" else {}
        Speed.objects.create(
            host="here", device="cpu", work=stage["name"], seconds_per_second=0.5, **more
        )
    assert "Expected time: about 7 min for one worker" in run(*SPECTRAL_MP3, "--dry-run")


def test_asked_twice_is_one_campaign(owner: User) -> None:
    make_song()
    first = run(*SPECTRAL_MP3, "--where", "duration_s<300", "--owner", "owner")
    again = run(*SPECTRAL_MP3, "--where", "owner=owner", "--where", "duration_s < 300")
    campaign = Campaign.objects.get()
    assert str(campaign.pk) in first and str(campaign.pk) in again
    assert "there already and goes on" in again and "there already" not in first
    advance_campaigns()
    finish(campaign.jobs.get())
    advance_campaigns()
    assert "done" in run(*SPECTRAL_MP3, "--where", "duration_s<300", "--owner", "owner")
    assert campaign.jobs.count() == 1


def test_campaigns_are_listed_paused_resumed_and_shown(owner: User) -> None:
    assert "no campaign yet" in run("--list")
    make_song()
    run(*SPECTRAL_MP3)
    campaign = Campaign.objects.get()
    start = campaign.pk.hex[:8]
    assert f"{start}  spectral, running: 0 of 1 songs looked at, 0 jobs made" in run("--list")
    assert "paused" in run("--pause", start)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.PAUSED
    assert "--resume" in run(*SPECTRAL_MP3)
    assert "running" in run("--resume", str(campaign.pk))
    advance_campaigns()
    assert "Jobs: 1 waiting" in run("--status", start)
    finish(campaign.jobs.get())
    assert "Jobs: 1 ready" in run("--status", start)
    assert "1 version(s) accepted." in run("--accept-all", start)
    assert "Jobs: 1 accepted" in run("--status", start)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Say with --separator"),
        (("--separator", "magic"), "There is no separator 'magic'"),
        (("--separator", "demucs", "--model", "tuba"), "has no model 'tuba'"),
        (("--separator", "spectral", "--where", "colour=red"), "There are: separator=NAME"),
        (("--separator", "spectral", "--stages", "mixing"), "there is no stage 'mixing'"),
        (("--separator", "spectral", "--owner", "nobody"), "there is no account 'nobody'"),
        (("--status", "0123"), "There is no campaign '0123'"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_code(
    owner: User, arguments: tuple[str, ...], told: str
) -> None:
    said = refused(*arguments)
    assert said.startswith("invalid_options: ") and told in said
    assert not Campaign.objects.exists()

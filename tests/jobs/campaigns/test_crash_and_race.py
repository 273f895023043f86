"""No song twice and none left out: real processes that are killed, and two at once."""

import random
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from jobs.models import Campaign, Job
from jobs.services.campaigns import advance
from jobs.services.campaigns.advance import advance_campaigns
from jobs.services.job.create import insert_job
from tests.jobs.campaigns.processes import PENDING, Site, told
from tests.jobs.campaigns.world import make_song, run_all, songs_in, start

SONGS = 40
WHOLE = {
    "status": "done",
    "counts": [SONGS, 32, 8],
    "twice": 0,
    "left_out": 0,
    "jobs": 32,
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path / "site")
    site.run("set_up", songs=SONGS)
    return site


@pytest.mark.slow
def test_housekeeping_that_is_killed_again_and_again_takes_each_song_once(site: Site) -> None:
    chance = random.Random(5)
    kills = 0
    for _ in range(5):
        process = site.start("advance")
        assert process.stdout is not None
        for _ in range(chance.randint(1, 3)):
            process.stdout.readline()
        process.kill()
        kills += process.wait() == -9
    assert kills >= 3, "the campaign was done before it could be disturbed"
    site.run("advance")
    assert site.run("report") == WHOLE


@pytest.mark.slow
def test_two_housekeepings_at_once_take_each_song_once(site: Site) -> None:
    both = [site.start("advance") for _ in range(2)]
    most = [told(process) for process in both]
    assert max(most) <= PENDING
    assert site.run("report") == WHOLE


class Broken(Exception):
    pass


def test_a_failure_in_the_middle_of_a_portion_undoes_the_portion(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = [make_song() for _ in range(6)]
    campaign = start()
    advance_campaigns()
    done = Job.objects.filter(campaign=campaign)
    done.update(status="completed")
    before = campaign.jobs.count()
    made: list[Job] = []

    def break_at_the_second(**fields: object) -> Job:
        if made:
            raise Broken
        made.append(insert_job(**fields))  # type: ignore[arg-type]
        return made[0]

    monkeypatch.setattr(advance, "insert_job", break_at_the_second)
    with pytest.raises(Broken):
        advance_campaigns()
    assert made and campaign.jobs.count() == before
    campaign.refresh_from_db()
    assert campaign.queued == before
    monkeypatch.undo()
    run_all(Campaign.objects.get())
    assert songs_in(campaign) == sorted((job.source for job in songs), key=lambda s: s.pk)

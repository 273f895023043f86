"""What one process alone could not get wrong: claims and caps under real concurrency."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.jobs.worker.live_site import LiveSite

pytestmark = pytest.mark.slow

RACERS = 4


@pytest.fixture
def make_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LiveSite]]:
    made: list[LiveSite] = []

    def make(**environment: str) -> LiveSite:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        made.append(LiveSite(tmp_path))
        made[0].call("set_up")
        return made[0]

    yield make
    for site in made:
        site.close()


def test_each_job_is_claimed_by_exactly_one_of_many(make_site: Callable[..., LiveSite]) -> None:
    site = make_site()
    jobs = site.call("create_all", jobs=12, seconds=0.1)
    claimed = [*chain(*site.at_once(RACERS, "claim_all", jobs=12))]
    assert sorted(claimed) == sorted(jobs)


def test_no_race_starts_more_jobs_of_one_account_than_may_run(
    make_site: Callable[..., LiveSite],
) -> None:
    site = make_site(STEMSITE_MAX_RUNNING_JOBS="2")
    for who in ("a", "b"):
        site.call("create_all", jobs=6, seconds=0.1, who=who)
    assert len([*chain(*site.at_once(RACERS, "claim_all", jobs=12))]) == 4


def test_no_race_gets_more_minutes_out_of_a_day_than_there_are(
    make_site: Callable[..., LiveSite],
) -> None:
    site = make_site(STEMSITE_MAX_AUDIO_MINUTES_PER_DAY="10")
    song = site.call("song", minutes=2.0)
    assert sum(site.at_once(RACERS, "submit_all", source_id=song, jobs=5)) == 5

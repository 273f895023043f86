"""One run of many jobs under many kills, short in the tests and long by `make chaos`."""

import random
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.site import ChaosSite
from tests.chaos.songs import Jukebox, make_small_network
from tests.chaos.storm import Storm, Tally, tally

CLUSTERS = 2
"""As on two hosts: when one lies dead, the other's reaper sees to its jobs."""


@dataclass(frozen=True)
class RunSize:
    jobs: int
    kills: int
    seconds: float

    @property
    def within_s(self) -> float:
        """A generous end for a run that hangs; nothing is concluded from being faster."""
        return 120.0 + 20.0 * self.jobs + 40.0 * self.kills


def run(folder: Path, database_url: str | None, size: RunSize, seed: int) -> Tally:
    """Raises ``AssertionError`` when jobs do not end or processes stay."""
    make_small_network(folder / "models")
    site = ChaosSite(folder, database_url, STEMSITE_MODEL_DIR=str(folder / "models"))
    try:
        return _run(site, size, seed)
    finally:
        site.close()


def _run(site: ChaosSite, size: RunSize, seed: int) -> Tally:
    draw = random.Random(seed)
    music = Jukebox(site, seconds=size.seconds, network_seconds=size.seconds / 4)
    for _ in range(CLUSTERS):
        site.start_cluster()
    first = music.references()[: size.jobs]
    for job in first:
        site.wait_until_ended(job, 120.0)
    for _ in range(size.jobs - len(first)):
        music.order(draw)
    storm = Storm(site, seed, jobs=size.jobs, kills=size.kills, before=len(first))
    storm.rage(size.within_s)
    site.wait_for(lambda: not site.strays(), 30.0, "orphans are left while the clusters live")
    site.stop_all()
    return tally(site, storm.kills)

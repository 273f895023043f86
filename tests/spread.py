"""How the tests are spread over processes, and the dearest of them over runs.

What shares a costly site stays together, and what takes longest begins first, so that no process is
left with it at the end.

``SHARD=1/3`` in the environment leaves two thirds of the dearest files to the runs with
``SHARD=2/3`` and ``SHARD=3/3``; all other tests belong to each. Without it everything runs.
"""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/browser/",)
"""Folders with one site, one browser and one mixable job for all their files."""

ALONE = ("tests/browser/tour/",)
"""Folders within such folders that have a site of their own."""

LONGEST_FIRST = (
    *TOGETHER,
    "tests/chaos/",
    "tests/jobs/worker/test_live_clusters.py",
    "tests/separation/storage/test_checkpoint_kill.py",
    "tests/separation/runner/test_runner_supervision.py",
    "tests/separation/training/test_loop.py",
    "tests/separation/separators/remote/test_remote_two_portals.py",
    "tests/separation/separators/remote/test_remote_stemsite.py",
    "tests/jobs/queue/test_races.py",
    "tests/separation/runner/test_runner_process.py",
    "tests/separation/training/test_commands.py",
    "tests/jobs/batches/test_once.py",
    "tests/zoo/test_truncated.py",
    "tests/jobs/campaigns/test_crash_and_race.py",
    "tests/jobs/worker/test_execute.py",
    "tests/separation/separators/test_openvino_separate.py",
    "tests/stemsite/test_no_server_error.py",
    "tests/separation/net/test_url_page.py",
    "tests/jobs/uploads/test_live.py",
    "tests/separation/pipeline/test_second_level.py",
    "tests/jobs/worker/test_live_suspension.py",
    "tests/separation/audio/test_hpss.py",
    "tests/jobs/uploads/test_clients.py",
    "tests/separation/storage/test_checkpoint_rules.py",
    "tests/jobs/worker/test_live_worker.py",
    "tests/stemsite/gateway/test_slow_clients.py",
    "tests/jobs/commands/test_evaluate_command.py",
    "tests/separation/pipeline/test_odd_songs_in_stages.py",
    "tests/separation/separators/remote/test_remote_trouble.py",
    "tests/stemsite/test_served_site.py",
    "tests/jobs/commands/test_separate_command.py",
    "tests/separation/net/test_url_download.py",
    "tests/zoo/test_hostile.py",
    "tests/separation/engine/spectrogram/test_stream.py",
    "tests/jobs/worker/test_attempt_time.py",
    "tests/jobs/backup/test_documented.py",
    "tests/separation/pipeline/test_pipeline_resume.py",
    "tests/jobs/test_full_disk.py",
    "tests/separation/engine/test_openvino_engine.py",
)
"""What stays together can be shared out least, so it comes before what is many files; then those
that took longest when they were measured (``pytest --durations=0``), each more than 20 s."""


def is_dearest(item: pytest.Item) -> bool:
    """In a file that takes longest and shares no site with others."""
    shares_a_site = item.nodeid.startswith(TOGETHER) and not item.nodeid.startswith(ALONE)
    return item.nodeid.startswith(LONGEST_FIRST) and not shares_a_site


def left_to_others(items: Sequence[pytest.Item], shard: str) -> list[pytest.Item]:
    """The tests that run in other shards. Neighbours in the list of the dearest are in different
    ones, so that shards take about the same time. Raises ``ValueError`` for what is no shard."""
    number, _, shards = shard.partition("/")
    if not (number.isdecimal() and shards.isdecimal() and 1 <= int(number) <= int(shards)):
        raise ValueError(f"SHARD={shard!r} is no shard: write 1/3 for the first of three")
    files = dict.fromkeys(item.path for item in in_order(items) if is_dearest(item))
    mine = set(list(files)[int(number) - 1 :: int(shards)])
    return [item for item in items if item.path in files and item.path not in mine]


class Spread(LoadFileScheduling):  # type: ignore[misc]  # xdist publishes no types
    """A file goes to one process, as with ``--dist loadfile``; so does a folder of ``TOGETHER``."""

    def _split_scope(self, nodeid: str) -> str:
        scopes = (each for each in (*ALONE, *TOGETHER) if nodeid.startswith(each))
        return next(scopes, nodeid.split("::")[0])


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """``LONGEST_FIRST``, then the files with a test that is marked as slow, then the rest."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def rank(item: pytest.Item) -> int:
        for place, folder in enumerate(LONGEST_FIRST):
            if item.nodeid.startswith(folder):
                return place
        return len(LONGEST_FIRST) + (item.path not in slow)

    return sorted(items, key=rank)

"""How the tests are spread over processes: what shares a costly site stays together, and what takes
longest begins first, so that no process is left with it at the end."""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/browser/",)
"""Folders with one site, one browser and one mixable job for all their files."""

ALONE = ("tests/browser/test_accessibility.py",)
"""Files of such folders that have a site of their own."""

LONGEST_FIRST = (*TOGETHER, "tests/chaos/")
"""What stays together can be shared out least, so it comes before what is many files."""


class Spread(LoadFileScheduling):
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

"""Views counted by several threads of the web server at once, none of them lost."""

from pathlib import Path

import pytest

from tests.jobs.worker.live_site import LiveSite

pytestmark = pytest.mark.slow


def test_no_view_is_lost_when_many_open_a_link_at_once(tmp_path: Path) -> None:
    site = LiveSite(tmp_path)
    try:
        site.call("set_up")
        assert site.call("open_at_once", threads=6, times=10) == 60
    finally:
        site.close()

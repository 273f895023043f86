"""Several pages save the state of one mixer at once, in several threads of the web server."""

from pathlib import Path

import pytest

from tests.jobs.worker.live_site import LiveSite

pytestmark = pytest.mark.slow

PAGES = 4


def test_pages_that_save_at_once_leave_one_state_and_no_error(tmp_path: Path) -> None:
    site = LiveSite(tmp_path)
    try:
        site.call("set_up")
        [[page, number]] = site.call("save_mixer_at_once", threads=PAGES, times=5)
    finally:
        site.close()
    assert page in [f"{each:x}" for each in range(PAGES)]
    # 4 is sent after 5: it counts where another page saved between the two.
    assert number in (4, 5)

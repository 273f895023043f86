"""The picture at the top of the README is the one that ``make screenshots`` writes."""

import struct

from tests.browser.tour import WIDE
from tests.screenshots import README_HEIGHT, README_PICTURE
from tests.web_server import ROOT


def test_the_readme_shows_the_picture_that_is_written() -> None:
    assert f"]({README_PICTURE})" in (ROOT / "README.md").read_text()
    head = (ROOT / README_PICTURE).read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    # The first chunk, IHDR, begins with both (PNG specification, 11.2.1).
    assert struct.unpack(">II", head[16:]) == (WIDE, README_HEIGHT)


def test_make_screenshots_writes_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "-m tests.screenshots" in makefile.partition("\nscreenshots:")[2].partition("\n\n")[0]

"""``make screenshots [OUT=screenshots]``: a picture of every page, light, dark and on a phone, and
the one of the mixer that README.md shows.

A real site in a temporary folder, with web server and worker, filled with jobs in every state.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import MISSING, find_chromium

README_PICTURE = Path("docs/screenshot.png")
README_PAGE, README_HEIGHT = "job-result", 960
"""The top of that page, light, as high as one sees of a page."""

SETTLE_MS = 600
"""For what scripts draw after the page is there."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", nargs="*", help="names of pages, as the files have them")
    options = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        parser.error(MISSING)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stemsite.settings")
    os.environ.setdefault("STEMSITE_SECRET_KEY", "screenshots")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        count = _take_all(browser, Path(folder), options.out, options.only)
        browser.close()
    sys.stdout.write(f"{count} pictures in {options.out}\n")


def _take_all(browser: Browser, folder: Path, out: Path, only: list[str] | None) -> int:
    import django

    django.setup()
    from tests.browser.tour import LIGHT, LOOKS, filled_site, tour

    with filled_site(folder) as (site, every):
        stops = [stop for stop in every if not only or stop.name in only]
        for look in LOOKS:
            with tour(browser, site, look) as going:
                for stop in stops:
                    page = going.go(stop)
                    _take(page, out / f"{stop.name}-{look.name}.png")
                    if (stop.name, look) == (README_PAGE, LIGHT):
                        _take_for_readme(page, look.width)
    return len(stops) * len(LOOKS)


def _take(page: Page, file: Path) -> None:
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=file, full_page=True)


def _take_for_readme(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": README_HEIGHT})
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=README_PICTURE)


if __name__ == "__main__":
    main()

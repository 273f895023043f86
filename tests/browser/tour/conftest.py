"""One site with a world in it for all that go through every page."""

from collections.abc import Iterator

import pytest

from tests.browser.tour import filled_site
from tests.browser.tour_world import Stop


@pytest.fixture(scope="package")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[Stop]]]:
    """Its address and its pages."""
    with filled_site(tmp_path_factory.mktemp("tour")) as site:
        yield site

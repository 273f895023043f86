"""A site whose first page plays a song, a short one; what it really plays is heard in a browser."""

import numpy as np
import pytest
from pytest_django.fixtures import Settings

from jobs.services.front_demo import FrontDemo, front_demo, front_demo_dir
from tests.listening_files import write_listening

STEMS = ("drums", "bass", "other", "vocals")
FRAMES = 8820


@pytest.fixture
def demo(settings: Settings) -> FrontDemo:
    settings.FRONT_DEMO = True
    random = np.random.default_rng(15)
    sounds = {name: random.normal(0, 0.1, (2, FRAMES)).astype(np.float32) for name in STEMS}
    activity = {"vocals": [[0.05, 0.1]]}
    write_listening(front_demo_dir(), sounds, activity, preview_gain_db=0.0, gain_db=0.0)
    found = front_demo()
    assert found is not None
    return found

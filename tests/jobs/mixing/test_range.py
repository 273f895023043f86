"""The frames of a song that a mix holds."""

import pytest

from jobs.models import Artifact
from jobs.services.mixing import _range
from separation.errors import InvalidOptions
from separation.mixdown.request import MixRequest

TRACK = Artifact(sample_rate_hz=1000, frames=5000)


@pytest.mark.parametrize(
    ("start_s", "end_s", "frames"),
    [
        (None, None, (0, 5000)),
        (1.5, None, (1500, 3500)),
        (None, 2.0, (0, 2000)),
        (1.0, 3.0, (1000, 2000)),
        (1.0, 99.0, (1000, 4000)),
    ],
)
def test_a_range_is_where_it_begins_and_how_much_it_holds(
    start_s: float | None, end_s: float | None, frames: tuple[int, int]
) -> None:
    assert _range(MixRequest(karaoke="without", start_s=start_s, end_s=end_s), TRACK) == frames


@pytest.mark.parametrize(("start_s", "end_s"), [(4.999, None), (5.0, 9.0), (7.0, None)])
def test_a_range_of_next_to_nothing_is_refused(start_s: float, end_s: float | None) -> None:
    with pytest.raises(InvalidOptions, match=r"which is 5\.0 s long"):
        _range(MixRequest(karaoke="without", start_s=start_s, end_s=end_s), TRACK)

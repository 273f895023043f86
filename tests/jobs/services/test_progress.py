from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models.job import JobStatus
from jobs.services.timing.progress import about, cut_percent, status_label, whole_percent
from tests.factories import make_job


def test_a_wish_to_cancel_shows_until_it_is_granted(owner: User) -> None:
    wish: dict[str, Any] = {"cancel_requested_at": timezone.now()}
    assert status_label(make_job(status=JobStatus.PROCESSING, **wish)) == "Cancelling"
    assert status_label(make_job(status=JobStatus.CANCELLED, **wish)) == "Cancelled"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "5 s"),
        (0.4, "5 s"),
        (33, "35 s"),
        (87, "85 s"),
        (90, "2 min"),
        (370, "6 min"),
        (5300, "88 min"),
        (5369, "89 min"),
        (5370, "1.5 h"),
        (7200, "2 h"),
        (9000, "2.5 h"),
    ],
)
def test_an_estimate_is_told_no_more_exactly_than_it_is(seconds: float, words: str) -> None:
    assert about(seconds) == words


@pytest.mark.parametrize(
    ("percent", "shown"),
    [(0.0, 0), (0.99, 0), (41.5, 41), (99.9, 99), (99.9999999, 100), (100, 100)],
)
def test_the_figure_that_people_read_reaches_100_at_the_end_alone(
    percent: float, shown: int
) -> None:
    """Sums of fractions miss it by less than anybody shows."""
    assert whole_percent(percent) == shown


def test_a_figure_with_digits_is_cut_too() -> None:
    assert cut_percent(99.97, 1) == 99.9
    assert cut_percent(100.0, 1) == 100.0

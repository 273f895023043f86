"""What an account is told of its limits."""

from typing import Any

import pytest

from jobs.models.quota_rules import Kind
from jobs.services.quotas.allowance import Allowance, Gauge


def gauge(kind: Kind, used: float, most: int | None, **fields: Any) -> Gauge:
    return Gauge(**{"kind": kind, "used": used, "most": most, "group": "", "origin": "", **fields})


def test_storage_and_jobs_are_always_told_and_the_rest_where_it_is_limited() -> None:
    own = tuple(gauge(kind, 0, None) for kind in Kind)
    always = [Kind.STORED_BYTES, Kind.ACTIVE_JOBS]
    told = Allowance(own, (), None).telling
    assert sorted(each.kind for each in told) == sorted(always)
    limited = tuple(gauge(kind, 0, 5) for kind in Kind)
    assert Allowance(limited, (own[0],), None).telling == [*limited, own[0]]


@pytest.mark.parametrize(
    ("kind", "used", "most", "words"),
    [
        (Kind.STORED_BYTES, 1_200_000_000, 5_000_000_000, "1.20 GB of 5.00 GB"),
        (Kind.STORED_BYTES, 1_200_000_000, None, "1.20 GB"),
        (Kind.AUDIO_MINUTES, 34.0, 60, "34 of 60 minutes"),
        (Kind.AUDIO_MINUTES, 34.46, None, "34.5 minutes"),
        (Kind.ACTIVE_JOBS, 2.0, 10, "2 of 10"),
        (Kind.ACTIVE_JOBS, 2.0, None, "2"),
    ],
)
def test_a_gauge_is_told_in_the_unit_of_its_limit(
    kind: Kind, used: float, most: int | None, words: str
) -> None:
    assert str(gauge(kind, used, most)) == words


def test_what_is_left_never_falls_below_nothing() -> None:
    assert gauge(Kind.ACTIVE_JOBS, 3, 10).left == 7
    assert gauge(Kind.ACTIVE_JOBS, 12, 10).left == 0
    assert gauge(Kind.ACTIVE_JOBS, 12, None).left is None

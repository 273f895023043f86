"""The request to stop, which all processes of a cluster see."""

import threading
import time
from collections.abc import Iterator

import pytest

from jobs.queue import drain


@pytest.fixture(autouse=True)
def nobody_asked() -> Iterator[None]:
    drain.clear()
    yield
    drain.clear()


def test_a_request_stands_until_it_is_taken_back() -> None:
    assert not drain.requested()
    drain.request()
    assert drain.requested() and drain.requested()
    drain.clear()
    assert not drain.requested()


def test_a_request_that_is_under_way_is_waited_for() -> None:
    asked = threading.Timer(0.1, drain.request)
    asked.start()
    assert drain.requested(within_s=30.0)
    asked.join()


def test_nobody_waits_for_a_request_unless_told_to() -> None:
    began = time.monotonic()
    assert not drain.requested(within_s=0.1)
    assert time.monotonic() - began >= 0.1

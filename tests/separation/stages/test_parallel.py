"""Parts of a stage in threads: order, progress, and one failure for all."""

import os
import threading
import time
from typing import Any

import pytest

from separation.errors import Cancelled, OutputInvalid
from separation.progress import Report, ignore_progress
from separation.system.parallel import in_parallel


def test_results_come_in_the_order_of_the_parts() -> None:
    def part(number: int) -> Any:
        def work(report: Report) -> int:
            time.sleep(0.02 * (3 - number))
            return number

        return work

    assert in_parallel([part(number) for number in range(4)], ignore_progress) == [0, 1, 2, 3]


def test_the_share_grows_to_one_whatever_the_order() -> None:
    told: list[float] = []

    def work(report: Report) -> None:
        for step in range(1, 5):
            report(step / 4)

    in_parallel([work] * 3, lambda fraction, message="": told.append(fraction))
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two threads at once")
def test_a_part_that_fails_stops_the_others() -> None:
    begun, reports = threading.Event(), []

    def fails(report: Report) -> None:
        begun.wait(5)
        raise OutputInvalid("broken")

    def goes_on(report: Report) -> None:
        begun.set()
        for step in range(1_000):
            report(step / 1_000)
            reports.append(step)
            time.sleep(0.005)

    with pytest.raises(OutputInvalid, match="broken"):
        in_parallel([fails, goes_on, *[goes_on] * 20], ignore_progress)
    assert len(reports) < 200


def test_a_cancel_from_the_report_is_what_is_raised() -> None:
    def stop(fraction: float, message: str = "") -> None:
        raise Cancelled("The job was cancelled.")

    with pytest.raises(Cancelled, match="The job"):
        in_parallel([lambda report: report(0.5)] * 5, stop)

"""How long work tells how far it is, and learns that it is to stop."""

from typing import Protocol


def never_stop() -> None:
    """The check of work that nobody will stop; another check raises when the work is to stop."""


class Report(Protocol):
    """Called by long work with its own share done, 0.0 to 1.0, at least once a segment.

    Raises :class:`separation.errors.Cancelled` when the work is to stop; the caller lets it
    pass and leaves nothing behind. Calls are cheap: the receiver throttles them.
    """

    def __call__(self, fraction: float, message: str = "") -> None: ...


def ignore_progress(fraction: float, message: str = "") -> None:
    """The report of somebody who does not want to know."""


def part_of(report: Report, start: float, stop: float) -> Report:
    """A report for one part of the work: its 0..1 becomes ``start``..``stop`` of the whole."""

    def scaled(fraction: float, message: str = "") -> None:
        report(start + (stop - start) * min(max(fraction, 0.0), 1.0), message)

    return scaled

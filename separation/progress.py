"""How long work reports its progress and learns that it must stop."""

from typing import Protocol


def never_stop() -> None:
    """The check of work that nobody stops. Any other check raises when the work must stop."""


def never_pause() -> bool:
    """The pause of work that nobody asks to make room. Another one is true while the work is to
    stop where it loses nothing, behind a checkpoint or between two stages."""
    return False


class Report(Protocol):
    """Long work calls it with the share that is done, 0.0 to 1.0, at least once a segment.

    Raises :class:`separation.errors.Cancelled` when the work must stop; the caller lets the error
    pass and leaves nothing behind. Calls are cheap: the receiver throttles them.
    """

    def __call__(self, fraction: float, message: str = "") -> None: ...


def ignore_progress(fraction: float, message: str = "") -> None:
    """A report that does nothing."""


def part_of(report: Report, start: float, stop: float) -> Report:
    """A report for one part of the work: maps its 0..1 to ``start``..``stop`` of ``report``."""

    def scaled(fraction: float, message: str = "") -> None:
        report(start + (stop - start) * min(max(fraction, 0.0), 1.0), message)

    return scaled

"""What runs one network: torch now, others beside it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from separation.audio.blocks import FloatArray


class Engine(ABC):
    """One network, ready to separate windows.

    ``stems``: what it gives, in its own order. ``segment_frames``: the window it is meant for.
    ``batch_size``: how many windows of equal length it likes to get at once. ``draws_below``:
    the network draws one number below this from Python's ``random`` for each window, ``None``
    where it does not; HTDemucs does, and that moves the shifts drawn after it.
    """

    name: ClassVar[str]

    stems: tuple[str, ...]
    segment_frames: int
    batch_size: int = 1
    precision: str = "float32"
    draws_below: int | None = None

    @property
    def memory_peaks(self) -> Mapping[int, int]:
        """The most bytes held on a card, by windows in a batch; empty where nobody counts."""
        return {}

    @abstractmethod
    def input_frames(self, frames: int) -> int:
        """The length that a window with ``frames`` frames of interest must be given in: at least
        ``frames``, more where the network accepts only certain lengths."""

    @abstractmethod
    def run(self, windows: FloatArray) -> FloatArray:
        """(n, channels, frames) to (n, stems, channels, frames), both float32.

        The input is not modified. Raises ``OutOfMemory``, or
        :class:`~separation.engine.devices.DeviceFailed` where another device may succeed.
        """

    def run_ahead(self, batches: Iterator[FloatArray]) -> Iterator[FloatArray]:
        """The results of :meth:`run` for each batch, in order.

        An engine that works on several batches side by side takes some of ``batches`` ahead of
        the result it gives. Closing the iterator gives up what was begun.
        """
        for batch in batches:
            yield self.run(batch)

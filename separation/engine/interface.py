"""The interface of the engines that run one network."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from separation.audio.blocks import FloatArray


class Engine(ABC):
    """One network, ready to separate windows.

    ``stems``: the network's stems, in its own order. ``segment_frames``: length of its windows.
    ``batch_size``: the preferred number of windows of equal length in a batch. ``draws_below``:
    the network draws one number below this from Python's ``random`` for each window; ``None``
    where it draws none. HTDemucs draws, which changes the shifts that are drawn after it.
    """

    name: ClassVar[str]

    stems: tuple[str, ...]
    segment_frames: int
    batch_size: int = 1
    precision: str = "float32"
    draws_below: int | None = None

    @property
    def memory_peaks(self) -> Mapping[int, int]:
        """Peak GPU memory in bytes, keyed by windows in a batch; empty where it is not counted."""
        return {}

    @abstractmethod
    def input_frames(self, frames: int) -> int:
        """The input length for a window with ``frames`` frames of interest: at least ``frames``,
        more where the network accepts only certain lengths."""

    @abstractmethod
    def run(self, windows: FloatArray) -> FloatArray:
        """Separate (n, channels, frames) into (n, stems, channels, frames), both float32.

        The input is not modified. Raises ``OutOfMemory``, or
        :class:`~separation.engine.devices.DeviceFailed` where another device may succeed.
        """

    def run_ahead(self, batches: Iterator[FloatArray]) -> Iterator[FloatArray]:
        """Yield the result of :meth:`run` for each batch, in order.

        An engine that works on several batches side by side reads some of ``batches`` ahead of the
        result that it yields. Closing the iterator cancels the work that was begun.
        """
        for batch in batches:
            yield self.run(batch)

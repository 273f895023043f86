"""Chooses which of a model's stems to compute, and which files to write."""

from dataclasses import dataclass

import numpy as np

from separation.audio.blocks import FloatArray
from separation.base import SeparatorOptions
from separation.errors import InvalidOptions


@dataclass(frozen=True)
class StemSelection:
    """``computed``: indices into the model's stems. ``outputs``: the stems to write, in order.

    With ``two_stems`` all stems are computed, and the second output is the sum of the others.
    """

    computed: tuple[int, ...]
    outputs: tuple[str, ...]
    single: int | None = None

    def arrange(self, block: FloatArray) -> dict[str, FloatArray]:
        """Split (computed, channels, frames) into one (channels, frames) for each output."""
        if self.single is None:
            return dict(zip(self.outputs, block, strict=True))
        rest = np.zeros_like(block[0])
        for k, stem in enumerate(block):
            if k != self.single:
                rest += stem
        return dict(zip(self.outputs, (block[self.single], rest), strict=True))


def choose_stems(available: tuple[str, ...], options: SeparatorOptions) -> StemSelection:
    """The stems that ``options`` request, in the model's order.

    Raises ``InvalidOptions`` for a stem that the model does not have.
    """
    requested = options.stems if options.two_stems is None else (options.two_stems,)
    for stem in requested or ():
        if stem not in available:
            raise InvalidOptions(
                f"This model gives no stem {stem!r}. It gives: {', '.join(available)}."
            )
    if options.two_stems is not None:
        every = tuple(range(len(available)))
        single = available.index(options.two_stems)
        return StemSelection(every, (options.two_stems, f"no_{options.two_stems}"), single)
    chosen = tuple(k for k, stem in enumerate(available) if requested is None or stem in requested)
    return StemSelection(chosen, tuple(available[k] for k in chosen))

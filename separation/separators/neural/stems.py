"""Which of a model's stems are wanted, and what is written for them."""

from dataclasses import dataclass

import numpy as np

from separation.audio.blocks import FloatArray
from separation.base import SeparatorOptions
from separation.errors import InvalidOptions


@dataclass(frozen=True)
class StemChoice:
    """``computed``: indices into the model's stems. ``outputs``: what is written, in order.

    With ``two_stems`` everything is computed and the second output is the sum of the others.
    """

    computed: tuple[int, ...]
    outputs: tuple[str, ...]
    single: int | None = None

    def arrange(self, block: FloatArray) -> dict[str, FloatArray]:
        """(computed, channels, frames) as one (channels, frames) per output."""
        if self.single is None:
            return dict(zip(self.outputs, block, strict=True))
        rest = np.zeros_like(block[0])
        for k, stem in enumerate(block):
            if k != self.single:
                rest += stem
        return dict(zip(self.outputs, (block[self.single], rest), strict=True))


def choose_stems(available: tuple[str, ...], options: SeparatorOptions) -> StemChoice:
    """What ``options`` want of a model's stems, in the model's order.

    Raises ``InvalidOptions`` for a stem that the model does not give.
    """
    wanted = options.stems if options.two_stems is None else (options.two_stems,)
    for stem in wanted or ():
        if stem not in available:
            raise InvalidOptions(
                f"This model gives no stem {stem!r}. It gives: {', '.join(available)}."
            )
    if options.two_stems is not None:
        every = tuple(range(len(available)))
        single = available.index(options.two_stems)
        return StemChoice(every, (options.two_stems, f"no_{options.two_stems}"), single)
    chosen = tuple(k for k, stem in enumerate(available) if wanted is None or stem in wanted)
    return StemChoice(chosen, tuple(available[k] for k in chosen))

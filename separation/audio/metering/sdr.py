"""The signal-to-distortion ratio over a whole song and all channels.

As the MDX challenge of 2021 counts it: Mitsufuji et al., "Music Demixing Challenge 2021", 2022.
"""

from collections.abc import Iterable

import numpy as np

from separation.audio.blocks import FloatArray

_FLOOR = 1e-12
"""Added to both energies, so that the ratio stays finite."""


def sdr_of_blocks(blocks: Iterable[tuple[FloatArray, FloatArray]]) -> float:
    """In dB, rounded to hundredths: 10 log10(energy of the true sound / energy of the error).

    ``blocks``: consecutive pairs of the true sound and the estimate, each (channels, samples) of
    equal shape, full scale 1.0. They are not modified.
    """
    energy = error = _FLOOR
    for true, estimated in blocks:
        wide = true.astype(np.float64)
        energy += float(np.sum(wide**2))
        error += float(np.sum((wide - estimated) ** 2))
    return round(10 * float(np.log10(energy / error)), 2)

"""Downmix of any number of channels to two.

Recommendation ITU-R BS.775-3, annex 4, table 2: the centre and each surround channel are added to
the front channels with 1/sqrt(2), and a single surround channel to both with 1/2. The
recommendation leaves out the low-frequency channel, and so does this module. The table ends at
3/2: a position that it does not list has the gains of the nearest one that it lists. The result is
not scaled down: samples stay float, and a later stage applies one common gain against clipping.
"""

import numpy as np

from separation.audio.blocks import FloatArray

_HALF_POWER = 0.5**0.5

_GAINS: dict[str, tuple[float, float]] = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (_HALF_POWER, _HALF_POWER),
    "LFE": (0.0, 0.0),
    "BL": (_HALF_POWER, 0.0),
    "BR": (0.0, _HALF_POWER),
    "SL": (_HALF_POWER, 0.0),
    "SR": (0.0, _HALF_POWER),
    # A single rear channel goes to both sides with 1/2 (see the docstring of this module).
    "BC": (0.5, 0.5),
    "FLC": (1.0, 0.0),
    "FRC": (0.0, 1.0),
    "TFL": (_HALF_POWER, 0.0),
    "TFR": (0.0, _HALF_POWER),
    "TSL": (_HALF_POWER, 0.0),
    "TSR": (0.0, _HALF_POWER),
    "TBL": (_HALF_POWER, 0.0),
    "TBR": (0.0, _HALF_POWER),
    "TC": (0.5, 0.5),
    "TFC": (0.5, 0.5),
    "TBC": (0.5, 0.5),
}

WAVE_ORDER: dict[int, tuple[str, ...]] = {
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
"""RFC 9639 (FLAC), section 9.1.3; WAV files have the same order."""

VORBIS_ORDER: dict[int, tuple[str, ...]] = {
    3: ("FL", "FC", "FR"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FC", "FR", "BL", "BR"),
    6: ("FL", "FC", "FR", "BL", "BR", "LFE"),
    7: ("FL", "FC", "FR", "SL", "SR", "BC", "LFE"),
    8: ("FL", "FC", "FR", "SL", "SR", "BL", "BR", "LFE"),
}
"""Vorbis I specification, section 4.3.9."""


def downmix_matrix(channels: int, layout: tuple[str, ...] | None) -> FloatArray:
    """Return gains of shape (2, channels) for more than two channels.

    Without a known ``layout``, each side is the mean of all channels.
    """
    if layout is None or len(layout) != channels or any(name not in _GAINS for name in layout):
        return np.full((2, channels), 1.0 / channels, dtype=np.float32)
    return np.array([_GAINS[name] for name in layout], dtype=np.float32).T


class Downmix:
    """Turns (channels, n) blocks into one channel (mono source) or two."""

    def __init__(self, channels: int, layout: tuple[str, ...] | None) -> None:
        self.channels_out = min(channels, 2)
        self._matrix = downmix_matrix(channels, layout) if channels > 2 else None

    def apply(self, block: FloatArray) -> FloatArray:
        return block if self._matrix is None else self._matrix @ block

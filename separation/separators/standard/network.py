"""Joins Spleeter and the band-split network into one mask network. Imports torch."""

import torch

from separation.engine.spectrogram.network import MaskNetwork, magnitudes
from separation.separators.bandsplit.layout import STEMS
from separation.separators.bandsplit.network import BandSplitNetwork
from separation.separators.spleeter.network import SpleeterNetwork
from separation.separators.standard.transients import drums_and_bass

_TINY = 1e-6
"""Minimum share of ``other`` in a bin, so that the shares can be scaled to a sum of 1."""


class StandardMasks(MaskNetwork):
    """Spleeter extracts the vocals, and the band-split network splits the accompaniment.

    The share of a bin in which the band-split network still finds vocals is divided among drums,
    bass and other in proportion to their shares. Without Spleeter the band-split network splits the
    mixture into all four stems.
    """

    stems = STEMS

    def __init__(self, bandsplit: BandSplitNetwork, spleeter: SpleeterNetwork | None) -> None:
        super().__init__()
        self.bandsplit = bandsplit
        self.spleeter = spleeter

    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        if self.spleeter is None:
            return _summing_to_one(self._split(spectra))
        vocals, accompaniment = self.spleeter(magnitudes(spectra)).unbind(dim=1)
        music = _summing_to_one(self._split(spectra * accompaniment.unsqueeze(-1))[:, :-1])
        return torch.cat([accompaniment.unsqueeze(1) * music, vocals.unsqueeze(1)], dim=1)

    def _split(self, spectra: torch.Tensor) -> torch.Tensor:
        """Shares of drums, bass, other and vocals, which need not sum to 1.

        The network receives left, right and mid, as in its training."""
        mid = spectra.mean(dim=1, keepdim=True)
        seen = magnitudes(torch.cat([spectra, mid], dim=1))
        drums, bass, other, vocals = self.bandsplit(seen).unbind(dim=1)
        drums, bass = drums_and_bass(seen[:, :-1], drums, bass)
        return torch.stack([drums, bass, other + _TINY, vocals], dim=1)


def _summing_to_one(shares: torch.Tensor) -> torch.Tensor:
    return shares / shares.sum(dim=1, keepdim=True)

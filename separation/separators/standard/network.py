"""Spleeter and the band-split network as one mask network. Imports torch."""

import torch

from separation.engine.spectrogram.network import MaskNetwork, magnitudes
from separation.separators.bandsplit.layout import STEMS
from separation.separators.bandsplit.network import BandSplitNetwork
from separation.separators.spleeter.network import SpleeterNetwork
from separation.separators.standard.transients import drums_and_bass

_TINY = 1e-6
"""Share of a bin that is other at least, so that shares can be brought to a sum of one."""


class StandardMasks(MaskNetwork):
    """Vocals as Spleeter takes them, and what it leaves split by the band-split network.

    What the band-split network still takes for vocals there is shared out among drums, bass and
    other as they share the bin. Without Spleeter it splits the mixture itself into all four.
    """

    stems = STEMS

    def __init__(self, bandsplit: BandSplitNetwork, spleeter: SpleeterNetwork | None) -> None:
        super().__init__()
        self.bandsplit = bandsplit
        self.spleeter = spleeter

    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        if self.spleeter is None:
            return _summing_to_one(self._split(spectra))
        vocals, left = self.spleeter(magnitudes(spectra)).unbind(dim=1)
        music = _summing_to_one(self._split(spectra * left.unsqueeze(-1))[:, :-1])
        return torch.cat([left.unsqueeze(1) * music, vocals.unsqueeze(1)], dim=1)

    def _split(self, spectra: torch.Tensor) -> torch.Tensor:
        """Shares of drums, bass, other and vocals, which need not sum to one.

        The network gets what it was trained on: left, right and mid."""
        mid = spectra.mean(dim=1, keepdim=True)
        seen = magnitudes(torch.cat([spectra, mid], dim=1))
        drums, bass, other, vocals = self.bandsplit(seen).unbind(dim=1)
        drums, bass = drums_and_bass(seen[:, :-1], drums, bass)
        return torch.stack([drums, bass, other + _TINY, vocals], dim=1)


def _summing_to_one(shares: torch.Tensor) -> torch.Tensor:
    return shares / shares.sum(dim=1, keepdim=True)

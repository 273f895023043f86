"""Spleeter and the band-split network as one mask network. Imports torch."""

from typing import Literal

import torch

from separation.engine.spectrogram.network import MaskNetwork, magnitudes
from separation.separators.bandsplit.layout import STEMS
from separation.separators.bandsplit.network import BandSplitNetwork
from separation.separators.spleeter.network import SpleeterNetwork

Residue = Literal["other", "vocals", "shared"]
"""Where goes what the band-split network still takes for vocals in what Spleeter left: to ``other``
or ``vocals``, or ``shared`` out among drums, bass and other as they share the bin."""

RESIDUE: Residue = "other"

_TINY = 1e-6
"""Share of a bin below which what is shared out is not worth a division by it."""


class StandardMasks(MaskNetwork):
    """Vocals as Spleeter takes them, and what it leaves split by the band-split network.

    Without Spleeter the band-split network splits the mixture itself.
    """

    stems = STEMS

    def __init__(
        self,
        bandsplit: BandSplitNetwork,
        spleeter: SpleeterNetwork | None,
        residue: Residue = RESIDUE,
    ) -> None:
        super().__init__()
        self.bandsplit = bandsplit
        self.spleeter = spleeter
        self._residue = residue

    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        if self.spleeter is None:
            return self._split(spectra)
        vocals, left = self.spleeter(magnitudes(spectra)).unbind(dim=1)
        split = self._split(spectra * left.unsqueeze(-1))
        return _composed(vocals, left, split, self._residue)

    def _split(self, spectra: torch.Tensor) -> torch.Tensor:
        """What the band-split network was trained on: left, right and mid."""
        mid = spectra.mean(dim=1, keepdim=True)
        masks: torch.Tensor = self.bandsplit(magnitudes(torch.cat([spectra, mid], dim=1)))
        return masks


def _composed(
    vocals: torch.Tensor, left: torch.Tensor, split: torch.Tensor, residue: Residue
) -> torch.Tensor:
    """Masks (n, 4, ...) in the order of ``STEMS`` from ``vocals`` and ``left``, which sum to one,
    and the masks of what is left, ``split``."""
    drums, bass, other, doubt = split.unbind(dim=1)
    if residue == "vocals":
        vocals = vocals + left * doubt
    elif residue == "other":
        other = other + doubt
    else:
        sure = (1 - doubt).clamp(min=_TINY)
        drums, bass = drums / sure, bass / sure
        other = 1 - drums - bass
    return torch.stack([left * drums, left * bass, left * other, vocals], dim=1)

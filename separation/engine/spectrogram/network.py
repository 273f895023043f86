"""What a mask network is, as a torch module. Imports torch."""

from abc import ABC, abstractmethod

import torch


class MaskNetwork(torch.nn.Module, ABC):
    """Masks for the stems of a stretch of song, from its magnitudes alone.

    ``stems``: what the masks are for, in their order. Networks are put together by calling them in
    each other's :meth:`forward`: a network of networks is one as well.
    """

    stems: tuple[str, ...]

    @abstractmethod
    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        """(n, 2 channels, ``FRAMES``, ``BINS``) float32, at least 0, to masks
        (n, stems, 2, ``FRAMES``, ``BINS``) between 0 and 1 that sum to one over the stems.

        The scale is that of an STFT by :mod:`separation.engine.spectrogram.layout` of a song with
        full scale 1, without any normalisation.
        """

"""What a mask network is, as a torch module. Imports torch."""

from abc import ABC, abstractmethod

import torch

LOUDEST = 1e6
"""Magnitudes that a network sees at most, 54 dB above those of a sine at full scale: files of
floating point hold larger ones, whose squares would leave the range of float32."""


class MaskNetwork(torch.nn.Module, ABC):
    """Masks for the stems of a stretch of song, from its spectra.

    ``stems``: what the masks are for, in their order. Networks are put together by calling them in
    each other's :meth:`forward`: a network of networks is one as well.
    """

    stems: tuple[str, ...]

    @abstractmethod
    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        """(n, 2 channels, ``FRAMES``, ``BINS``, real and imaginary part) float32 to masks
        (n, stems, 2, ``FRAMES``, ``BINS``) between 0 and 1 that sum to one over the stems.

        The scale is that of an STFT by :mod:`separation.engine.spectrogram.layout` of a song with
        full scale 1, without any normalisation. Parts instead of complex numbers, as OpenVINO
        knows none.
        """


def magnitudes(spectra: torch.Tensor) -> torch.Tensor:
    """(..., 2 parts) to (...), at most ``LOUDEST``."""
    # As a sum, since OpenVINO takes apart what lies side by side ten times more slowly.
    return (spectra * spectra).sum(dim=-1).sqrt().clamp(max=LOUDEST)


def unfolded(weight: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """``weight``, for a product with finite ``values`` that is no ``linear``.

    OpenVINO computes such a product with a constant in float32 also where it was asked for half
    precision, and rearranges what comes and goes (figures: docs/performance.md). To OpenVINO, a
    weight plus a zero that is made of the values is no constant.
    """
    return weight + values.reshape(-1)[0].clamp(0.0, 0.0)

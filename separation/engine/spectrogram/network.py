"""The base class of mask networks, as torch modules. Imports torch."""

from abc import ABC, abstractmethod

import torch

LOUDEST = 1e6
"""Upper limit of the magnitudes that a network receives, 54 dB above those of a sine at full scale.
Floating-point files can hold larger ones, and their squares would exceed the range of float32."""


class MaskNetwork(torch.nn.Module, ABC):
    """Computes the masks of the stems in one window of a song from its spectra.

    ``stems``: the stems in the order of the masks. A mask network may call other mask networks in
    its :meth:`forward`.
    """

    stems: tuple[str, ...]

    @abstractmethod
    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        """Compute masks (n, stems, 2, ``FRAMES``, ``BINS``), between 0 and 1 with a sum of 1 over
        the stems, from float32 spectra (n, 2 channels, ``FRAMES``, ``BINS``, real and imaginary
        part).

        The scale is that of an STFT by :mod:`separation.engine.spectrogram.layout` of a song with
        full scale 1, without any normalisation. Real and imaginary parts are separate because
        OpenVINO has no complex numbers.
        """


def magnitudes(spectra: torch.Tensor) -> torch.Tensor:
    """(..., 2 parts) to (...), at most ``LOUDEST``."""
    # As a sum, because OpenVINO needs ten times as long to split adjacent values.
    return (spectra * spectra).sum(dim=-1).sqrt().clamp(max=LOUDEST)


def unfolded(weight: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return ``weight`` in a form that OpenVINO does not treat as a constant.

    Use it for a product with finite ``values`` that is not a ``linear``. OpenVINO would compute
    such a product with a constant in float32 even in half precision, and would rearrange its input
    and output (figures: docs/performance.md). A weight plus a zero computed from the values is not
    a constant to OpenVINO.
    """
    return weight + values.reshape(-1)[0].clamp(0.0, 0.0)

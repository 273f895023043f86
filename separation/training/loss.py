"""How far masks are from the truth."""

import torch

_FLOOR = 3e-3
"""Error energy, as a share of the mixture's, below which a stem is right: 25 dB under the song. It
bounds what a stem that is absent can cost or earn."""

_SILENCE = 1e-2
_TINY = 1e-8

ABSOLUTE_WEIGHT = 0.1
"""For the error's magnitude. With more of it a network learns medians: a stem that dominates fewer
than half of the bins, such as the vocals, was left out altogether."""

_MIXTURE_SHARE = 0.3


def mask_loss(masks: torch.Tensor, mixture: torch.Tensor, stems: torch.Tensor) -> torch.Tensor:
    """A mean over mixtures and stems; smaller is better.

    ``masks`` (n, 4, 2, frames, bins); ``mixture`` (n, 2, 2, frames, bins) and ``stems``
    (n, 4, 2, 2, frames, bins) hold real and imaginary part in their third (fourth) axis. Two terms:
    the logarithm of the error's energy against the mixture's, which is what SDR measures, and a
    little of the error's magnitude against that of the stem. Both are bounded where a stem, or the
    mixture, is silent: a share of the mixture's is added to what they are divided by.
    """
    error = masks.unsqueeze(3) * mixture.unsqueeze(1) - stems
    axes = (2, 3, 4)
    power = (error * error).sum(dim=3)
    whole_power = (mixture * mixture).sum(dim=2)
    energy = whole_power.sum(dim=(1, 2, 3)).unsqueeze(1) + _SILENCE
    logarithm = torch.log((power.sum(dim=axes) + _FLOOR * energy) / energy)
    magnitude = torch.sqrt(power + _TINY).sum(dim=axes)
    truth = torch.sqrt((stems * stems).sum(dim=3) + _TINY).sum(dim=axes)
    whole = torch.sqrt(whole_power + _TINY).sum(dim=(1, 2, 3)).unsqueeze(1)
    absolute = magnitude / (truth + _MIXTURE_SHARE * whole)
    return (logarithm + ABSOLUTE_WEIGHT * absolute).mean()

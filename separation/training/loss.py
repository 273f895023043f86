"""How far masks are from the truth."""

import torch

_MIXTURE_SHARE = 0.3
"""With 0.05 a network soon learnt to leave the vocals out: in the mixtures without them the least
trace cost more than all of them did elsewhere."""

_FLOOR = 1e-2
_TINY = 1e-8

LOG_WEIGHT = 0.12
"""Chosen so that both terms change a network at the start of a training equally much."""


def mask_loss(masks: torch.Tensor, mixture: torch.Tensor, stems: torch.Tensor) -> torch.Tensor:
    """A mean over mixtures and stems; smaller is better.

    ``masks`` (n, 4, 2, frames, bins); ``mixture`` (n, 2, 2, frames, bins) and ``stems``
    (n, 4, 2, 2, frames, bins) hold real and imaginary part in their third (fourth) axis. Two terms:
    the error's magnitude against that of the stem, and the logarithm of its energy against the
    mixture's, which is what SDR measures. Both are bounded where a stem, or the mixture, is
    silent: a share of the mixture's is added to what they are divided by.
    """
    error = masks.unsqueeze(3) * mixture.unsqueeze(1) - stems
    axes = (2, 3, 4)
    power = (error * error).sum(dim=3)
    magnitude = torch.sqrt(power + _TINY).sum(dim=axes)
    truth = torch.sqrt((stems * stems).sum(dim=3) + _TINY).sum(dim=axes)
    whole_power = (mixture * mixture).sum(dim=2)
    whole = torch.sqrt(whole_power + _TINY).sum(dim=(1, 2, 3)).unsqueeze(1)
    absolute = magnitude / (truth + _MIXTURE_SHARE * whole)
    energy = whole_power.sum(dim=(1, 2, 3)).unsqueeze(1) + 1e-2
    logarithm = torch.log((power.sum(dim=axes) + _FLOOR * energy) / energy)
    return (absolute + LOG_WEIGHT * logarithm).mean()

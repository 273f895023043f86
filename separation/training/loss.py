"""The loss: the error of masks against the true stems."""

import torch

_SILENCE = 1e-2

_MIXTURE_SHARE = 0.05
"""Share of the mixture's energy that is added to a stem's. With a smaller share an absent stem
weighs much more than a present one, and the network leaves out whatever it is unsure of. With the
logarithm of each stem's error the network never learnt vocals."""


def mask_loss(masks: torch.Tensor, mixture: torch.Tensor, stems: torch.Tensor) -> torch.Tensor:
    """The mean loss over mixtures and stems; smaller is better.

    ``masks`` (n, 4, 2, frames, bins); ``mixture`` (n, 2, 2, frames, bins) and ``stems``
    (n, 4, 2, 2, frames, bins) hold real and imaginary part in their third (fourth) axis. The loss
    of a stem is the energy of the error divided by the energy of the stem. A share of the mixture's
    energy is added to the latter, so the loss is bounded where a stem is silent. Energies teach
    means. Their roots, of a bin or of a whole mixture, would teach medians, and a network that
    learns medians leaves out a stem that is mostly absent or dominates fewer than half of the bins.
    """
    error = masks.unsqueeze(3) * mixture.unsqueeze(1) - stems
    axes = (2, 3, 4, 5)
    energy = (mixture * mixture).sum(dim=(1, 2, 3, 4)).unsqueeze(1) + _SILENCE
    share = (error * error).sum(dim=axes) / (
        (stems * stems).sum(dim=axes) + _MIXTURE_SHARE * energy
    )
    return share.mean()

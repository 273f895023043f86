"""How far masks are from the truth."""

import torch

_SILENCE = 1e-2

_MIXTURE_SHARE = 0.05
"""Share of the mixture's energy that is added to a stem's. With less of it a stem that is absent
weighs much more than one that is there, and the network leaves out what it is unsure of: by the
logarithm of each stem's error, vocals were never learnt."""


def mask_loss(masks: torch.Tensor, mixture: torch.Tensor, stems: torch.Tensor) -> torch.Tensor:
    """A mean over mixtures and stems; smaller is better.

    ``masks`` (n, 4, 2, frames, bins); ``mixture`` (n, 2, 2, frames, bins) and ``stems``
    (n, 4, 2, 2, frames, bins) hold real and imaginary part in their third (fourth) axis. For each
    stem the error's energy against the stem's, to which a share of the mixture's is added, so that
    it is bounded where a stem is silent. Energies teach means. A root of them, of a bin or of a
    whole mixture, would teach medians, by which a stem that is there less often than not, or that
    dominates fewer than half of the bins, is left out.
    """
    error = masks.unsqueeze(3) * mixture.unsqueeze(1) - stems
    axes = (2, 3, 4, 5)
    energy = (mixture * mixture).sum(dim=(1, 2, 3, 4)).unsqueeze(1) + _SILENCE
    share = (error * error).sum(dim=axes) / (
        (stems * stems).sum(dim=axes) + _MIXTURE_SHARE * energy
    )
    return share.mean()

"""Which of drums and bass a low sound is: drums die away, a bass stays. Imports torch.

Medians along time keep what sustains, medians along frequency what strikes (FitzGerald,
"Harmonic/percussive separation using median filtering", DAFx 2010). Only operations that OpenVINO
converts are used.
"""

import torch

LOW_BINS = 12
"""Up to 130 Hz, where kick drum and bass share the bins."""

SPAN = 17
"""Frames (0.4 s) and bins (180 Hz) of a median."""

_STRENGTH = 1.5
_LEAST = 0.04
"""What a mask is multiplied by at least before ``_STRENGTH``; 2 is the most, 1 changes nothing."""

_SILENCE = 1e-9


def drums_and_bass(magnitudes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Magnitudes (n, 2, frames, bins) to factors for the masks of drums and of bass, of the same
    shape, positive, and 1 above the lowest ``LOW_BINS``."""
    striking = _striking_share(magnitudes)
    above = magnitudes.shape[-1] - LOW_BINS
    drums, bass = (
        torch.nn.functional.pad((2 * share).clamp(min=_LEAST) ** _STRENGTH, (0, above), value=1.0)
        for share in (striking, 1 - striking)
    )
    return drums, bass


def _striking_share(magnitudes: torch.Tensor) -> torch.Tensor:
    """(n, 2, frames, ``LOW_BINS``) between 0 and 1; a half in silence."""
    half = SPAN // 2
    low = magnitudes[..., : LOW_BINS + half]
    along_time = torch.cat(
        [low[:, :, :1].expand(-1, -1, half, -1), low, low[:, :, -1:].expand(-1, -1, half, -1)],
        dim=2,
    )
    along_bins = torch.cat([low[..., :1].expand(-1, -1, -1, half), low], dim=3)
    frames = magnitudes.shape[2]
    sustained = _median([along_time[:, :, k : k + frames, :LOW_BINS] for k in range(SPAN)])
    struck = _median([along_bins[..., k : k + LOW_BINS] for k in range(SPAN)])
    struck, sustained = struck * struck, sustained * sustained
    return (struck + _SILENCE / 2) / (struck + sustained + _SILENCE)


def _median(neighbours: list[torch.Tensor]) -> torch.Tensor:
    """Of an odd number of tensors, element by element."""
    largest = torch.stack(neighbours, dim=-1).topk(len(neighbours) // 2 + 1, dim=-1).values
    return largest[..., -1]

"""Assigns low sounds to drums or bass: drums decay, a bass sustains. Imports torch.

Medians along time keep sustained sounds, medians along frequency keep strokes (FitzGerald,
"Harmonic/percussive separation using median filtering", DAFx 2010). Uses only operations that
OpenVINO can convert.
"""

import torch

LOW_BINS = 12
"""Number of bins up to 130 Hz, where kick drum and bass overlap."""

SPAN_FRAMES = 17
"""Length of a median along time: 0.4 s."""

SPAN_BINS = 25
"""Length of a median along frequency: 270 Hz."""

_STRENGTH = 1.5
_LEAST = 0.04
"""Minimum factor of a mask before ``_STRENGTH``; the maximum is 2, and 1 changes nothing."""

_SILENCE = 1e-9


def drums_and_bass(
    magnitudes: torch.Tensor, drums: torch.Tensor, bass: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The masks of drums and of bass, corrected in the lowest ``LOW_BINS``.

    ``magnitudes`` and both masks are (n, 2, frames, bins). The input masks are between 0 and 1. The
    returned masks are positive, and that of bass may exceed 1. The mask of drums does not exceed
    the share of strokes, because under a loud bass the network assigns too much to quiet drums.
    """
    striking = _striking_share(magnitudes)
    low_drums = torch.minimum(drums[..., :LOW_BINS] * _factor(striking), striking)
    low_bass = bass[..., :LOW_BINS] * _factor(1 - striking)
    return (
        torch.cat([low_drums, drums[..., LOW_BINS:]], dim=-1),
        torch.cat([low_bass, bass[..., LOW_BINS:]], dim=-1),
    )


def _factor(share: torch.Tensor) -> torch.Tensor:
    return (2 * share).clamp(min=_LEAST) ** _STRENGTH


def _striking_share(magnitudes: torch.Tensor) -> torch.Tensor:
    """Share of strokes in each bin, (n, 2, frames, ``LOW_BINS``) between 0 and 1; 0.5 in
    silence."""
    frames, half = magnitudes.shape[2], SPAN_FRAMES // 2
    low = magnitudes[..., :LOW_BINS]
    along_time = torch.cat(
        [low[:, :, :1].expand(-1, -1, half, -1), low, low[:, :, -1:].expand(-1, -1, half, -1)],
        dim=2,
    )
    half = SPAN_BINS // 2
    along_bins = torch.cat(
        [low[..., :1].expand(-1, -1, -1, half), magnitudes[..., : LOW_BINS + half]], dim=3
    )
    sustained = _median([along_time[:, :, k : k + frames] for k in range(SPAN_FRAMES)])
    struck = _median([along_bins[..., k : k + LOW_BINS] for k in range(SPAN_BINS)])
    struck, sustained = struck * struck, sustained * sustained
    return (struck + _SILENCE / 2) / (struck + sustained + _SILENCE)


def _median(neighbours: list[torch.Tensor]) -> torch.Tensor:
    """The median of each element over an odd number of tensors."""
    largest = torch.stack(neighbours, dim=-1).topk(len(neighbours) // 2 + 1, dim=-1).values
    return largest[..., -1]

"""Which of drums and bass a low sound is: drums die away, a bass stays. Imports torch.

Medians along time keep what sustains, medians along frequency what strikes (FitzGerald,
"Harmonic/percussive separation using median filtering", DAFx 2010). Only operations that OpenVINO
converts are used.
"""

import torch

LOW_BINS = 12
"""Up to 130 Hz, where kick drum and bass share the bins."""

SPAN_FRAMES = 17
"""Of a median along time: 0.4 s."""

SPAN_BINS = 25
"""Of a median along frequency: 270 Hz."""

_STRENGTH = 1.5
_LEAST = 0.04
"""What a mask is multiplied by at least before ``_STRENGTH``; 2 is the most, 1 changes nothing."""

_SILENCE = 1e-9


def drums_and_bass(
    magnitudes: torch.Tensor, drums: torch.Tensor, bass: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The masks of drums and of bass, corrected in the lowest ``LOW_BINS``.

    ``magnitudes`` and both masks are (n, 2, frames, bins). Masks come in between 0 and 1 and go out
    positive; that of bass may exceed 1. That of drums does not exceed the share that strikes: where
    a loud bass drowns quiet drums, the network takes too much of the bass for drums.
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
    """(n, 2, frames, ``LOW_BINS``) between 0 and 1; a half in silence."""
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
    """Of an odd number of tensors, element by element."""
    largest = torch.stack(neighbours, dim=-1).topk(len(neighbours) // 2 + 1, dim=-1).values
    return largest[..., -1]

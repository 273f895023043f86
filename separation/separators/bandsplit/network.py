"""The band-split network: a mask for each stem from the magnitudes of a mixture.

The spectrum is cut into bands that grow with frequency, each band is embedded with its own weights,
and blocks mix the embeddings along time (dilated) and across bands. Luo and Yu, "Music Source
Separation with Band-split RNN" (IEEE/ACM TASLP 2023), describe the split; this network is not
recurrent, so that a CPU computes all frames at once. Masks sum to 1 over the stems at every bin.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from separation.engine.spectrogram.network import unfolded
from separation.separators.bandsplit.layout import BINS, STEMS, TOP_BINS

FEATURES = 3
"""Magnitudes of left, right and mid: the mid separates a wide pad from a centred voice."""

_COMPRESSION = 0.3
"""Exponent that brings quiet partials into the range of loud ones, from Stevens' power law of
loudness."""

_EPSILON = 1e-6
_SILENCE = 1e-7


@dataclass(frozen=True)
class Shape:
    """The sizes of a network of this family, stored in its weight file.

    ``bands``: (number of bands, bins in each), from 0 Hz upwards. ``dilations``: one value for each
    block, the distance in frames between the three frames that the block combines.
    """

    bands: tuple[tuple[int, int], ...] = ((12, 8), (8, 12), (8, 24), (8, 48), (8, 90))
    width: int = 96
    hidden: int = 192
    band_hidden: int = 88
    head: int = 128
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)

    @property
    def bins(self) -> int:
        """Number of bins that the bands cover; the highest ones determine the masks above them."""
        return sum(count * size for count, size in self.bands)

    @property
    def band_count(self) -> int:
        return sum(count for count, _ in self.bands)

    def as_dict(self) -> dict[str, Any]:
        """The sizes as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Shape":
        """The inverse of :meth:`as_dict`. Raises ``TypeError`` or ``ValueError`` for other
        values."""
        bands = tuple((int(count), int(size)) for count, size in values["bands"])
        dilations = tuple(int(step) for step in values["dilations"])
        return cls(**{**values, "bands": bands, "dilations": dilations})


class BandSplitNetwork(nn.Module):
    """Maps magnitudes (n, 3, frames, 2049) to masks (n, 4, 2, frames, 2049).

    Stems are ``STEMS``, channels are left and right. The level of the input does not matter,
    because each window is divided by its own level.
    """

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        sizes = self.shape
        outputs = len(STEMS) * 2
        self.embeddings = nn.ModuleList(
            BandLinear(count, FEATURES * size, sizes.width) for count, size in sizes.bands
        )
        self.blocks = nn.ModuleList(_Block(sizes, step) for step in sizes.dilations)
        self.norm = RmsNorm(sizes.width)
        self.heads = nn.ModuleList(
            _Head(count, sizes.width, sizes.head, outputs * size) for count, size in sizes.bands
        )

    def forward(self, magnitudes: torch.Tensor) -> torch.Tensor:
        return masks_of(self.logits(magnitudes), self.shape.bins)

    def logits(self, magnitudes: torch.Tensor) -> torch.Tensor:
        """(n, 4, 2, frames, bins of the bands), before the softmax over stems."""
        seen = magnitudes[..., : self.shape.bins]
        level = torch.sqrt(torch.mean(seen * seen, dim=(1, 2, 3), keepdim=True)) + _SILENCE
        # A power through the logarithm, because OpenVINO computes ``**`` value by value.
        bands = self._embed(torch.exp(_COMPRESSION * torch.log(seen / level + _EPSILON)))
        for block in self.blocks:
            bands = block(bands)
        return self._decode(self.norm(bands))

    def _embed(self, features: torch.Tensor) -> torch.Tensor:
        """(n, 3, frames, bins) to (n, bands, frames, width)."""
        count, channels, frames, _ = features.shape
        parts, start = [], 0
        for (bands, size), embedding in zip(self.shape.bands, self.embeddings, strict=True):
            part = features[..., start : start + bands * size]
            part = part.reshape(count, channels, frames, bands, size).permute(0, 3, 2, 1, 4)
            parts.append(embedding(part.reshape(count, bands, frames, channels * size)))
            start += bands * size
        return torch.cat(parts, dim=1)

    def _decode(self, bands: torch.Tensor) -> torch.Tensor:
        count, _, frames, _ = bands.shape
        parts, start = [], 0
        for (number, size), head in zip(self.shape.bands, self.heads, strict=True):
            part = head(bands[:, start : start + number])
            part = part.reshape(count, number, frames, len(STEMS), 2, size)
            part = part.permute(0, 3, 4, 2, 1, 5)
            parts.append(part.reshape(count, len(STEMS), 2, frames, number * size))
            start += number
        return torch.cat(parts, dim=-1)


def features(spectrum: torch.Tensor) -> torch.Tensor:
    """The network's input: magnitudes of left, right and mid (..., 3, frames, bins) of a complex
    spectrum (..., 2, frames, bins)."""
    mid = spectrum.mean(dim=-3, keepdim=True)
    return torch.cat([spectrum, mid], dim=-3).abs()


def masks_of(logits: torch.Tensor, bins: int) -> torch.Tensor:
    """Softmax over the stems. Above the bands, where little is audible, the masks are the mean of
    the highest ``TOP_BINS`` bins."""
    masks = torch.softmax(logits.float(), dim=1)
    above = masks[..., bins - TOP_BINS :].mean(dim=-1, keepdim=True)
    return torch.cat([masks, above.expand(*masks.shape[:-1], BINS - bins)], dim=-1)


class BandLinear(nn.Module):
    """A linear layer for each band: (n, bands, frames, in) to (n, bands, frames, out)."""

    def __init__(self, bands: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(bands, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(bands, 1, outputs))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.matmul(values, unfolded(self.weight, values)) + self.bias


class RmsNorm(nn.Module):
    """Divides each embedding by its root mean square (Zhang and Sennrich, NeurIPS 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        wide = values.float()
        scale = torch.rsqrt(torch.mean(wide * wide, dim=-1, keepdim=True) + _EPSILON)
        normed: torch.Tensor = (wide * scale).to(values.dtype) * self.weight
        return normed


class _Block(nn.Module):
    """Mixes along time, then across bands, each with a residual connection."""

    def __init__(self, shape: Shape, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.time_norm = RmsNorm(shape.width)
        self.time_in = nn.Linear(3 * shape.width, shape.hidden)
        self.time_out = nn.Linear(shape.hidden, shape.width)
        self.band_norm = RmsNorm(shape.width)
        self.band_in = nn.Linear(shape.band_count, shape.band_hidden)
        self.band_out = nn.Linear(shape.band_hidden, shape.band_count)
        for layer in (self.time_out, self.band_out):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)

    def forward(self, bands: torch.Tensor) -> torch.Tensor:
        bands = bands + self._along_time(self.time_norm(bands))
        return bands + self._across_bands(self.band_norm(bands))

    def _along_time(self, bands: torch.Tensor) -> torch.Tensor:
        step, frames = self.dilation, bands.shape[2]
        padded = nn.functional.pad(bands, (0, 0, step, step))
        near = [padded[:, :, k * step : k * step + frames] for k in range(3)]
        mixed = nn.functional.relu(self.time_in(torch.cat(near, dim=-1)))
        return self.time_out(mixed)  # type: ignore[no-any-return]

    def _across_bands(self, bands: torch.Tensor) -> torch.Tensor:
        count, number, frames, width = bands.shape
        flat = bands.reshape(count, number, frames * width)
        mixed = torch.matmul(unfolded(self.band_in.weight, flat), flat) + self.band_in.bias[:, None]
        mixed = nn.functional.relu(mixed)
        mixed = (
            torch.matmul(unfolded(self.band_out.weight, mixed), mixed) + self.band_out.bias[:, None]
        )
        return mixed.reshape(count, number, frames, width)


class _Head(nn.Module):
    """Maps embeddings to the logits of a group of bands."""

    def __init__(self, bands: int, width: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first = BandLinear(bands, width, hidden)
        self.second = BandLinear(bands, hidden, outputs)

    def forward(self, bands: torch.Tensor) -> torch.Tensor:
        return self.second(nn.functional.relu(self.first(bands)))  # type: ignore[no-any-return]

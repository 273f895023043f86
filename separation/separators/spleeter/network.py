"""Spleeter's ``2stems`` as a torch module: two U-Nets and the ratio of their estimates.

Hennequin, Khlif, Voituret and Moussallam, "Spleeter: a fast and efficient music source separation
tool with pre-trained models" (JOSS 5(50), 2020), after Jansson et al., "Singing voice separation
with deep U-Net convolutional networks" (ISMIR 2017). Imports torch.
"""

import torch
from torch.nn import functional

from separation.engine.spectrogram.layout import BINS
from separation.engine.spectrogram.network import MaskNetwork, magnitudes
from separation.separators.spleeter.checkpoint import NETWORKS

CHANNELS = (16, 32, 64, 128, 256, 512)
"""Channels of the encoder's layers."""

NETWORK_BINS = 1024
"""Number of low bins, up to 11 kHz, that the networks were trained on."""

NORM_EPSILON = 1e-3
"""Epsilon of batch normalisation in Keras; torch's default is smaller."""

SLOPE = 0.2
"""Negative slope of the encoder's leaky rectifiers."""

MASK_EPSILON = 1e-10
"""Avoids a division by 0 in silence; divided among the stems."""

_BEFORE, _AFTER = 1, 2
"""Padding before and after of TensorFlow's "same" for a kernel of 5 and a stride of 2."""


class Encoder(torch.nn.Module):
    """One layer down: (n, c, t, f) to the bare convolution (n, c', t / 2, f / 2)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(channels_in, channels_out, 5, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padded = functional.pad(x, (_BEFORE, _AFTER, _BEFORE, _AFTER))
        out: torch.Tensor = self.convolution(padded)
        return out


class Decoder(torch.nn.Module):
    """One layer up, rectified and then normalised: (n, c, t, f) to (n, c', 2 t, 2 f)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.convolution = torch.nn.ConvTranspose2d(
            channels_in, channels_out, 5, stride=2, padding=_BEFORE
        )
        self.norm = torch.nn.BatchNorm2d(channels_out, eps=NORM_EPSILON)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # TensorFlow crops two positions at the end; the padding crops only one of them.
        up = self.convolution(x)[..., :-1, :-1]
        out: torch.Tensor = self.norm(functional.relu(up))
        return out


class UNet(torch.nn.Module):
    """Maps magnitudes of the mixture (n, 2, times, bins) to those of one stem; times and bins are
    multiples of 64. ``channels``: those of the encoder's six layers."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.encoders = torch.nn.ModuleList(
            Encoder(inward, outward)
            for inward, outward in zip((2, *channels[:-1]), channels, strict=True)
        )
        # Spleeter's checkpoint also stores a sixth norm, whose output is not used.
        self.norms = torch.nn.ModuleList(
            torch.nn.BatchNorm2d(count, eps=NORM_EPSILON) for count in channels[:-1]
        )
        upward = (*channels[-2::-1], 1)
        skips = (0, *channels[-2::-1])
        before = (channels[-1], *channels[-2::-1])
        self.decoders = torch.nn.ModuleList(
            Decoder(inward + skip, outward)
            for inward, skip, outward in zip(before, skips, upward, strict=True)
        )
        self.mask = torch.nn.Conv2d(1, 2, 4, dilation=2)

    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        raw = [self.encoders[0](magnitude)]
        for encoder, norm in zip(list(self.encoders)[1:], self.norms, strict=True):
            raw.append(encoder(functional.leaky_relu(norm(raw[-1]), SLOPE)))
        x = self.decoders[0](raw.pop())
        for decoder in list(self.decoders)[1:]:
            x = decoder(torch.cat([raw.pop(), x], dim=1))
        # Padding "same" for a kernel of 4, dilated to 7.
        mask = self.mask(functional.pad(x, (3, 3, 3, 3)))
        return torch.sigmoid(mask) * magnitude


class SpleeterNetwork(torch.nn.Module):
    """Maps magnitudes (n, 2, times, ``BINS``) to masks (n, 2 stems, 2, times, ``BINS``) for vocals
    and accompaniment: each squared estimate divided by the sum of both.

    The bins above the networks' bins are accompaniment. Spleeter can also use the mean of the mask
    below, but that put cymbals into the vocals: on two of three songs with true stems the vocals
    above 11 kHz were 15 dB and 35 dB worse than silence, and 6 dB better on the third.
    """

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.vocals = UNet(channels)
        self.accompaniment = UNet(channels)

    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        low = magnitude[..., :NETWORK_BINS].contiguous(memory_format=torch.channels_last)
        # In float32 for every precision, because squares exceed the range of float16.
        power = torch.stack([self.vocals(low), self.accompaniment(low)], dim=1).float() ** 2
        masks = (power + MASK_EPSILON / 2) / (power.sum(dim=1, keepdim=True) + MASK_EPSILON)
        vocals = functional.pad(masks[:, 0], (0, BINS - NETWORK_BINS), value=0.0)
        accompaniment = functional.pad(masks[:, 1], (0, BINS - NETWORK_BINS), value=1.0)
        return torch.stack([vocals, accompaniment], dim=1)


class SpleeterMasks(MaskNetwork):
    """:class:`SpleeterNetwork` for a song's spectra."""

    stems = NETWORKS

    def __init__(self, network: SpleeterNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        masks: torch.Tensor = self.network(magnitudes(spectra))
        return masks

"""Spleeter's ``2stems`` as a torch module: two U-Nets and the ratio of what they estimate.

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
"""Of the encoder's layers."""

NETWORK_BINS = 1024
"""The lowest bins, up to 11 kHz: what the networks were trained on."""

NORM_EPSILON = 1e-3
"""Of batch normalisation in Keras; torch's own is smaller."""

SLOPE = 0.2
"""Of the encoder's leaky rectifiers."""

MASK_EPSILON = 1e-10
"""Keeps silence from dividing by zero; shared out among the stems."""

_BEFORE, _AFTER = 1, 2
"""What TensorFlow's padding "same" adds to either side for a kernel of 5 and a stride of 2."""


class Encoder(torch.nn.Module):
    """One layer down: (n, c, t, f) to the raw convolution (n, c', t / 2, f / 2)."""

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
        # One place of the two to be cropped at the end is left by the padding.
        up = self.convolution(x)[..., :-1, :-1]
        out: torch.Tensor = self.norm(functional.relu(up))
        return out


class UNet(torch.nn.Module):
    """Magnitudes of the mixture (n, 2, times, bins) to those of one stem; times and bins are
    multiples of 64. ``channels``: of the encoder's layers, six of them."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.encoders = torch.nn.ModuleList(
            Encoder(inward, outward)
            for inward, outward in zip((2, *channels[:-1]), channels, strict=True)
        )
        # The normalised sixth layer is stored in Spleeter's checkpoint but leads nowhere.
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
        # "same" for a kernel of 4 spread over 7.
        mask = self.mask(functional.pad(x, (3, 3, 3, 3)))
        return torch.sigmoid(mask) * magnitude


class SpleeterNetwork(torch.nn.Module):
    """Magnitudes (n, 2, times, ``BINS``) to masks (n, 2 stems, 2, times, ``BINS``) for vocals and
    accompaniment: estimates squared over the sum of both.

    What lies above the networks' bins is accompaniment. The mean of the mask below, which Spleeter
    offers as well, put cymbals into the vocals: on two of three songs with true stems the vocals
    above 11 kHz were 15 dB and 35 dB worse than silence, and 6 dB better on the third.
    """

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.vocals = UNet(channels)
        self.accompaniment = UNet(channels)

    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        low = magnitude[..., :NETWORK_BINS].contiguous(memory_format=torch.channels_last)
        # In float32 whatever the layers are computed in: squares leave the range of float16.
        power = torch.stack([self.vocals(low), self.accompaniment(low)], dim=1).float() ** 2
        masks = (power + MASK_EPSILON / 2) / (power.sum(dim=1, keepdim=True) + MASK_EPSILON)
        vocals = functional.pad(masks[:, 0], (0, BINS - NETWORK_BINS), value=0.0)
        accompaniment = functional.pad(masks[:, 1], (0, BINS - NETWORK_BINS), value=1.0)
        return torch.stack([vocals, accompaniment], dim=1)


class SpleeterMasks(MaskNetwork):
    """The same for a song's spectra."""

    stems = NETWORKS

    def __init__(self, network: SpleeterNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        masks: torch.Tensor = self.network(magnitudes(spectra))
        return masks

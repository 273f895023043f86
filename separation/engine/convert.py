"""Converts Hybrid Transformer Demucs to OpenVINO models. Imports torch and openvino.

The converted part is the network between the STFT and its inverse. It is traced from demucs' own
``forward`` with its four transforms replaced; :mod:`separation.engine.spectra` computes these.
"""

import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

import openvino
import torch
from demucs.htdemucs import HTDemucs

from separation.engine.rewrite import rewrite
from separation.engine.spectra import Spectra

_jit: Any = torch.jit
"""Untyped, as torch does not export the name of its warning for type checkers."""


def refusal(module: Any) -> str:
    """Why a network cannot be converted, as part of a sentence; empty where it can."""
    if not isinstance(module, HTDemucs):
        return f"networks of the kind {type(module).__name__} are not converted"
    if not module.use_train_segment:
        return "the network takes windows of any length"
    if not module.cac:
        return "the network masks magnitudes instead of giving spectra"
    if window_frames(module) <= module.nfft:
        return "its window is hardly longer than one of its spectra"
    transformer = module.crosstransformer
    if transformer is not None and transformer.emb == "sin" and transformer.sin_random_shift:
        return "the network draws random numbers"
    return ""


def window_frames(module: HTDemucs) -> int:
    """The fixed length in frames of every window of such a network."""
    return int(module.segment * module.samplerate)


def convert(module: HTDemucs, path: Path) -> None:
    """Write ``module`` as OpenVINO's pair of files: ``path`` (.xml) and the same name with .bin.

    Inputs: spectra (1, channels, times, bins, 2) and signal (1, channels, frames). Outputs: spectra
    (1, times, bins, stems, channels, 2) and signals (1, stems, channels, frames). All float32.
    """
    module = deepcopy(module)
    rewrite(module)
    frames = window_frames(module)
    spectra = Spectra(module.nfft, frames)
    example = (
        torch.randn(1, module.audio_channels, *spectra.shape),
        torch.randn(1, module.audio_channels, frames),
    )
    fused = torch.backends.mha.get_fastpath_enabled()
    # torch's fused attention is one opaque operation that OpenVINO cannot convert.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # The tracer warns that sizes become constants, which is the intention here.
            warnings.simplefilter("ignore", category=_jit.TracerWarning)
            model = openvino.convert_model(
                _SpectralCore(module.eval()),
                example_input=example,
                input=[list(one.shape) for one in example],
            )
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    # By default OpenVINO would round the weights to half precision.
    openvino.save_model(model, path, compress_to_fp16=False)


class _SpectralCore(torch.nn.Module):
    """The network from spectra to spectra, in the layout of :class:`Spectra`. The converted graph
    rearranges this layout faster than numpy does."""

    def __init__(self, network: HTDemucs) -> None:
        super().__init__()
        self.network: Any = network
        network.decoder[-1] = _TimesFirst(network.decoder[-1])

    def forward(
        self, spectra: torch.Tensor, signal: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        batch, channels, times, bins, parts = spectra.shape
        inward = spectra.permute(0, 1, 4, 3, 2).reshape(batch, channels * parts, bins, times)
        caught: list[torch.Tensor] = []

        def catch(outward: torch.Tensor, length: int) -> float:
            caught.append(outward)
            return 0.0

        replaced = {
            "_spec": lambda mix: inward,
            "_magnitude": lambda spectrum: spectrum,
            "_mask": lambda spectrum, outward: outward,
            "_ispec": catch,
        }
        vars(self.network).update(replaced)
        try:
            signals = self.network(signal)
        finally:
            for name in replaced:
                del vars(self.network)[name]
        return caught[0].reshape(batch, times, bins, -1, channels, parts), signals


class _TimesFirst(torch.nn.Module):
    """A network's last decoder whose spectra are in the memory order (batch, times, bins,
    channels), reshaped to (batch, channels, bins, times). The layers after it only scale the
    values, and :class:`_SpectralCore` undoes the reshape."""

    def __init__(self, decoder: torch.nn.Module) -> None:
        super().__init__()
        self._decoder = decoder

    def forward(self, *inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        spectra, before = self._decoder(*inputs)
        return spectra.permute(0, 3, 2, 1).reshape(spectra.shape), before

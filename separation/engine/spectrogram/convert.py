"""Converts mask networks to OpenVINO models. Imports torch and openvino."""

import warnings
from pathlib import Path
from typing import Any

import openvino
import torch

from separation.base import CHANNELS
from separation.engine.spectrogram.layout import BINS, FRAMES
from separation.engine.spectrogram.network import MaskNetwork

_jit: Any = torch.jit
"""Untyped, as torch does not export the name of its warning for type checkers."""


def convert_masks(network: MaskNetwork, path: Path) -> None:
    """Write ``network`` as OpenVINO's pair of files: ``path`` (.xml) and the same name with .bin.

    Input: spectra (1, channels, ``FRAMES``, ``BINS``, 2 parts); output: masks. All float32.
    """
    example = torch.rand(1, CHANNELS, FRAMES, BINS, 2)
    with torch.no_grad(), warnings.catch_warnings():
        # The tracer warns that sizes become constants, which is the intention here.
        warnings.simplefilter("ignore", category=_jit.TracerWarning)
        # Traced here, because tracing by OpenVINO takes four times as long.
        traced = _jit.trace(network.eval(), example, check_trace=False)
        model = openvino.convert_model(traced, example_input=example, input=[list(example.shape)])
    # By default OpenVINO would round the weights and other constants to half precision.
    openvino.save_model(model, path, compress_to_fp16=False)

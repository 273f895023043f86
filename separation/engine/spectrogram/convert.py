"""Makes OpenVINO models of mask networks. Imports torch and openvino."""

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
    """Write ``network`` as OpenVINO's pair of files, ``path`` (.xml) and the same with .bin.

    Input: spectra (1, channels, ``FRAMES``, ``BINS``, 2 parts); output: masks. All float32.
    """
    example = torch.rand(1, CHANNELS, FRAMES, BINS, 2)
    with torch.no_grad(), warnings.catch_warnings():
        # That sizes become constants is what is wanted here.
        warnings.simplefilter("ignore", category=_jit.TracerWarning)
        # Traced here, as what OpenVINO does for it takes four times as long.
        traced = _jit.trace(network.eval(), example, check_trace=False)
        model = openvino.convert_model(traced, example_input=example, input=[list(example.shape)])
    # By default weights would be rounded to half precision, and the constants beside them.
    openvino.save_model(model, path, compress_to_fp16=False)

"""Spleeter's network made small, in its authors' own code and format (``fixture/make.py``)."""

from pathlib import Path

import numpy as np
import torch

from separation.separators.spleeter.checkpoint import tensors_of
from separation.separators.spleeter.source import MODEL
from separation.separators.weights.weight_file import in_half_precision, write_weights
from separation.tensor_bundle import TensorBundle

# One thread: the sums then round alike in every run, and two cores are shared with other tests.
torch.set_num_threads(1)

FIXTURE = Path(__file__).parent / "fixture"
INDEX = FIXTURE / "model.index"
DATA = FIXTURE / "model.data-00000-of-00001"


def small_tensors() -> dict[str, np.ndarray]:
    return dict(tensors_of(TensorBundle(INDEX, DATA)))


def save_small_weights(model_dir: Path) -> Path:
    """Where a separator finds them in the place of the real ones."""
    model_dir.mkdir(parents=True, exist_ok=True)
    path = model_dir / f"{MODEL}.safetensors"
    write_weights(path, in_half_precision(small_tensors()), {"model": MODEL})
    return path

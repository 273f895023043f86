"""Maps the tensors of Spleeter's TensorFlow checkpoint to the names of our torch network."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from separation.tensor_bundle import TensorBundle

NETWORKS = ("vocals", "accompaniment")
"""The networks in the order in which Keras numbered their layers."""

_LAYERS = 6
_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def tensors_of(bundle: "TensorBundle") -> dict[str, NDArray[np.float32]]:
    """The state of :class:`~separation.separators.spleeter.network.SpleeterNetwork`, float32.

    Raises ``BundleDamaged`` where a tensor is missing or differs from its checksum.
    """
    found: dict[str, NDArray[np.float32]] = {}
    for place, network in enumerate(NETWORKS):
        for name, stored, axes in _names(place):
            values = bundle.read(stored).astype(np.float32)
            found[f"{network}.{name}"] = np.ascontiguousarray(
                values.transpose(axes) if axes else values
            )
    return found


def _names(network: int) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(our name, the checkpoint's name, order of axes for torch) for one network's tensors.

    Kernels are (height, width, in, out); those of transposed convolutions (height, width, out, in).
    """
    for layer in range(_LAYERS):
        down = _numbered("conv2d", network * (_LAYERS + 1) + layer)
        yield f"encoders.{layer}.convolution.weight", f"{down}/kernel", (3, 2, 0, 1)
        yield f"encoders.{layer}.convolution.bias", f"{down}/bias", ()
        up = _numbered("conv2d_transpose", network * _LAYERS + layer)
        yield f"decoders.{layer}.convolution.weight", f"{up}/kernel", (3, 2, 0, 1)
        yield f"decoders.{layer}.convolution.bias", f"{up}/bias", ()
        first = network * 2 * _LAYERS
        if layer < _LAYERS - 1:
            yield from _norm(f"norms.{layer}", first + layer)
        yield from _norm(f"decoders.{layer}.norm", first + _LAYERS + layer)
    last = _numbered("conv2d", network * (_LAYERS + 1) + _LAYERS)
    yield "mask.weight", f"{last}/kernel", (3, 2, 0, 1)
    yield "mask.bias", f"{last}/bias", ()


def _norm(name: str, number: int) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    stored = _numbered("batch_normalization", number)
    for theirs, ours in _NORM.items():
        yield f"{name}.{ours}", f"{stored}/{theirs}", ()


def _numbered(name: str, number: int) -> str:
    """The name of a layer in Keras; the first one has no number."""
    return f"{name}_{number}" if number else name

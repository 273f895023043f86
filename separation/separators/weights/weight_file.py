"""Reads and writes our own weight files: safetensors with the digest of their tensors."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from separation.errors import ModelUnavailable
from separation.separators.weights.store import safetensors_metadata

DIGEST = "sha256"
"""Key of the digest in the file's metadata."""

Arrays = Mapping[str, NDArray[np.generic]]


def tensors_digest(tensors: Arrays) -> str:
    """sha256 (hex) over names, types, shapes and bytes, in the order of the names."""
    digest = sha256()
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(values.data)
    return digest.hexdigest()


def in_half_precision(tensors: Arrays) -> dict[str, NDArray[np.generic]]:
    """The tensors as float16. Raises ``ModelUnavailable`` for a value that is NaN or exceeds its
    range."""
    halves: dict[str, NDArray[np.generic]] = {}
    for name, values in tensors.items():
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.isfinite(half).all():
            raise ModelUnavailable(f"The weights hold numbers that are too large or none ({name}).")
        halves[name] = half
    return halves


def write_weights(path: Path, tensors: Arrays, about: Mapping[str, str]) -> None:
    """Write ``tensors`` to ``path``. ``about``: their origin, for the metadata."""
    metadata = {**about, DIGEST: tensors_digest(tensors)}
    # Written here, because the library creates files that only their owner may read.
    path.write_bytes(save(dict(tensors), metadata=metadata))


def read_weights(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read the tensors and check their digest. Raises ``ModelUnavailable``."""
    try:
        tensors: dict[str, NDArray[np.generic]] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise damaged(path) from error
    if tensors_digest(tensors) != safetensors_metadata(path).get(DIGEST):
        raise damaged(path)
    return tensors


def damaged(path: Path) -> ModelUnavailable:
    return ModelUnavailable(
        f"The weight file {path.name} is damaged. Fetch it again: "
        f"python manage.py fetch_models {path.stem}"
    )

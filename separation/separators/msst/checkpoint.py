"""Reads the weights in a trainer's checkpoint. Imports torch: for a runner only."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from separation.engine.devices import device_errors
from separation.errors import ModelUnavailable, SeparationError

_WRAPPINGS = ("state", "state_dict", "model_state_dict")
"""Keys under which trainers store the weights beside the optimiser's state."""

_MOST_WRAPPINGS = 4
"""Limit of nested wrappings, because a pickle can contain itself."""

_PREFIXES = ("module.", "_orig_mod.", "model.")
"""Prefixes of every name, from DataParallel, torch.compile and a trainer's own module."""

State = dict[str, torch.Tensor]


def read_state(path: Path) -> State:
    """The weights by name, on the CPU; no code in the file runs. Raises ``ModelUnavailable``."""
    with device_errors("cpu"):
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        return plain_state(_read_pickle(path), path.name)


def plain_state(loaded: object, name: str) -> State:
    """The weights without wrappings and common prefixes. Raises ``ModelUnavailable``."""
    for _ in range(_MOST_WRAPPINGS):
        if not isinstance(loaded, Mapping):
            break
        loaded = next((loaded[key] for key in _WRAPPINGS if _is_state(loaded.get(key))), loaded)
    if not isinstance(loaded, Mapping) or not all(isinstance(key, str) for key in loaded):
        raise ModelUnavailable(f"The checkpoint {name} holds no weights by name.")
    state = {key: value for key, value in loaded.items() if isinstance(value, torch.Tensor)}
    if not state:
        raise ModelUnavailable(f"The checkpoint {name} holds no weights by name.")
    for prefix in _PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _is_state(value: Any) -> bool:
    return isinstance(value, Mapping)


def _read_safetensors(path: Path) -> State:
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SeparationError:
        raise
    except Exception as error:
        raise ModelUnavailable(_damaged(path)) from error


def _read_pickle(path: Path) -> object:
    # With mapping, the optimiser's state is never read. Old formats cannot be mapped.
    mapped = zipfile.is_zipfile(path)
    if mapped:
        _refuse_compressed(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        if "weights_only" not in str(error).lower() and "unsupported" not in str(error).lower():
            raise ModelUnavailable(_damaged(path)) from error
        raise ModelUnavailable(
            f"The checkpoint {path.name} holds more than weights, which could run code when it is "
            "read, and was not read. Get the weights as safetensors, or save the bare weights "
            "where you trust the file (torch.save(model.state_dict(), ...))."
        ) from error
    except OSError as error:
        raise ModelUnavailable(f"{path.name} cannot be read: {error.strerror}.") from error
    except (MemoryError, SeparationError):
        raise
    except Exception as error:
        # A damaged pickle can raise nearly any exception.
        raise ModelUnavailable(_damaged(path)) from error


def _refuse_compressed(path: Path) -> None:
    """Refuse compressed members, which could unpack to any size; torch.save compresses nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            packed = any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelUnavailable(_damaged(path)) from error
    if packed:
        raise ModelUnavailable(
            f"The checkpoint {path.name} is compressed, as torch makes none. Get the file as it "
            "was published."
        )


def _damaged(path: Path) -> str:
    return f"The checkpoint {path.name} is damaged or no checkpoint. Fetch it again."

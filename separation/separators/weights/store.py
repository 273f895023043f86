"""Finds the weights of a demucs model on this machine, without loading them and without network.

A directory may have the layout of demucs' own local repository (``name.yaml`` beside
``signature-checksum.th``) or of its hub (``name.yaml`` beside ``signature.safetensors``).
Safetensors are preferred, because ``.th`` files are pickles, which can run code when loaded.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from separation.base import SeparatorOptions
from separation.errors import InvalidOptions, ModelUnavailable
from separation.separators.weights.safe_yaml import load_yaml

HUB_REPOSITORIES = {
    "htdemucs": "adefossez/HTDemucs",
    "htdemucs_ft": "adefossez/HTDemucs-ft",
    "htdemucs_6s": "adefossez/HTDemucs-6s",
    "mdx_extra": "adefossez/Demucs-mdx_extra",
}
"""demucs.hf.hf_repo_name for each model of the catalogue; calling it would import torch."""

DEFAULT_MODEL = "htdemucs"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MAX_HEADER_BYTES = 100 * 1024 * 1024
"""Limit of the header in the safetensors format."""


@dataclass(frozen=True)
class WeightFiles:
    """A model on disk. ``files``: in the order of the bag. ``bag``: its YAML, if it has one."""

    name: str
    files: tuple[Path, ...]
    bag: Path | None = None

    def definition(self) -> dict[str, Any]:
        """The content of the bag's YAML; empty for a single model."""
        return _read_bag(self.bag) if self.bag else {}

    def digest(self) -> str:
        """sha256 (hex) over the files' digests, sorted, and the YAML; independent of the folder."""
        parts = sorted(_file_digest(path) for path in set(self.files))
        if self.bag:
            parts.append(_file_digest(self.bag))
        return sha256("\n".join(parts).encode()).hexdigest()

    def stems(self) -> tuple[str, ...] | None:
        """The stems, or ``None`` where the first file states them only when it is loaded.

        Safetensors state them without loading.
        """
        if self.files[0].suffix != ".safetensors":
            return None
        metadata = safetensors_metadata(self.files[0])
        try:
            arguments = json.loads(metadata.get("args", "[]"))
            keywords = json.loads(metadata.get("kwargs", "{}"))
            stems = keywords.get("sources") or (arguments[0] if arguments else None)
            return tuple(stems) if stems else None
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise _no_safetensors(self.files[0]) from error


def default_model_dir() -> Path:
    """The directory of fetched weights where none is set."""
    return Path.home() / ".cache" / "stemsite" / "models"


def find_weights(options: SeparatorOptions) -> WeightFiles | None:
    """The weights that ``options`` name, or ``None`` where they are not on this machine.

    A named ``repo`` is the only place searched. Otherwise these are searched in order: the model's
    folder in the model directory, the directory itself, the cache of huggingface_hub. Raises
    ``InvalidOptions`` for an invalid name, ``ModelUnavailable`` for a repository without the model
    and for incomplete weights.
    """
    if options.repo is not None:
        return _in_named_repository(options.repo, options.model)
    name = model_name(options)
    root = options.model_dir or default_model_dir()
    for directory in (root / name, root):
        if found := find_in_directory(directory, name):
            return found
    return _in_hub_cache(name)


def model_name(options: SeparatorOptions) -> str:
    """The requested model's name, safe as part of a path. Raises ``InvalidOptions``."""
    name = options.model or DEFAULT_MODEL
    if not _SAFE_NAME.fullmatch(name):
        raise InvalidOptions(
            f"{name!r} cannot be a model's name: letters, digits, dot, dash and underscore only."
        )
    return name


def find_in_directory(directory: Path, name: str) -> WeightFiles | None:
    """A model or bag called ``name`` in one directory, a single model first, as demucs does.

    Raises ``ModelUnavailable`` where the bag exists but one of its files does not.
    """
    if not directory.is_dir():
        return None
    if single := _signature_file(directory, name):
        return WeightFiles(name, (single,))
    bag = directory / f"{name}.yaml"
    if not bag.is_file():
        return None
    return _resolve(name, bag, lambda signature: _signature_file(directory, signature))


def names_in_directory(directory: Path) -> list[str]:
    """Names of a repository's bags, or of its single models where it has no bag."""
    bags = sorted(path.stem for path in directory.glob("*.yaml"))
    return bags or sorted({_signature(path) for path in _weight_paths(directory)})


def safetensors_metadata(path: Path) -> dict[str, str]:
    """The ``__metadata__`` of a safetensors file: an 8-byte little-endian length, then JSON.

    Raises ``ModelUnavailable`` for a file that is not one.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > _MAX_HEADER_BYTES:
                raise ValueError("header too long")
            return dict(json.loads(file.read(length)).get("__metadata__", {}))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _no_safetensors(path) from error


def _no_safetensors(path: Path) -> ModelUnavailable:
    return ModelUnavailable(
        f"The weight file {path.name} is damaged or not a safetensors file. Fetch it again."
    )


def _in_named_repository(directory: Path, model: str | None) -> WeightFiles:
    if not directory.is_dir():
        raise ModelUnavailable(
            f"The repository of weights {directory.name!r} is not a directory on this machine."
        )
    there = names_in_directory(directory)
    name = model or (DEFAULT_MODEL if DEFAULT_MODEL in there or len(there) != 1 else there[0])
    if not _SAFE_NAME.fullmatch(name) or not (found := find_in_directory(directory, name)):
        raise ModelUnavailable(
            f"The repository of weights {directory.name!r} holds no model {name!r}. "
            f"It holds: {', '.join(there) or 'none'}."
        )
    return found


def _in_hub_cache(name: str) -> WeightFiles | None:
    repository = HUB_REPOSITORIES.get(name)
    if repository is None:
        return None
    from huggingface_hub import try_to_load_from_cache

    def cached(file_name: str) -> Path | None:
        found = try_to_load_from_cache(repository, file_name)
        return Path(found) if isinstance(found, str) else None

    bag = cached(f"{name}.yaml")
    if bag is None:
        return None
    try:
        return _resolve(name, bag, lambda signature: cached(f"{signature}.safetensors"))
    except ModelUnavailable:
        return None  # The download was interrupted; the missing files are fetched.


def _resolve(name: str, bag: Path, find: Callable[[str], Path | None]) -> WeightFiles:
    files = []
    for signature in _read_bag(bag)["models"]:
        file = find(str(signature)) if _SAFE_NAME.fullmatch(str(signature)) else None
        if file is None:
            raise ModelUnavailable(
                f"The weights of {name!r} are incomplete: {signature} is missing beside "
                f"{bag.name}. Fetch the model again."
            )
        files.append(file)
    return WeightFiles(name, tuple(files), bag)


def _read_bag(path: Path) -> dict[str, Any]:
    bag = load_yaml(path)
    if not isinstance(bag, dict) or not isinstance(bag.get("models"), list) or not bag["models"]:
        raise ModelUnavailable(f"The file {path.name} does not list models.")
    return bag


def _signature_file(directory: Path, signature: str) -> Path | None:
    found = [path for path in _weight_paths(directory) if _signature(path) == signature]
    for suffix in (".safetensors", ".th"):
        same = [path for path in found if path.suffix == suffix]
        if len(same) > 1:
            raise ModelUnavailable(
                f"There are several files for {signature!r}: "
                f"{', '.join(path.name for path in same)}. Delete all but one."
            )
        if same:
            return same[0]
    return None


def _weight_paths(directory: Path) -> Iterator[Path]:
    return (p for p in sorted(directory.iterdir()) if p.suffix in (".safetensors", ".th"))


def _signature(path: Path) -> str:
    """``955717e8`` of ``955717e8-8726e21a.th``: a checksum follows the last dash."""
    return path.stem.rsplit("-", 1)[0] if path.suffix == ".th" else path.stem


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()

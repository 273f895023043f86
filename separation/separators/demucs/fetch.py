"""Fetches demucs weights into the model directory: from the hub, else from demucs' old site."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from separation.errors import InvalidOptions, ModelUnavailable
from separation.progress import Report, ignore_progress, part_of
from separation.separators.weights.download import download
from separation.separators.weights.store import HUB_REPOSITORIES, WeightFiles, find_in_directory

LEGACY_URL = "https://dl.fbaipublicfiles.com/demucs/"
"""demucs.pretrained.ROOT_URL"""


@dataclass(frozen=True)
class Sources:
    """``hub_url`` ``None``: huggingface_hub's endpoint. ``legacy_lists``: the directory with
    ``files.txt`` and the bags; ``None``: the one in the demucs package."""

    hub_url: str | None = None
    legacy_url: str = LEGACY_URL
    legacy_lists: Path | None = None


def fetch_demucs_model(
    name: str,
    model_dir: Path,
    *,
    report: Report = ignore_progress,
    timeout_s: float = 10.0,
    sources: Sources = Sources(),
    legacy: bool = True,
) -> WeightFiles:
    """Fetch a model into ``model_dir/name``, load it once to prove it, and return its files.

    Nothing is left behind on failure, and earlier files stay until the new ones are proven.
    ``legacy``: fall back to the old site; its files are pickles with a checksum in their name, so
    it is only for an operator who requested the model. Imports torch. Raises ``InvalidOptions`` for
    a model that cannot be fetched, ``ModelUnavailable``, ``DiskFull``, or what ``report`` raises.
    """
    if name not in HUB_REPOSITORIES:
        raise InvalidOptions(
            f"There is no model {name!r} to fetch. There are: {', '.join(HUB_REPOSITORIES)}."
        )
    model_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=model_dir) as temporary:
        staging = Path(temporary) / name
        _fetch(name, staging, report, timeout_s, sources, legacy)
        _prove(name, staging)
        _put_in_place(staging, model_dir / name, Path(temporary) / "old")
    found = find_in_directory(model_dir / name, name)
    assert found is not None
    return found


def _fetch(
    name: str, staging: Path, report: Report, timeout_s: float, sources: Sources, legacy: bool
) -> None:
    staging.mkdir()
    try:
        _fetch_from_hub(name, staging, report, timeout_s, sources)
    except ModelUnavailable as hub_error:
        if not legacy:
            raise
        shutil.rmtree(staging)
        staging.mkdir()
        try:
            _fetch_from_legacy(name, staging, report, timeout_s, sources)
        except ModelUnavailable as error:
            raise ModelUnavailable(f"{hub_error.detail} {error.detail}") from error


def _fetch_from_hub(
    name: str, staging: Path, report: Report, timeout_s: float, sources: Sources
) -> None:
    from huggingface_hub import constants

    base = f"{sources.hub_url or constants.ENDPOINT}/{HUB_REPOSITORIES[name]}/resolve/main"
    bag = staging / f"{name}.yaml"
    download(f"{base}/{bag.name}", bag, timeout_s=timeout_s)

    def fetch(signature: str, part: Report) -> None:
        file = f"{signature}.safetensors"
        download(f"{base}/{file}", staging / file, timeout_s=timeout_s, report=part)

    _fetch_each(bag, fetch, report)


def _fetch_from_legacy(
    name: str, staging: Path, report: Report, timeout_s: float, sources: Sources
) -> None:
    from demucs.pretrained import REMOTE_ROOT, ROOT_URL, _parse_remote_files

    lists = sources.legacy_lists or REMOTE_ROOT
    addresses = _parse_remote_files(lists / "files.txt")
    bag = staging / f"{name}.yaml"
    shutil.copyfile(lists / bag.name, bag)

    def fetch(signature: str, part: Report) -> None:
        url = sources.legacy_url + addresses[signature].removeprefix(ROOT_URL)
        path = staging / url.rsplit("/", 1)[1]
        checksum = path.stem.rsplit("-", 1)[1]
        download(url, path, timeout_s=timeout_s, sha256_start=checksum, report=part)

    _fetch_each(bag, fetch, report)


def _fetch_each(bag: Path, fetch: Callable[[str, Report], None], report: Report) -> None:
    signatures = list(dict.fromkeys(yaml.safe_load(bag.read_text())["models"]))
    for k, signature in enumerate(signatures):
        fetch(signature, part_of(report, k / len(signatures), (k + 1) / len(signatures)))


def _prove(name: str, directory: Path) -> None:
    from separation.separators.demucs.models import load_bag

    found = find_in_directory(directory, name)
    assert found is not None
    load_bag(found)


def _put_in_place(new: Path, place: Path, aside: Path) -> None:
    if place.exists():
        place.rename(aside)
    new.rename(place)


class FailureMemory:
    """Remembers recent failed fetches, so that later jobs do not wait for the same timeout."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[float, str]] = {}

    def remember(self, name: str, reason: str) -> None:
        self._failures[name] = (time.monotonic(), reason)

    def recall(self, name: str, within_s: float) -> str | None:
        """The reason where fetching ``name`` failed less than ``within_s`` seconds ago."""
        when, reason = self._failures.get(name, (float("-inf"), ""))
        return reason if time.monotonic() - when < within_s else None

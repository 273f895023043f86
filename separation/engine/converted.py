"""Networks converted for OpenVINO, kept on disk beside what must be known to run them.

One folder for each set of weights and version of what converts; a folder inside it for each
network. A network's folder appears in one step when all in it is on the disk, and what is damaged
is thrown away and made again. Imports neither torch nor openvino.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from separation.storage.atomic_files import (
    FileDigest,
    digest_of,
    replace_folder,
    sync,
    write_durably,
)

FORMAT = 3
"""Raise it when what is stored, or how networks are converted, changes."""

MODEL_FILE = "network.xml"
_FILES = (MODEL_FILE, "network.bin")
_LIST = "files.json"
_BAG = "bag.json"
_ABANDONED_S = 3600.0
"""Older than any conversion takes: what is left of one that crashed."""

_log = logging.getLogger("engine")


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NetworkRecord(_Stored):
    """``frames``: length of the input that the network was converted for. ``stft_window`` in
    samples. The rest is as in :class:`separation.separators.neural.bags.Network`."""

    frames: int
    stft_window: int
    segment_frames: int
    weights: tuple[float, ...]
    draws_below: int | None = None


class BagRecord(_Stored):
    """A bag as its converted networks are run. ``refusal``: why it cannot be converted, in words,
    with no networks then. ``max_segment_s``: the longest window that may be asked for."""

    stems: tuple[str, ...] = ()
    sample_rate_hz: int = 0
    channels: int = 0
    max_segment_s: float = 0.0
    networks: tuple[NetworkRecord, ...] = ()
    refusal: str = ""


class _FileList(_Stored):
    files: dict[str, FileDigest]


class ConvertedBag:
    """The converted networks of one set of weights, as far as they are there."""

    def __init__(self, cache_dir: Path, weights_digest: str, code_version: str) -> None:
        """``weights_digest``: as in the manifest. ``code_version``: of what makes a network of the
        weights; other code may make another one."""
        made_with = f"{version('openvino')}-{code_version}-{FORMAT}"
        self.cache_dir, self.weights_digest = cache_dir, weights_digest
        self.code_version = code_version
        self._family = weights_digest[:32]
        self.folder = cache_dir / f"{self._family}-{made_with}"

    def record(self) -> BagRecord | None:
        """``None`` where nothing was converted yet, or what is there cannot be read."""
        try:
            return BagRecord.model_validate_json((self.folder / _BAG).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            _log.warning("the description of a converted model is damaged: converting again")
            return None

    def network(self, index: int) -> Path | None:
        """The converted network's file, if it is there and undamaged; else what is there goes."""
        folder = self._network_folder(index)
        try:
            listed = _FileList.model_validate_json((folder / _LIST).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            listed = _FileList(files={})
        if set(listed.files) == set(_FILES) and all(
            digest.matches(folder / name) for name, digest in listed.files.items()
        ):
            return self.model_file(index)
        _log.warning("a converted network is damaged: converting it again")
        shutil.rmtree(folder, ignore_errors=True)
        return None

    def model_file(self, index: int) -> Path:
        """Where a converted network is, once it is."""
        return self._network_folder(index) / MODEL_FILE

    def store_record(self, record: BagRecord) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_durably(self.folder / _BAG, record.model_dump_json().encode())

    def store_network(self, index: int, write: Callable[[Path], None]) -> None:
        """Have ``write`` make the file it is given and those that belong to it; then keep them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{index}.{os.getpid()}.tmp"
        temporary.mkdir()
        try:
            write(temporary / MODEL_FILE)
            digests = {name: digest_of(temporary / name) for name in _FILES}
            for name in _FILES:
                sync(temporary / name)
            listed = _FileList(files=digests)
            write_durably(temporary / _LIST, listed.model_dump_json().encode())
            replace_folder(temporary, self._network_folder(index))
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what crashed conversions left, and the same weights converted by older code."""
        for path in self.folder.glob(".*.tmp"):
            if time.time() - path.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.parent.glob(f"{self._family}-*"):
            if path != self.folder:
                shutil.rmtree(path, ignore_errors=True)

    def _network_folder(self, index: int) -> Path:
        return self.folder / f"network-{index}"

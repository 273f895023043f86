"""Keeps networks converted for OpenVINO on disk, beside the record that is needed to run them.

There is one folder for each set of weights and version of the converter, and inside it one folder
for each network. A network's folder appears in one step when all its files are on the disk. A
damaged folder is deleted and converted again. Imports neither torch nor openvino.
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
"""Increase it when the stored format or the conversion of networks changes."""

MODEL_FILE = "network.xml"
_FILES = (MODEL_FILE, "network.bin")
_LIST = "files.json"
_BAG = "bag.json"
_ABANDONED_S = 3600.0
"""Longer than any conversion takes: an older temporary folder was left by a crash."""

_log = logging.getLogger("engine")


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NetworkRecord(_Stored):
    """``frames``: length of the input that the network was converted for. ``stft_window`` in
    samples. The other fields are those of :class:`separation.separators.neural.bags.Network`."""

    frames: int
    stft_window: int
    segment_frames: int
    weights: tuple[float, ...]
    draws_below: int | None = None


class BagRecord(_Stored):
    """How the converted networks of a bag are run. ``refusal``: why the bag cannot be converted, as
    part of a sentence; ``networks`` is then empty. ``max_segment_s``: the longest window that a
    request may have."""

    stems: tuple[str, ...] = ()
    sample_rate_hz: int = 0
    channels: int = 0
    max_segment_s: float = 0.0
    networks: tuple[NetworkRecord, ...] = ()
    refusal: str = ""


class _FileList(_Stored):
    files: dict[str, FileDigest]


class ConvertedBag:
    """The converted networks of one set of weights, as far as they exist."""

    def __init__(self, cache_dir: Path, weights_digest: str, code_version: str) -> None:
        """``weights_digest``: as in the manifest. ``code_version``: of the code that builds a
        network from the weights; another version may build another network."""
        made_with = f"{version('openvino')}-{code_version}-{FORMAT}"
        self.cache_dir, self.weights_digest = cache_dir, weights_digest
        self.code_version = code_version
        self._family = weights_digest[:32]
        self.folder = cache_dir / f"{self._family}-{made_with}"

    def record(self) -> BagRecord | None:
        """``None`` where nothing was converted yet, or the record cannot be read."""
        try:
            return BagRecord.model_validate_json((self.folder / _BAG).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            _log.warning("the description of a converted model is damaged: converting again")
            return None

    def network(self, index: int) -> Path | None:
        """The converted network's file, or ``None`` where it is missing. Deletes a damaged one."""
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
        """The path of a converted network, whether or not it exists."""
        return self._network_folder(index) / MODEL_FILE

    def store_record(self, record: BagRecord) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_durably(self.folder / _BAG, record.model_dump_json().encode())

    def store_network(self, index: int, write: Callable[[Path], None]) -> None:
        """Store the files that ``write`` creates; it receives the path of the model file."""
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
        """Delete leftovers of crashed conversions, and the same weights converted by older code."""
        for path in self.folder.glob(".*.tmp"):
            if time.time() - path.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.parent.glob(f"{self._family}-*"):
            if path != self.folder:
                shutil.rmtree(path, ignore_errors=True)

    def _network_folder(self, index: int) -> Path:
        return self.folder / f"network-{index}"

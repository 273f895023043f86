"""torchaudio's Hybrid Demucs, the bundle HDEMUCS_HIGH_MUSDB_PLUS.

Defossez, "Hybrid Spectrogram and Waveform Source Separation" (ISMIR MDX workshop 2021); weights
trained on MUSDB18-HQ, its test set included, and 150 songs internal to Meta.
"""

import os
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Any

from separation.base import CHANNELS, SeparatorOptions, Validation
from separation.catalogue import find_model, models_for
from separation.engine.devices import device_errors
from separation.errors import InvalidOptions, ModelUnavailable, SeparationError
from separation.progress import Report, ignore_progress
from separation.separators.demucs.fetch import FailureMemory
from separation.separators.neural.bags import LoadedBag, Network
from separation.separators.neural.separator import NeuralSeparator
from separation.separators.weights.download import download
from separation.separators.weights.store import WeightFiles, default_model_dir

MODEL = "hdemucs_high_musdb_plus"
FILE_NAME = f"{MODEL}.pt"
BUNDLE_FILE = "hdemucs_high_trained.pt"
BASE_URL = "https://download.pytorch.org/torchaudio/models/"
"""Where torchaudio's bundles come from (torchaudio/utils/download.py)."""

DEFAULT_SEGMENT_S = 10.0
"""The window of torchaudio's own tutorial on this bundle; the network takes any length."""

_LEAST_HOPS = 2
"""Shortest window in hops. The network mirrors a window at its ends by one and a half hops, and by
what completes the last hop (torchaudio/models/_hdemucs.py, ``_spec``); it fails where the padding
exceeds the window."""

_failures = FailureMemory()
_MB = 1_000_000


class TorchaudioHdemucsSeparator(NeuralSeparator):
    """Runs one network with the same overlap-add as the demucs family."""

    name = "torchaudio_hdemucs"
    packages = ("torchaudio",)

    def __init__(
        self, options: SeparatorOptions, *, factory: Callable[[], Any] | None = None
    ) -> None:
        """``factory``: builds the network without weights; ``None``: the bundle's, with 84 million
        parameters."""
        super().__init__(options)
        if options.model not in (None, MODEL):
            known = ", ".join(model.name for model in models_for(self.name))
            raise InvalidOptions(f"{self.name} has no model {options.model!r}; it has: {known}.")
        self._factory = factory

    def validate(self) -> Validation:
        if missing := self.missing_packages():
            return Validation(False, missing)
        if find_bundle(self.options) is not None:
            return Validation(True, f"The weights of {MODEL} are on this machine.")
        if self.options.offline:
            return Validation(False, _what_to_do("this server is set to work offline"))
        size = find_model(MODEL).download_bytes // _MB
        return Validation(
            True,
            f"The weights of {MODEL} are not on this machine; about {size} MB would be "
            "downloaded at first use.",
        )

    def stems_before_loading(self) -> tuple[str, ...]:
        return find_model(MODEL).stems

    def locate(self, report: Report) -> WeightFiles:
        return WeightFiles(MODEL, (find_bundle(self.options) or self._fetch(report),))

    def load_bag(self, report: Report) -> LoadedBag:
        (path,) = self.locate(report).files
        report(0.0, f"Loading {MODEL}")
        module, rate = self._network(path)
        segment_s = self.options.segment_s or DEFAULT_SEGMENT_S
        stems = tuple(module.sources)
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        network = Network(
            module,
            (1.0,) * len(stems),
            int(rate * segment_s),
            least_frames=_LEAST_HOPS * module.hop_length,
        )
        return LoadedBag(MODEL, stems, rate, CHANNELS, digest, (network,))

    def _network(self, path: Path) -> tuple[Any, int]:
        import torch
        from torchaudio.pipelines import HDEMUCS_HIGH_MUSDB_PLUS as BUNDLE

        with device_errors("cpu"):
            module = (self._factory or BUNDLE._model_factory_func)()
            try:
                module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
            except SeparationError:
                raise
            except Exception as error:
                # A damaged pickle can raise nearly any exception.
                raise ModelUnavailable(
                    f"The weight file {path.name} is damaged or for another network. Delete it "
                    f"and fetch it again: python manage.py fetch_models {MODEL}"
                ) from error
        return module, int(BUNDLE.sample_rate)

    def _fetch(self, report: Report) -> Path:
        options = self.options
        if options.offline:
            raise ModelUnavailable(_what_to_do("this server is set to work offline"))
        reason = _failures.recall(MODEL, options.hub_retry_s)
        if reason is None:
            try:
                directory = options.model_dir or default_model_dir()
                return fetch_bundle(directory, report=report, timeout_s=options.hub_timeout_s)
            except ModelUnavailable as error:
                reason = error.detail.rstrip(".")
                _failures.remember(MODEL, reason)
        raise ModelUnavailable(_what_to_do(reason))


def find_bundle(options: SeparatorOptions) -> Path | None:
    """The bundle's weights in the model directory, else in torchaudio's own cache."""
    root = options.model_dir or default_model_dir()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    hub = Path(os.environ.get("TORCH_HOME") or cache / "torch") / "hub" / "torchaudio" / "models"
    for path in (root / FILE_NAME, root / BUNDLE_FILE, hub / BUNDLE_FILE):
        if path.is_file():
            return path
    return None


def fetch_bundle(
    model_dir: Path,
    *,
    report: Report = ignore_progress,
    timeout_s: float = 10.0,
    base_url: str = BASE_URL,
) -> Path:
    """Fetch the bundle's weights into ``model_dir``. Raises ``ModelUnavailable``, ``DiskFull``."""
    model_dir.mkdir(parents=True, exist_ok=True)
    path = model_dir / FILE_NAME
    download(base_url + BUNDLE_FILE, path, timeout_s=timeout_s, report=report)
    return path


def _what_to_do(reason: str) -> str:
    return (
        f"The weights of {MODEL} are not on this machine and could not be fetched ({reason}). "
        f"Run: python manage.py fetch_models {MODEL}, or put {FILE_NAME} into STEMSITE_MODEL_DIR."
    )

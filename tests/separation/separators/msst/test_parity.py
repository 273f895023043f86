"""Every architecture against the way over a song that its trainers measure it with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch.nn.functional import pad

from separation.base import SeparatorOptions
from separation.separators.msst.network import StemNetwork, build_network
from separation.separators.msst.separator import MsstSeparator
from separation.separators.own_models.definition import parse_definition
from tests.separation.msst_models import ARCHITECTURES, save_model, small_config
from tests.separation.small_models import noise, relative_error, save_song

SONG_FRAMES = 30_011
"""No multiple of anything: the last window is cut off."""


def separated(folder: Path, samples: np.ndarray, **options: Any) -> dict[str, np.ndarray]:
    out = folder / "out"
    out.mkdir()
    chosen = SeparatorOptions(
        model_paths=(folder / "models",), model_dir=folder / "kept", device="cpu", **options
    )
    paths = MsstSeparator(chosen).separate(save_song(folder / "song.wav", samples), out)
    read = {
        stem: soundfile.read(p, dtype="float32", always_2d=True)[0] for stem, p in paths.items()
    }
    return {stem: audio.T for stem, audio in read.items()}


def whole_song(
    network: torch.nn.Module, config: dict[str, Any], samples: np.ndarray, *, mono: bool
) -> torch.Tensor:
    """The reference, plainly: mirror the ends, run every window, fade, add, divide.

    As ``demix`` of ZFTurbo/Music-Source-Separation-Training does it for all but Demucs (its
    utils/model_utils.py), over the whole song at once.
    """
    chunk = config["audio"]["chunk_size"]
    step = chunk // config["inference"]["num_overlap"]
    border, fade = chunk - step, chunk // 10
    song = torch.from_numpy(samples)
    mirrored = song.shape[-1] > 2 * border > 0
    if mirrored:
        song = pad(song[None], (border, border), mode="reflect")[0]
    window = torch.ones(chunk)
    window[:fade] = torch.linspace(0, 1, fade)
    window[-fade:] = torch.linspace(1, 0, fade)
    total, weight = torch.zeros(()), torch.zeros(song.shape[-1])
    for start in range(0, song.shape[-1], step):
        part = song[:, start : start + chunk]
        length = part.shape[-1]
        mode = "reflect" if length > chunk // 2 else "constant"
        part = pad(part[None], (0, chunk - length), mode=mode)
        with torch.inference_mode():
            out = network(part.transpose(0, 1) if mono else part)
        # One channel by itself comes as a song of its own.
        out = out[:, :, 0].transpose(0, 1) if mono else out[0]
        out = out if out.dim() == 3 else out[None]
        if total.dim() == 0:
            total = torch.zeros(len(out), *song.shape)
        shape = window.clone()
        if start == 0:
            shape[:fade] = 1
        if start + step >= song.shape[-1]:
            shape[-fade:] = 1
        total[..., start : start + length] += out[..., :length] * shape[:length]
        weight[start : start + length] += shape[:length]
    result = total / weight
    return result[..., border:-border] if mirrored else result


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_equals_the_whole_song_at_once(name: str, tmp_path: Path) -> None:
    config = small_config(name)
    network = save_model(tmp_path / "models" / "small", config=config)
    samples = noise(SONG_FRAMES)
    # Bandit's spectra are divided by the norm of a Hann window of 512, not by the root of 512.
    gain = float(np.float32((512 / 192) ** 0.5 if "bandit" in name else 1.0))
    theirs = whole_song(network, config, gain * samples, mono=name == "bandit") / gain
    ours = separated(tmp_path, samples)
    named = config["training"]["target_instrument"]
    computed = [named] if named else config["training"]["instruments"]
    assert len(computed) == len(theirs)
    for k, stem in enumerate(computed):
        assert relative_error(ours[stem], theirs[k].numpy()) <= 1e-5, stem
    # Not by chance: the network does something, and something else for each stem.
    assert relative_error(ours[computed[0]], samples) > 0.01


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_windows_in_a_batch_are_what_each_is_alone(name: str) -> None:
    """As a graphics card gets them."""
    definition = parse_definition(small_config(name))
    network = StemNetwork(build_network(definition), definition).eval()
    windows = torch.from_numpy(np.stack([noise(definition.chunk_frames, k) for k in range(3)]))
    with torch.inference_mode():
        together = network(windows)
        alone = torch.cat([network(window[None]) for window in windows])
    assert together.shape == (3, len(definition.stems), 2, definition.chunk_frames)
    assert relative_error(together.numpy(), alone.numpy()) <= 1e-5


@pytest.mark.parametrize("overlap", [1, 2, 3])
@pytest.mark.parametrize("frames", [100, 4_100, 8_064, 16_129, 25_000])
def test_songs_of_any_length_equal_it_too(overlap: int, frames: int, tmp_path: Path) -> None:
    config = small_config("mel_band_roformer", inference={"num_overlap": overlap})
    network = save_model(tmp_path / "models" / "small", config=config)
    samples = noise(frames, seed=3)
    theirs = whole_song(network, config, samples, mono=False)
    ours = separated(tmp_path, samples)["vocals"]
    assert ours.shape == samples.shape
    # Where nothing overlaps the reference divides 0 by 0 at the ends of windows.
    there = np.isfinite(theirs[0].numpy())
    assert there.mean() > 0.9 and np.isfinite(ours).all()
    scale = np.abs(theirs[0].numpy()[there]).max()
    assert np.abs(ours[there] - theirs[0].numpy()[there]).max() <= 1e-5 * scale


def test_a_network_that_wants_one_level_gets_it(tmp_path: Path) -> None:
    config = small_config("scnet", inference={"normalize": True})
    network = save_model(tmp_path / "models" / "small", config=config)
    samples = 0.05 * noise(20_000) + 0.2
    mean, std = samples.mean(0).mean(), samples.mean(0).std(ddof=1)
    normal = ((samples - mean) / std).astype(np.float32)
    theirs = whole_song(network, config, normal, mono=False).numpy() * std + mean
    ours = separated(tmp_path, samples.astype(np.float32))
    assert relative_error(ours["drums"], theirs[0]) <= 1e-5


def test_the_song_is_not_normalised_otherwise(tmp_path: Path) -> None:
    config = small_config("scnet")
    network = save_model(tmp_path / "models" / "small", config=config)
    samples = (0.05 * noise(20_000) + 0.2).astype(np.float32)
    theirs = whole_song(network, config, samples, mono=False)
    assert relative_error(separated(tmp_path, samples)["drums"], theirs[0].numpy()) <= 1e-5


def test_a_shorter_segment_is_the_window_of_a_model(tmp_path: Path) -> None:
    config = small_config("bs_roformer")
    network = save_model(tmp_path / "models" / "small", config=config)
    samples = noise(20_000)
    shorter = small_config("bs_roformer", audio={"chunk_size": 4_410})
    theirs = whole_song(network, shorter, samples, mono=False)
    ours = separated(tmp_path, samples, segment_s=0.1)
    assert relative_error(ours["vocals"], theirs[0].numpy()) <= 1e-5

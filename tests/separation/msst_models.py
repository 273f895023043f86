"""Random-weight networks of every architecture, small enough for a test, in their own layout."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from separation.separators.msst.network import build_network
from separation.separators.own_models.definition import parse_definition

torch.set_num_threads(1)

RATE_HZ = 44_100

_ROFORMER: dict[str, Any] = {
    "dim": 8,
    "depth": 1,
    "stereo": True,
    "num_stems": 1,
    "dim_head": 4,
    "heads": 2,
    "stft_n_fft": 512,
    "stft_hop_length": 128,
    "stft_win_length": 512,
    "mlp_expansion_factor": 1,
}
_TRANSFORMER = {"time_transformer_depth": 1, "freq_transformer_depth": 1}
_CONFORMER = {"time_conformer_depth": 1, "freq_conformer_depth": 1}
_BANDIT: dict[str, Any] = {
    "stems": ["speech", "music", "effects"],
    "n_bands": 8,
    "n_sqm_modules": 1,
    "emb_dim": 8,
    "rnn_dim": 8,
    "rnn_type": "GRU",
    "mlp_dim": 8,
    "n_fft": 512,
    "win_length": 512,
    "hop_length": 128,
}

_MODELS: dict[str, dict[str, Any]] = {
    "bs_roformer": {**_ROFORMER, **_TRANSFORMER, "num_stems": 2, "freqs_per_bands": (64, 64, 129)},
    "bs_conformer": {**_ROFORMER, **_CONFORMER, "freqs_per_bands": (64, 64, 129)},
    "mel_band_roformer": {**_ROFORMER, **_TRANSFORMER, "num_bands": 8, "sample_rate": RATE_HZ},
    "mel_band_conformer": {**_ROFORMER, **_CONFORMER, "num_bands": 8, "sample_rate": RATE_HZ},
    "scnet": {
        "sources": ["drums", "bass", "other", "vocals"],
        "dims": [4, 8, 8],
        "nfft": 512,
        "hop_size": 128,
        "win_size": 512,
        "band_SR": [0.175, 0.392, 0.433],
        "band_stride": [1, 4, 16],
        "band_kernel": [3, 4, 16],
        "conv_depths": [1, 1, 1],
        "num_dplayer": 2,
    },
    "mdx23c": {
        "act": "gelu",
        "bottleneck_factor": 2,
        "growth": 4,
        "norm": "InstanceNorm",
        "num_blocks_per_scale": 1,
        "num_channels": 8,
        "num_scales": 2,
        "num_subbands": 4,
        "scale": [2, 2],
    },
    "bandit": {**_BANDIT, "in_channel": 1, "band_specs": "musical", "fs": RATE_HZ},
    "bandit_v2": {**_BANDIT, "in_channels": 1, "band_type": "musical"},
    "apollo": {"sr": RATE_HZ, "win": 20, "feature_dim": 16, "layer": 1},
}
ARCHITECTURES = tuple(_MODELS)

_STEMS: dict[str, tuple[list[str], str | None]] = {
    "bs_roformer": (["vocals", "other"], None),
    "scnet": (["drums", "bass", "other", "vocals"], None),
    "mdx23c": (["vocals", "other"], None),
    "bandit": (["speech", "music", "effects"], None),
    "bandit_v2": (["speech", "music", "effects"], None),
    "apollo": (["restored", "addition"], "restored"),
}


def small_config(name: str, **changes: dict[str, Any]) -> dict[str, Any]:
    """The YAML's content; ``changes`` go into its sections."""
    instruments, target = _STEMS.get(name, (["vocals", "other"], "vocals"))
    config: dict[str, Any] = {
        "audio": {"chunk_size": 128 * 63, "num_channels": 2, "sample_rate": RATE_HZ},
        "kwargs" if name == "bandit_v2" else "model": dict(_MODELS[name]),
        "training": {"instruments": instruments, "target_instrument": target},
        "inference": {"num_overlap": 2, "batch_size": 1},
    }
    if name == "mdx23c":
        config["audio"] |= {"dim_f": 256, "hop_length": 128, "n_fft": 512, "dim_t": 64}
    for section, values in changes.items():
        config[section] = {**config.get(section, {}), **values}
    return config


def small_network(config: dict[str, Any], seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build_network(parse_definition(config))


def write_config(path: Path, config: dict[str, Any]) -> Path:
    """As trainers write it: tuples with their tag."""
    path.write_text(yaml.dump(config, Dumper=yaml.Dumper))
    return path


def save_model(
    folder: Path,
    name: str = "mel_band_roformer",
    *,
    config: dict[str, Any] | None = None,
    file: str = "model.ckpt",
    card: dict[str, Any] | None = None,
    seed: int = 0,
) -> torch.nn.Module:
    """A folder as an operator makes one; returns the network whose weights lie in it."""
    folder.mkdir(parents=True, exist_ok=True)
    config = config or small_config(name)
    network = small_network(config, seed)
    save_weights(folder / file, network)
    write_config((folder / file).with_suffix(".yaml"), config)
    if card is not None:
        (folder / "card.json").write_text(json.dumps(card))
    return network


def save_weights(path: Path, network: torch.nn.Module, wrapping: Sequence[str] = ()) -> Path:
    if path.suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file({k: v.contiguous().clone() for k, v in network.state_dict().items()}, path)
        return path
    content: object = network.state_dict()
    for key in reversed(wrapping):
        content = {key: content, "epoch": 3}
    torch.save(content, path)
    return path


def plain_weights(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights that are a formula of name and place, the same in any program that has the network;
    tables that are computed from arguments stay as they are."""
    filled = {}
    for place, name in enumerate(sorted(state)):
        value = state[name]
        is_table = any(word in name for word in ("window", "freq_weights", "freqs", "_freq"))
        if (is_table and "to_freqs" not in name) or not value.is_floating_point():
            filled[name] = value
            continue
        wave = torch.cos(0.7 * torch.arange(value.numel(), dtype=torch.float64) + place)
        wave = wave.reshape(value.shape).float()
        if value.dim() > 1:
            filled[name] = wave / value[0].numel() ** 0.5
        else:
            filled[name] = 0.1 * wave if name.endswith("bias") else 1.0 + 0.1 * wave
    return filled


def plain_song(frames: int) -> torch.Tensor:
    """(1, 2, frames): sweeps that are a formula, too."""
    time = torch.arange(frames, dtype=torch.float64)
    left = torch.sin(0.01 * time + 1e-5 * time**2)
    right = torch.cos(0.5 * torch.sin(0.003 * time) * time**0.9)
    return (0.1 * torch.stack([left, right])[None]).float()


def known_config(name: str) -> dict[str, Any]:
    """What ``reference.json`` was computed with: masks of two layers, and Bandit's own bands."""
    config = small_config(name)
    arguments = config["kwargs" if name == "bandit_v2" else "model"]
    if "former" in name:
        arguments["mask_estimator_depth"] = 2
    if "bandit" in name:
        arguments |= {"n_bands": 64, "n_fft": 2048, "win_length": 2048, "hop_length": 512}
    return config

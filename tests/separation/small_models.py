"""Random-weight networks of demucs' own classes, small enough for a test, and its own formats."""

import json
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file

# One thread: the sums then round alike in every run, and two cores are shared with other tests.
torch.set_num_threads(1)

STEMS = ["drums", "bass", "other", "vocals"]
RATE_HZ = 44_100


def small_htdemucs(seed: int = 0, sources: list[str] | None = None, **changes: Any) -> HTDemucs:
    settings: dict[str, Any] = {
        "channels": 4,
        "nfft": 1024,
        "depth": 4,
        "t_layers": 1,
        "t_heads": 2,
        "bottom_channels": 8,
        "dconv_comp": 2,
        "segment": Fraction(1, 2),
        "samplerate": RATE_HZ,
    }
    torch.manual_seed(seed)
    return _awake(HTDemucs(sources or STEMS, **{**settings, **changes}))


def small_hdemucs(seed: int = 0, **changes: Any) -> HDemucs:
    settings: dict[str, Any] = {
        "channels": 4,
        "dconv_comp": 2,
        "segment": 0.5,
        "samplerate": RATE_HZ,
    }
    torch.manual_seed(seed)
    return _awake(HDemucs(STEMS, **{**settings, **changes}))


def small_demucs(seed: int = 0, **changes: Any) -> Demucs:
    settings: dict[str, Any] = {"channels": 4, "depth": 4, "dconv_comp": 2, "segment": 0.5}
    torch.manual_seed(seed)
    return _awake(Demucs(STEMS, **{**settings, **changes}))


def _awake(model: Any) -> Any:
    """Make layer scales large, else the residual branches of a fresh network hardly count."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith("scale"):
                value.fill_(0.3)
    return model.eval()


def package(model: Any) -> dict[str, Any]:
    """The dictionary of a ``.th`` file (demucs/states.py, serialize_model)."""
    args, kwargs = model._init_args_kwargs
    return {
        "klass": type(model),
        "args": args,
        "kwargs": kwargs,
        "state": model.state_dict(),
        "training_args": {},
    }


def save_th(model: Any, directory: Path, signature: str, *, checksum: bool = True) -> Path:
    """A ``.th`` file, with the checksum in its name as demucs publishes them."""
    path = directory / f"{signature}.th"
    torch.save(package(model), path)
    if not checksum:
        return path
    digest = sha256(path.read_bytes()).hexdigest()[:8]
    return path.rename(directory / f"{signature}-{digest}.th")


def save_safetensors(model: Any, directory: Path, signature: str) -> Path:
    """The hub's layout (demucs tools/export_hf.py): weights, and class and arguments as JSON."""
    args, kwargs = model._init_args_kwargs
    path = directory / f"{signature}.safetensors"
    metadata = {
        "klass": f"{type(model).__module__}.{type(model).__qualname__}",
        "args": json.dumps(args, default=_plain),
        "kwargs": json.dumps(kwargs, default=_plain),
    }
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(state, path, metadata=metadata)
    return path


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
    return str(value)


def save_bag(directory: Path, name: str, signatures: list[str], **more: Any) -> Path:
    path = directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"models": signatures, **more}))
    return path


def noise(frames: int, seed: int = 0) -> np.ndarray:
    """Two channels of coloured noise with a slow swell, so that places in the song differ."""
    draw = np.random.default_rng(seed)
    white = draw.standard_normal((2, frames)).astype(np.float32)
    swell = 0.3 + 0.7 * np.abs(np.sin(np.arange(frames) / 9_000)).astype(np.float32)
    return (0.2 * swell * white + 0.01).astype(np.float32)


def save_song(path: Path, samples: np.ndarray) -> Path:
    soundfile.write(path, samples.T, RATE_HZ, subtype="FLOAT", format="RF64")
    return path


def relative_error(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference against the largest value of the reference."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())

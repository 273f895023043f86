"""Builds the network of a definition. Imports torch: for a runner only."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
import yaml
from torch.nn.modules.module import register_module_parameter_registration_hook

from separation.engine.devices import device_errors
from separation.errors import ModelUnavailable, SeparationError
from separation.separators.own_models.definition import Definition

_SLACK = 1_000_000
_NAMED = 3
"""How many weights that do not fit an error names; the first ones show the cause."""


class StemNetwork(torch.nn.Module):
    """Adapts a network of any known architecture to the engine.

    Maps (n, channels, frames) to (n, stems, channels, frames). Some networks return one stem
    without an axis for stems; some return fewer frames than they receive, which are then padded
    with silence. Where the definition names it, the residual of the mixture is the last stem.
    """

    def __init__(self, network: torch.nn.Module, definition: Definition) -> None:
        super().__init__()
        self.network = network
        self._computed = len(definition.computed)
        self._has_rest = definition.rest is not None
        self._mono = definition.architecture.mono
        self._gain = _window_gain(network) if "bandit" in definition.architecture.name else 1.0

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        scaled = windows if self._gain == 1.0 else windows * self._gain
        out = self._mono_stems(scaled) if self._mono else self.network(scaled)
        if self._gain != 1.0:
            out = out / self._gain
        if out.dim() == windows.dim():
            out = out.unsqueeze(1)
        if out.shape[:3] != (windows.shape[0], self._computed, windows.shape[1]):
            raise ModelUnavailable(
                f"The network gave {out.shape[1]} stems of {out.shape[2]} channels where its YAML "
                f"names {self._computed} of {windows.shape[1]}: check training.instruments."
            )
        missing = windows.shape[-1] - out.shape[-1]
        # Also cuts off output that is too long: the padding is then negative.
        out = torch.nn.functional.pad(out, (0, missing))
        if self._has_rest:
            out = torch.cat([out, windows.unsqueeze(1) - out], dim=1)
        return out

    def _mono_stems(self, windows: torch.Tensor) -> torch.Tensor:
        """Run each channel as a separate song. In pymss-core 0.1.14 the masks of Bandit fit only
        one channel; its authors' own code also passes the channels as separate songs."""
        songs, channels, frames = windows.shape
        out: torch.Tensor = self.network(windows.reshape(songs * channels, 1, frames))
        return out.reshape(songs, channels, *out.shape[1:]).squeeze(3).transpose(1, 2)


def _window_gain(network: Any) -> float:
    """Factor that restores the scale of the spectra that Bandit was trained on. These are divided
    by the norm of the window (torchaudio's ``normalized``); pymss-core 0.1.14 divides by the root
    of its length. The masks depend on the scale only where a band is quiet."""
    stft = network.stft
    if not stft.normalized:
        return 1.0
    return float(torch.sqrt(stft.n_fft / stft.window.square().sum()))


def build_network(
    definition: Definition, state: Mapping[str, torch.Tensor] | None = None
) -> torch.nn.Module:
    """Build the network with random weights. ``state``: the weights that it will receive.

    Raises ``ModelUnavailable`` for arguments that the network does not take.
    """
    from pymss_core import get_model_from_config

    name = definition.architecture.name
    overrides = _overrides(definition, state)
    limit = _no_larger_than(state) if state is not None else nullcontext()
    with tempfile.TemporaryDirectory() as folder:
        # The library reads a file, which holds only the plain values from the safe loader.
        path = Path(folder) / "model.yaml"
        path.write_text(yaml.safe_dump(_plain(definition.config)), encoding="utf-8")
        try:
            with device_errors("cpu"), limit:
                network, _ = get_model_from_config(name, path, model_kwargs_override=overrides)
        except SeparationError:
            raise
        except Exception as error:
            # A constructor with arbitrary values may raise any exception.
            raise ModelUnavailable(
                f"pymss-core cannot build a {definition.architecture.label} from the YAML: "
                f"{_first_line(error)}. Check the section {definition.architecture.section!r}."
            ) from error
    built: torch.nn.Module = network.eval()
    _forget_checkpoints(built)
    return built


@contextmanager
def _no_larger_than(state: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """Limit networks built in this context to about as many weights as ``state`` has. A larger
    network in the YAML would use up memory or time before the two could be compared.

    Raises ``ModelUnavailable`` at the first weight above the limit, before it is filled.
    """
    storages = (value.untyped_storage() for value in state.values() if not value.is_sparse)
    # Bytes, because a value has at least one. Views of one value (``expand``) count it once.
    most = sum({each.data_ptr(): each.nbytes() for each in storages}.values()) + _SLACK
    made = 0

    def count(module: torch.nn.Module, name: str, weights: torch.Tensor | None) -> None:
        nonlocal made
        made += weights.numel() if weights is not None else 0
        if made > most:
            raise ModelUnavailable(
                "The YAML is for a much larger network than the weights in the checkpoint: they do "
                "not belong together."
            )

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


def _overrides(
    definition: Definition, state: Mapping[str, torch.Tensor] | None
) -> dict[str, object]:
    """Arguments whose defaults differ between pymss-core 0.1.14 and the code that trained the
    published networks (models/bs_roformer of ZFTurbo/Music-Source-Separation-Training)."""
    name, arguments = definition.architecture.name, definition.config.get("model", {})
    overrides: dict[str, object] = {}
    if name == "bs_roformer":
        overrides["zero_dc"] = arguments.get("zero_dc", True)
    if name in ("mel_band_roformer", "mel_band_conformer"):
        # Otherwise the network drops the frames after the last whole hop of a window.
        overrides["match_input_audio_length"] = True
    if name == "mel_band_roformer":
        depth = arguments.get("mask_estimator_depth", 1)
        hidden = arguments.get("mlp_hidden_layers") or _hidden_layers(state or {}) or depth
        overrides["mlp_hidden_layers"] = hidden
    return overrides


def _hidden_layers(state: Mapping[str, torch.Tensor]) -> int:
    """Number of hidden layers of the mask estimators, read from the weights because versions count
    ``mask_estimator_depth`` differently; 0 where the weights do not show it."""
    first = re.compile(r"mask_estimators\.0\.to_freqs\.0\.0\.\d+\.weight")
    return max(sum(1 for name in state if first.fullmatch(name)) - 1, 0)


def _forget_checkpoints(network: torch.nn.Module) -> None:
    """Disable gradient checkpointing. It is for training; in a separation it would only add the ten
    seconds that torch's compiler takes to import."""
    for module in network.modules():
        for name, nothing in (("checkpoint_segments", None), ("use_checkpoint", False)):
            if hasattr(module, name):
                setattr(module, name, nothing)


def fill(network: torch.nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Load ``state`` into a network; the names must be the same.

    Raises ``ModelUnavailable`` where names, shapes or kinds differ, and for weights that are NaN.
    """
    expected = network.state_dict()
    missing = [name for name in expected if name not in state]
    strange = [name for name in state if name not in expected]
    shapes = [
        name for name in expected if name in state and state[name].shape != expected[name].shape
    ]
    faults = [
        f"{len(names)} weights {what} ({', '.join(names[:_NAMED])})"
        for names, what in (
            (missing, "are missing"),
            (strange, "are not the network's"),
            (shapes, "have another shape"),
        )
        if names
    ]
    if faults:
        raise ModelUnavailable(
            f"The checkpoint does not belong to the YAML beside it: {'; '.join(faults)}."
        )
    try:
        with device_errors("cpu"):
            network.load_state_dict(dict(state))
    except RuntimeError as error:
        raise ModelUnavailable(
            "The checkpoint holds weights of a kind that cannot be used, such as sparse ones. Get "
            "them as plain numbers."
        ) from error
    # NaN weights would give NaN stems, which would be found only at the end of a song.
    if odd := [name for name, value in network.state_dict().items() if value.isnan().any()]:
        raise ModelUnavailable(
            f"The checkpoint holds weights that are no numbers ({', '.join(odd[:_NAMED])}): it is "
            "damaged, or its training failed. Get another one."
        )


def _plain(value: Any) -> Any:
    """The same values with lists for tuples, because plain YAML has no tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")[:200]

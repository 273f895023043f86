"""A definition becomes a network in memory. Imports torch: for a runner only."""

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
"""As many weights that do not fit are named; the first ones tell what is wrong."""


class StemNetwork(torch.nn.Module):
    """A network of any of these kinds as the engine wants one.

    (n, channels, frames) to (n, stems, channels, frames): some give one stem without a place for
    it, and some fewer frames than they got, which end with silence then. What is left of the
    mixture is the last stem where the definition names it.
    """

    def __init__(self, network: torch.nn.Module, definition: Definition) -> None:
        super().__init__()
        self.network = network
        self._computed = len(definition.computed)
        self._has_rest = definition.rest is not None
        self._mono = definition.architecture.mono
        self._gain = _window_gain(network) if "bandit" in definition.architecture.name else 1.0

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        given = windows if self._gain == 1.0 else windows * self._gain
        out = self._mono_stems(given) if self._mono else self.network(given)
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
        # Also what is too long: a negative number of frames is cut off.
        out = torch.nn.functional.pad(out, (0, missing))
        if self._has_rest:
            out = torch.cat([out, windows.unsqueeze(1) - out], dim=1)
        return out

    def _mono_stems(self, windows: torch.Tensor) -> torch.Tensor:
        """In pymss-core 0.1.14 masks and channels of Bandit meet only where there is one channel;
        its authors' own code gives it the channels as songs of their own, too."""
        songs, channels, frames = windows.shape
        out: torch.Tensor = self.network(windows.reshape(songs * channels, 1, frames))
        return out.reshape(songs, channels, *out.shape[1:]).squeeze(3).transpose(1, 2)


def _window_gain(network: Any) -> float:
    """Bandit was trained on spectra divided by the norm of the window (torchaudio's
    ``normalized``), where pymss-core 0.1.14 divides by the root of its length. Its masks hardly
    depend on that, but where a band is quiet."""
    stft = network.stft
    if not stft.normalized:
        return 1.0
    return float(torch.sqrt(stft.n_fft / stft.window.square().sum()))


def build_network(
    definition: Definition, state: Mapping[str, torch.Tensor] | None = None
) -> torch.nn.Module:
    """The network with random weights. ``state``: those that it is built for.

    Raises ``ModelUnavailable`` for arguments that it does not take.
    """
    from pymss_core import get_model_from_config

    name = definition.architecture.name
    overrides = _overrides(definition, state)
    limit = _no_larger_than(state) if state is not None else nullcontext()
    with tempfile.TemporaryDirectory() as folder:
        # The library reads a file; it gets the plain values that the safe loader has left.
        path = Path(folder) / "model.yaml"
        path.write_text(yaml.safe_dump(_plain(definition.config)), encoding="utf-8")
        try:
            with device_errors("cpu"), limit:
                network, _ = get_model_from_config(name, path, model_kwargs_override=overrides)
        except SeparationError:
            raise
        except Exception as error:
            # Any constructor over any values: there is no end to what it may raise.
            raise ModelUnavailable(
                f"pymss-core cannot build a {definition.architecture.label} from the YAML: "
                f"{_first_line(error)}. Check the section {definition.architecture.section!r}."
            ) from error
    built: torch.nn.Module = network.eval()
    _forget_checkpoints(built)
    return built


@contextmanager
def _no_larger_than(state: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """Networks that are built here have about as many weights as ``state``; one for which a YAML
    asks for more would take all memory or time before anybody could compare the two.

    Raises ``ModelUnavailable`` at the first weight too many, before it is filled.
    """
    storages = (value.untyped_storage() for value in state.values() if not value.is_sparse)
    # Bytes, as a value has at least one; of views of one value (``expand``) it counts that one.
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
    """Arguments for which pymss-core 0.1.14 has other defaults than the code that published
    networks were trained with (models/bs_roformer of ZFTurbo/Music-Source-Separation-Training)."""
    name, arguments = definition.architecture.name, definition.config.get("model", {})
    overrides: dict[str, object] = {}
    if name == "bs_roformer":
        overrides["zero_dc"] = arguments.get("zero_dc", True)
    if name in ("mel_band_roformer", "mel_band_conformer"):
        # Otherwise what the last hop of a window leaves is thrown away.
        overrides["match_input_audio_length"] = True
    if name == "mel_band_roformer":
        depth = arguments.get("mask_estimator_depth", 1)
        hidden = arguments.get("mlp_hidden_layers") or _hidden_layers(state or {}) or depth
        overrides["mlp_hidden_layers"] = hidden
    return overrides


def _hidden_layers(state: Mapping[str, torch.Tensor]) -> int:
    """Of the mask estimators, as there are versions that count ``mask_estimator_depth`` otherwise;
    0 where the weights do not tell."""
    first = re.compile(r"mask_estimators\.0\.to_freqs\.0\.0\.\d+\.weight")
    return max(sum(1 for name in state if first.fullmatch(name)) - 1, 0)


def _forget_checkpoints(network: torch.nn.Module) -> None:
    """Recomputing instead of keeping activations is for training; separating, it would only bring
    the ten seconds that torch's compiler takes to be imported."""
    for module in network.modules():
        for name, nothing in (("checkpoint_segments", None), ("use_checkpoint", False)):
            if hasattr(module, name):
                setattr(module, name, nothing)


def fill(network: torch.nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Put weights into a network, all of them and no others.

    Raises ``ModelUnavailable`` where names, shapes or kinds differ, and for weights that are no
    numbers.
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
    # The stems would be no numbers either, which is found only at the end of a song.
    if odd := [name for name, value in network.state_dict().items() if value.isnan().any()]:
        raise ModelUnavailable(
            f"The checkpoint holds weights that are no numbers ({', '.join(odd[:_NAMED])}): it is "
            "damaged, or its training failed. Get another one."
        )


def _plain(value: Any) -> Any:
    """The same without tuples, which plain YAML does not know."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")[:200]

"""The rewritten network against the one that demucs wrote, both in torch and in float64.

In a small network with random weights the transformer's share of the output is 1e-5, near what
rounding to float32 changes: attention to the wrong keys would pass for rounding.
"""

from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction
from typing import Any

import pytest
import torch

from separation.engine import rewrite as module
from separation.engine.rewrite import rewrite
from tests.separation.small_models import small_htdemucs

EXACT = 1e-12
"""Sums in another order give 1e-16; attention to the wrong keys 8e-7, a wrong tap more."""


def kinds(network: Any) -> dict[str, int]:
    names = [type(module).__name__ for module in network.modules()]
    costly = ("_Encoder", "_Decoder", "_Attention", "_WholeNorm")
    return {name: names.count(name) for name in costly}


def difference(network: Any) -> float:
    """Relative, over the outputs of both for the same noise."""
    network = network.double()
    frames = int(network.segment * network.samplerate)
    shape = (2, network.audio_channels, frames)
    noise = torch.randn(shape, generator=torch.manual_seed(1), dtype=torch.float64) * 0.1
    other = deepcopy(network)
    rewrite(other)
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad():
            expected, found = network(noise), other(noise)
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"t_layers": 3},
        {"bottom_channels": 0},
        {"audio_channels": 1},
        {"sources": ["vocals", "other"]},
        {"kernel_size": 4, "stride": 2},
        {"context": 0},
        {"dconv_depth": 3},
        {"dconv_depth": -2},
        {"dconv_depth": 0},
        {"segment": Fraction(31, 50)},
        {"segment": Fraction(12_347, 44_100)},
        {"depth": 5, "t_layers": 0, "norm_starts": 9},
        {"depth": 6, "t_layers": 0, "norm_starts": 9, "time_stride": 4},
        {"channels_time": 8, "t_layers": 0},
        {"context": 2},
        {"t_heads": 1},
        {"t_layers": 2, "t_cross_first": True},
        {"t_norm_first": False, "t_group_norm": 1},
    ],
    ids=str,
)
def test_a_rewritten_network_computes_what_it_did(changes: dict[str, Any]) -> None:
    assert difference(small_htdemucs(3, **changes)) < EXACT


@pytest.mark.parametrize(
    "changes",
    [
        {"norm_starts": 0},
        {"dconv_mode": 3},
        {"dconv_mode": 2},
        {"rewrite": False},
        {"context_enc": 1},
        {"norm_starts": 2},
        {"depth": 5, "t_layers": 0},
        {"multi_freqs": [0.25, 0.5]},
        {"multi_freqs": [0.25, 0.5], "multi_freqs_depth": 1},
    ],
    ids=str,
)
def test_layers_of_an_unknown_shape_stay_and_the_rest_still_fits(changes: dict[str, Any]) -> None:
    assert difference(small_htdemucs(3, **changes)) < EXACT


def test_every_costly_layer_of_the_usual_shape_is_rewritten() -> None:
    network = small_htdemucs(3, nfft=4096, t_layers=3)
    rewrite(network)
    assert kinds(network) == {"_Encoder": 8, "_Decoder": 8, "_Attention": 6, "_WholeNorm": 6}


def test_layers_with_norms_of_their_own_are_left_alone() -> None:
    network = small_htdemucs(3, norm_starts=0)
    rewrite(network)
    found = kinds(network)
    assert found["_Encoder"] == found["_Decoder"] == 0


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("_Attention._split", lambda split: lambda self, x: split(self, x).flip(1)),
        ("_Branches.forward", lambda forward: lambda self, x: x.permute(0, 2, 3, 1)),
        ("_normed", lambda normed: lambda x, norm: x),
        ("_upsampling_kernel", lambda kernel: lambda layer: kernel(layer).flip(-1)),
    ],
    ids=["heads", "branches", "norms", "taps"],
)
def test_a_fault_in_any_part_would_be_seen(
    monkeypatch: pytest.MonkeyPatch, place: str, wrong: Callable[[Any], Any]
) -> None:
    owner: Any = module
    *path, name = place.split(".")
    for step in path:
        owner = getattr(owner, step)
    monkeypatch.setattr(owner, name, wrong(getattr(owner, name)))
    assert difference(small_htdemucs(3)) > 1e5 * EXACT

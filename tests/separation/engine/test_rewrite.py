"""The rewritten network against the one that demucs wrote, both in torch."""

from copy import deepcopy
from fractions import Fraction
from typing import Any

import pytest
import torch

from separation.engine.rewrite import rewrite
from tests.separation.small_models import small_htdemucs

EXACT = 3e-6
"""Sums in another order; a wrong tap or a wrong norm gives more than 1e-2."""


def kinds(network: Any) -> dict[str, int]:
    names = [type(module).__name__ for module in network.modules()]
    return {name: names.count(name) for name in ("_Encoder", "_Decoder", "_Attention")}


def difference(network: Any) -> float:
    """Relative, over the outputs of both for the same noise."""
    frames = int(network.segment * network.samplerate)
    noise = torch.randn(2, network.audio_channels, frames, generator=torch.manual_seed(1)) * 0.1
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
        {"segment": Fraction(31, 50)},
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
    ],
    ids=str,
)
def test_layers_of_an_unknown_shape_stay_and_the_rest_still_fits(changes: dict[str, Any]) -> None:
    assert difference(small_htdemucs(3, **changes)) < EXACT


def test_every_costly_layer_of_the_usual_shape_is_rewritten() -> None:
    network = small_htdemucs(3, nfft=4096, t_layers=3)
    rewrite(network)
    assert kinds(network) == {"_Encoder": 8, "_Decoder": 8, "_Attention": 6}


def test_layers_with_norms_of_their_own_are_left_alone() -> None:
    network = small_htdemucs(3, norm_starts=0)
    rewrite(network)
    found = kinds(network)
    assert found["_Encoder"] == found["_Decoder"] == 0

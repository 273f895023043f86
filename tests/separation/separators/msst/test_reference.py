"""Against numbers of the code that published weights were trained with.

``reference.json`` holds, for each architecture, stem and channel, some samples of what the network
of ZFTurbo/Music-Source-Separation-Training (revision of 2026) makes of :func:`plain_song` with the
weights of :func:`plain_weights`; computed once, as that code needs packages that nothing here does.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from separation.separators.msst.network import StemNetwork, build_network, fill
from separation.separators.own_models.definition import parse_definition
from tests.separation.msst_models import (
    ARCHITECTURES,
    known_config,
    plain_song,
    plain_weights,
    small_config,
    small_network,
)

NUMBERS: dict[str, Any] = json.loads((Path(__file__).with_name("reference.json")).read_text())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_is_the_one_that_weights_were_published_for(name: str) -> None:
    definition = parse_definition(known_config(name))
    network = build_network(definition)
    fill(network, plain_weights(network.state_dict()))
    with torch.inference_mode():
        out = StemNetwork(network, definition).eval()(plain_song(definition.chunk_frames))
    theirs = np.array(NUMBERS[name])
    ours = out[0, : len(theirs), :, 1_000:7_000:400].numpy()
    # The file holds six digits.
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def layers(network: torch.nn.Module) -> int:
    first = "mask_estimators.0.to_freqs.0.0."
    return sum(name.startswith(first) and name.endswith("weight") for name in network.state_dict())


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_masks_of_mel_band_have_as_many_hidden_layers_as_their_yaml_says(depth: int) -> None:
    config = small_config("mel_band_roformer", model={"mask_estimator_depth": depth})
    assert layers(small_network(config)) == depth + 1


def test_weights_that_count_otherwise_are_believed() -> None:
    fewer = small_config(
        "mel_band_roformer", model={"mask_estimator_depth": 2, "mlp_hidden_layers": 1}
    )
    state = small_network(fewer).state_dict()
    config = small_config("mel_band_roformer", model={"mask_estimator_depth": 2})
    network = build_network(parse_definition(config), state)
    assert layers(network) == 2
    fill(network, state)


@pytest.mark.parametrize(("told", "zero_dc"), [({}, True), ({"zero_dc": False}, False)])
def test_the_lowest_bin_of_bs_roformer_is_nothing_unless_its_yaml_says_so(
    told: dict[str, bool], zero_dc: bool
) -> None:
    network: Any = small_network(small_config("bs_roformer", model=told))
    assert network.zero_dc is zero_dc

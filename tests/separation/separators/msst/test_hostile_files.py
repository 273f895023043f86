"""Checkpoints and YAML that were made, or went wrong, so as to take all memory, or never end."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from separation.errors import ModelUnavailable
from separation.separators.msst.checkpoint import plain_state, read_state
from separation.separators.msst.network import build_network, fill
from separation.separators.own_models.converted_weights import KeptWeights
from separation.separators.own_models.definition import parse_definition
from tests.separation.msst_models import small_config, small_network


def test_a_checkpoint_that_holds_itself_is_read_to_an_end() -> None:
    weights: dict[str, Any] = {"a": torch.ones(2)}
    weights["state"] = weights
    assert set(plain_state(weights, "x.ckpt")) == {"a"}


def test_a_compressed_checkpoint_is_not_unpacked(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.ckpt", tmp_path / "packed.ckpt"
    torch.save({"a": torch.zeros(100_000)}, plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as to:
        for each in source.infolist():
            to.writestr(each.filename, source.read(each))
    assert packed.stat().st_size < plain.stat().st_size / 10
    with pytest.raises(ModelUnavailable, match=r"packed\.ckpt is compressed"):
        read_state(packed)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("bs_roformer", {"dim": 100_000}),
        ("bs_roformer", {"depth": 1_000_000}),
        ("scnet", {"dims": [4, 900_000, 900_000, 900_000]}),
    ],
)
def test_a_network_much_larger_than_its_checkpoint_is_not_built(
    name: str, changes: dict[str, Any]
) -> None:
    definition = parse_definition(small_config(name, model=changes))
    # A view that claims any number of values, of a single one.
    state = {"a": torch.zeros(1).expand(10**6, 10**6), "b": torch.zeros(1_000)}
    with pytest.raises(ModelUnavailable, match="much larger network than the weights"):
        build_network(definition, state)
    # What counted is gone again.
    assert torch.nn.Linear(1_500, 1_500).weight.numel() == 1_500**2


@pytest.mark.parametrize("changes", [{"dim": 10**9}, {"freqs_per_bands": [10**9, 1]}])
def test_an_argument_beyond_any_network_is_named(changes: dict[str, Any]) -> None:
    with pytest.raises(ModelUnavailable, match=rf"model\.{next(iter(changes))} is 1000000000"):
        parse_definition(small_config("bs_roformer", model=changes))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda value: torch.full_like(value, float("nan")), "no numbers"),
        (lambda value: value.to_sparse(), "of a kind that cannot be used"),
        (lambda value: value.to("meta"), "of a kind that cannot be used"),
    ],
    ids=["nan", "sparse", "meta"],
)
def test_weights_that_are_no_plain_numbers_are_refused(made: Any, words: str) -> None:
    network = small_network(small_config("apollo"))
    state = network.state_dict()
    name = next(name for name, value in state.items() if value.is_floating_point())
    with pytest.raises(ModelUnavailable, match=words):
        fill(network, {**state, name: made(state[name])})


def test_the_longest_name_of_a_checkpoint_has_a_place_for_what_is_kept(tmp_path: Path) -> None:
    kept = KeptWeights(tmp_path, tmp_path / f"{'ж' * 125}.ckpt")
    kept.folder.mkdir()
    kept.path.with_name(f".{kept.path.name}.1234567.tmp").touch()

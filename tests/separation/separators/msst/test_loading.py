"""Checkpoints as trainers leave them, and everything that may be wrong with one."""

import os
import pickle
import time
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from separation.errors import InvalidOptions, ModelUnavailable
from separation.separators.msst.checkpoint import plain_state, read_state
from separation.separators.neural import separator as neural
from separation.separators.own_models import converted_weights as kept_module
from separation.separators.own_models.converted_weights import KeptWeights
from tests.separation.msst_models import (
    save_model,
    save_weights,
    small_config,
    write_config,
)
from tests.separation.separators.msst.conftest import Make


@pytest.mark.parametrize("wrapping", [(), ("state",), ("state_dict",), ("model_state_dict",)])
@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".pth", ".th", ".safetensors"])
def test_weights_are_found_in_what_trainers_write(
    suffix: str, wrapping: tuple[str, ...], models: Path, make: Make
) -> None:
    network = save_model(models / "mine", "apollo")
    (models / "mine" / "model.ckpt").unlink()
    save_weights(models / "mine" / f"model{suffix}", network, wrapping)
    separator = make()
    separator.load()
    assert separator.identity().source_digest is None or suffix != ".safetensors"


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "model."])
def test_what_stands_before_every_name_is_taken_off(prefix: str) -> None:
    state = {f"{prefix}a.weight": torch.ones(2), f"{prefix}b": torch.ones(1)}
    assert set(plain_state({"state_dict": state, "lr": 0.1}, "x.ckpt")) == {"a.weight", "b"}


def test_what_stands_before_some_names_is_theirs() -> None:
    assert set(plain_state({"model.a": torch.ones(1), "b": torch.ones(1)}, "x")) == {"model.a", "b"}


def test_the_old_format_of_torch_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    torch.save({"a": torch.ones(2)}, path, _use_new_zipfile_serialization=False)
    assert torch.equal(read_state(path)["a"], torch.ones(2))


class Trap:
    """What a checkpoint with code in it does when it is read without care."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.sprung),))


def test_a_checkpoint_with_code_is_refused_and_the_code_does_not_run(
    models: Path, make: Make, tmp_path: Path
) -> None:
    save_model(models / "mine")
    torch.save({"state_dict": {}, "config": Trap(tmp_path / "sprung")}, models / "mine/model.ckpt")
    with pytest.raises(ModelUnavailable, match=r"more than weights.*safetensors"):
        make().load()
    (models / "mine/model.ckpt").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(ModelUnavailable, match=r"model\.ckpt"):
        make().load()
    assert not (tmp_path / "sprung").exists()
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("content", [b"", b"half a download", b"PK\x03\x04 not a zip"])
@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_a_damaged_checkpoint_is_refused_in_words(
    suffix: str, content: bytes, models: Path, make: Make
) -> None:
    save_model(models / "mine")
    (models / "mine/model.ckpt").unlink()
    (models / f"mine/model{suffix}").write_bytes(content)
    with pytest.raises(ModelUnavailable, match=r"damaged or no checkpoint"):
        make().load()


@pytest.mark.parametrize("content", [{}, [1, 2], {"state_dict": {"epoch": 3}}, {3: torch.ones(1)}])
def test_a_checkpoint_without_weights_is_refused(content: Any, models: Path, make: Make) -> None:
    save_model(models / "mine")
    torch.save(content, models / "mine/model.ckpt")
    with pytest.raises(ModelUnavailable, match="holds no weights"):
        make().load()


def changed(how: str, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    first = next(iter(state))
    if how == "missing":
        return {name: value for name, value in state.items() if name != first}
    if how == "strange":
        return {**state, "surplus": torch.ones(1)}
    return {**state, first: torch.ones(17)}


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "1 weights are missing"),
        ("strange", r"1 weights are not the network's \(surplus\)"),
        ("shape", "1 weights have another shape"),
    ],
)
def test_weights_that_do_not_fit_are_named_and_not_kept(
    how: str, words: str, models: Path, make: Make, tmp_path: Path
) -> None:
    network = save_model(models / "mine")
    torch.save(changed(how, network.state_dict()), models / "mine/model.ckpt")
    with pytest.raises(ModelUnavailable, match=f"does not belong to the YAML.*{words}"):
        make().load()
    assert not (tmp_path / "kept").exists()


def test_arguments_that_no_network_takes_are_refused(models: Path, make: Make) -> None:
    save_model(models / "mine", "bs_roformer")
    config = small_config("bs_roformer", model={"dimension": 8})
    write_config(models / "mine/model.yaml", config)
    with pytest.raises(ModelUnavailable, match="cannot build a BS-RoFormer"):
        make().load()


def test_a_checkpoint_is_converted_once(models: Path, make: Make, tmp_path: Path) -> None:
    network = save_model(models / "mine")
    checkpoint = models / "mine/model.ckpt"
    first = make().identity()
    (converted,) = (tmp_path / "kept" / ".weights").glob("*.safetensors")
    assert {k: v.tolist() for k, v in load_file(converted).items()} == {
        k: v.tolist() for k, v in network.state_dict().items()
    }
    assert first.source_digest == sha256(checkpoint.read_bytes()).hexdigest()
    made_at = converted.stat().st_mtime_ns
    # The checkpoint is not read again: other bytes of the same size and time pass unseen.
    state = checkpoint.stat()
    checkpoint.write_bytes(b"\0" * state.st_size)
    os.utime(checkpoint, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert make().identity() == first
    assert converted.stat().st_mtime_ns == made_at
    assert KeptWeights(tmp_path / "kept", checkpoint).source() is not None


def test_another_checkpoint_of_the_name_is_converted_anew(models: Path, make: Make) -> None:
    save_model(models / "mine")
    first = make().identity()
    time.sleep(0.01)
    save_model(models / "mine", seed=1)
    second = make().identity()
    assert second.weights_digest != first.weights_digest
    assert second.source_digest != first.source_digest


def test_damaged_converted_weights_are_made_again(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine")
    first = make().identity()
    (converted,) = (tmp_path / "kept" / ".weights").glob("*.safetensors")
    converted.write_bytes(converted.read_bytes()[:-4] + b"\0\1\2\3")
    assert make().identity() == first


def test_another_yaml_is_another_model(models: Path, make: Make) -> None:
    save_model(models / "mine")
    first = make().identity()
    config = small_config("mel_band_roformer", inference={"num_overlap": 4})
    write_config(models / "mine/model.yaml", config)
    assert make().identity().weights_digest != first.weights_digest


def test_safetensors_are_used_as_they_are(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", file="model.safetensors")
    identity = make().identity()
    assert identity.source_digest is None and len(identity.weights_digest) == 64
    assert not (tmp_path / "kept").exists()


def test_another_file_than_the_card_names_is_refused(models: Path, make: Make) -> None:
    save_model(models / "mine", card={"sha256": "0" * 64})
    with pytest.raises(ModelUnavailable, match=r"not the one that its card names: its SHA-256 is"):
        make().load()
    digest = sha256((models / "mine/model.ckpt").read_bytes()).hexdigest()
    (models / "mine/card.json").write_text(f'{{"sha256": "{digest}"}}')
    make().load()


def test_a_model_directory_that_cannot_be_written_to_is_named(
    models: Path, make: Make, tmp_path: Path
) -> None:
    save_model(models / "mine")
    (tmp_path / "kept").write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailable, match="STEMSITE_MODEL_DIR"):
        make().load()


def test_a_full_disk_leaves_no_part_of_a_file(
    models: Path, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from separation.errors import DiskFull
    from separation.separators.msst import loading

    def full(path: Path) -> None:
        raise OSError(28, os.strerror(28))

    save_model(models / "mine")
    monkeypatch.setattr(loading, "sync", full)
    with pytest.raises(DiskFull):
        make().load()
    assert list((tmp_path / "kept" / kept_module.FOLDER).iterdir()) == []


def test_without_the_package_it_says_what_to_install(
    models: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:

    save_model(models / "mine")
    there = find_spec
    monkeypatch.setattr(
        neural, "find_spec", lambda name: None if name == "pymss_core" else there(name)
    )
    verdict = make().validate()
    assert not verdict and "pip install -r requirements-models.txt" in verdict.reason
    with pytest.raises(ModelUnavailable, match=r"requirements-models\.txt"):
        make().load()


def test_a_model_is_asked_for_by_name(models: Path, make: Make) -> None:
    assert "STEMSITE_MODEL_PATHS" in make().validate().reason
    save_model(models / "one")
    save_model(models / "two", "apollo")
    assert make().validate() and make().identity().model == "one"
    assert make(model="two").get_supported_tracks() == ["restored", "addition"]
    with pytest.raises(InvalidOptions, match=r"no msst model 'three'. There are: one, two"):
        make(model="three").load()


def test_a_longer_segment_than_the_network_knows_is_refused(models: Path, make: Make) -> None:
    save_model(models / "mine")
    with pytest.raises(InvalidOptions, match="at most"):
        make(segment_s=1.0).load()


def test_a_segment_that_does_not_fit_an_mdx23c_is_refused(models: Path, make: Make) -> None:
    save_model(models / "mine", "mdx23c")
    make(segment_s=128 * 63 / 44_100).load()
    with pytest.raises(ModelUnavailable, match="does not fit this MDX23C"):
        make(segment_s=0.1).load()


def test_half_precision_is_not_tried(models: Path, make: Make) -> None:
    save_model(models / "mine")
    assert make(precision="fast").identity().precision == "float32"

"""Where weights are found, and what is said when they are missing, broken or not to be trusted."""

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from demucs.hf import hf_repo_name
from safetensors.torch import save_file

from separation.base import SeparatorOptions
from separation.catalogue import models_for
from separation.errors import InvalidOptions, ModelUnavailable
from separation.registry import SeparatorFactory
from separation.separators.demucs.models import load_bag
from separation.separators.weights.store import HUB_REPOSITORIES, find_weights
from tests.separation.small_models import (
    package,
    save_bag,
    save_safetensors,
    save_th,
    small_htdemucs,
)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    directory = tmp_path / "repo"
    directory.mkdir()
    return directory


def loading(repo: Path, **options: Any) -> None:
    SeparatorFactory.create_separator("demucs", repo=repo, device="cpu", **options).load()


def test_the_hub_names_are_those_of_demucs() -> None:
    expected = {m.name: f"adefossez/{hf_repo_name(m.name)}" for m in models_for("demucs")}
    assert expected == HUB_REPOSITORIES


def test_the_model_directory_is_searched_in_both_layouts(tmp_path: Path, bare_home: Path) -> None:
    options = SeparatorOptions(model_dir=tmp_path / "models")
    assert find_weights(options) is None
    flat = tmp_path / "models"
    flat.mkdir()
    pickled = save_th(small_htdemucs(), flat, "aaaa1111")
    save_bag(flat, "htdemucs", ["aaaa1111"])
    found = find_weights(options)
    assert found is not None
    assert found.files == (pickled,)
    folder = flat / "htdemucs"
    folder.mkdir()
    safe = save_safetensors(small_htdemucs(), folder, "aaaa1111")
    save_bag(folder, "htdemucs", ["aaaa1111"])
    found = find_weights(options)
    assert found is not None
    assert found.files == (safe,)


def test_safetensors_are_preferred_to_a_pickle_of_the_same_signature(repo: Path) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    safe = save_safetensors(small_htdemucs(), repo, "aaaa1111")
    found = find_weights(SeparatorOptions(repo=repo, model="aaaa1111"))
    assert found is not None
    assert found.files == (safe,)


def test_the_cache_of_the_hub_is_used_without_a_network(tmp_path: Path, bare_home: Path) -> None:
    snapshot = bare_home / "hub" / "models--adefossez--HTDemucs" / "snapshots" / "0"
    refs = bare_home / "hub" / "models--adefossez--HTDemucs" / "refs"
    for directory in (snapshot, refs):
        directory.mkdir(parents=True)
    (refs / "main").write_text("0")
    save_bag(snapshot, "htdemucs", ["aaaa1111"])
    options = SeparatorOptions(model_dir=tmp_path / "none", offline=True)
    assert find_weights(options) is None  # The download broke off before the weights.
    save_safetensors(small_htdemucs(), snapshot, "aaaa1111")
    found = find_weights(options)
    assert found is not None
    assert load_bag(found).stems == ("drums", "bass", "other", "vocals")


def test_the_digest_depends_on_the_weights_and_the_bag_only(tmp_path: Path) -> None:
    def digest(directory: Path, weights: list[list[float]]) -> str:
        save_bag(directory, "bag", ["aaaa1111", "bbbb2222"], weights=weights)
        found = find_weights(SeparatorOptions(repo=directory))
        assert found is not None
        return found.digest()

    even, uneven = [[1.0] * 4, [1.0] * 4], [[1.0] * 4, [2.0] * 4]
    one = tmp_path / "one"
    one.mkdir()
    for seed, signature in enumerate(("aaaa1111", "bbbb2222")):
        save_safetensors(small_htdemucs(seed), one, signature)
    two = Path(shutil.copytree(one, tmp_path / "two"))
    first = digest(one, even)
    assert digest(two, even) == first
    assert digest(two, uneven) != first
    save_safetensors(small_htdemucs(2), two, "bbbb2222")
    assert digest(two, even) != first


def test_a_wrong_checksum_is_refused_in_words(repo: Path) -> None:
    path = save_th(small_htdemucs(), repo, "aaaa1111")
    path.rename(repo / "aaaa1111-00000000.th")
    with pytest.raises(ModelUnavailable, match="checksum"):
        loading(repo)


def test_a_damaged_file_is_refused_in_words(repo: Path) -> None:
    path = save_safetensors(small_htdemucs(), repo, "aaaa1111")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelUnavailable, match="damaged"):
        loading(repo)
    path.write_bytes(b"no weights at all")
    with pytest.raises(ModelUnavailable, match="damaged"):
        loading(repo)


def test_a_pickle_that_is_no_model_is_refused_in_words(repo: Path) -> None:
    (repo / "aaaa1111.th").write_bytes(pickle.dumps({"nothing": 1}))
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        loading(repo)


def test_weights_for_a_package_that_is_missing_do_not_end_the_process(repo: Path) -> None:
    # demucs calls sys.exit where diffq is not installed.
    quantised = {**package(small_htdemucs()), "state": {"__quantized": True}}
    torch.save(quantised, repo / "aaaa1111.th")
    with pytest.raises(ModelUnavailable, match="diffq"):
        loading(repo)


def test_safetensors_that_name_a_foreign_class_run_nothing(repo: Path, tmp_path: Path) -> None:
    # demucs.hf would import the class and call it with these arguments.
    target = tmp_path / "made_by_weights"
    metadata = {"klass": "pathlib.Path.mkdir", "args": json.dumps([str(target)]), "kwargs": "{}"}
    save_file({"x": torch.zeros(1)}, repo / "aaaa1111.safetensors", metadata=metadata)
    with pytest.raises(ModelUnavailable, match="no demucs network"):
        loading(repo)
    metadata = {
        "klass": "demucs.htdemucs.HTDemucs",
        "args": json.dumps([["a"]]),
        "kwargs": "{}",
        "structure": json.dumps({"_dict": [["meta", {"_list": [{"_class": "os.system"}]}]]}),
    }
    save_file({"x": torch.zeros(1)}, repo / "aaaa1111.safetensors", metadata=metadata)
    with pytest.raises(ModelUnavailable, match=r"os\.system"):
        loading(repo)


@pytest.mark.parametrize("name", ["../repo", "/etc/passwd", "a/b", "", ".hidden", "x" * 200])
def test_a_name_that_is_a_path_is_refused(tmp_path: Path, name: str) -> None:
    options = SeparatorOptions(model=name or " ", model_dir=tmp_path)
    with pytest.raises(InvalidOptions, match="cannot be a model's name"):
        find_weights(options)


def test_a_bag_that_names_a_path_is_refused(repo: Path) -> None:
    save_th(small_htdemucs(), repo.parent, "aaaa1111")
    save_bag(repo, "bag", ["../aaaa1111"])
    with pytest.raises(ModelUnavailable, match="incomplete"):
        loading(repo)


def test_a_repository_says_what_it_holds(repo: Path) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    save_bag(repo, "one", ["aaaa1111"])
    save_bag(repo, "two", ["aaaa1111"])
    for model in (None, "three"):
        separator = SeparatorFactory.create_separator("demucs", repo=repo, model=model)
        validation = separator.validate()
        assert not validation
        assert "one, two" in validation.reason
    shutil.rmtree(repo)
    assert "not a directory" in separator.validate().reason


def test_a_bag_with_a_file_missing_is_not_runnable(repo: Path) -> None:
    save_bag(repo, "bag", ["aaaa1111"])
    validation = SeparatorFactory.validate("demucs", repo=repo)
    assert not validation
    assert "aaaa1111 is missing" in validation.reason


def test_two_files_for_one_signature_are_refused(repo: Path) -> None:
    first = save_th(small_htdemucs(), repo, "aaaa1111")
    shutil.copy(first, repo / "aaaa1111-ffffffff.th")
    with pytest.raises(ModelUnavailable, match="Delete all but one"):
        loading(repo)


def test_another_sample_rate_is_refused(repo: Path) -> None:
    save_th(small_htdemucs(samplerate=16_000), repo, "aaaa1111")
    with pytest.raises(ModelUnavailable, match="16000 Hz"):
        loading(repo)


@pytest.mark.parametrize("stem", ["../../escaped", "a\nb", "residual", "song"])
def test_a_stem_that_would_be_a_file_elsewhere_is_refused(repo: Path, stem: str) -> None:
    save_th(small_htdemucs(sources=["vocals", stem]), repo, "aaaa1111")
    with pytest.raises(ModelUnavailable, match="cannot be the name of one"):
        loading(repo)

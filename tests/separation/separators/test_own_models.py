"""Folders that the operator names: what is found in them, and what is said of what is broken."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import soundfile
import yaml

from separation.base import SeparatorOptions
from separation.catalogue import CATALOGUE, ELSEWHERE, ModelInfo
from separation.catalogue.licences import LicenceRule
from separation.errors import ModelUnavailable
from separation.registry import SeparatorFactory
from separation.routing.candidates import candidates_for
from separation.separators.auto import AutoSeparator
from separation.separators.demucs.separator import DemucsSeparator
from separation.separators.msst.separator import MsstSeparator
from separation.separators.own_models.catalogue_entries import all_rows
from separation.separators.own_models.folders import OwnModel, own_models
from separation.settings import RouteName
from tests.separation.model_folders import put
from tests.separation.msst_models import save_model, small_config, write_config
from tests.separation.small_models import (
    noise,
    save_bag,
    save_safetensors,
    save_song,
    save_th,
    small_hdemucs,
    small_htdemucs,
)


def only(*paths: Path) -> OwnModel:
    (model,) = own_models(paths)
    return model


def own_rows(paths: list[Path], model_dir: Path | None = None) -> tuple[ModelInfo, ...]:
    return all_rows(paths, model_dir)[len(CATALOGUE) :]


def test_a_folder_in_a_named_one_is_a_model(tmp_path: Path) -> None:
    put(tmp_path / "mine", "some_config.yaml", "some_weights.ckpt")
    model = only(tmp_path)
    assert (model.separator, model.name, model.fault) == ("msst", "mine", "")
    assert model.architecture == "Mel-Band RoFormer" and model.stems == ("vocals", "other")
    assert model.weights == (tmp_path / "mine" / "some_weights.ckpt",)
    assert (model.size_bytes, model.card.licence) == (1_000, "not_stated")
    assert model.chunk_s == pytest.approx(128 * 63 / 44_100)


@pytest.mark.parametrize("ending", ["", ".yaml"])
def test_a_link_that_leads_in_a_circle_hides_nothing(ending: str, tmp_path: Path) -> None:
    put(tmp_path / "mine", "a.yaml", "a.ckpt")
    (tmp_path / f"circle{ending}").symlink_to(tmp_path / f"circle{ending}")
    assert (only(tmp_path).name, only(tmp_path).fault) == ("mine", "")


def test_a_name_that_is_no_text_can_be_shown(tmp_path: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")), "a.yaml", "a.ckpt")
    model = only(tmp_path)
    assert "cannot be a model's name" in model.fault
    for shown in (model.name, model.fault, model.place):
        assert shown.encode()


@pytest.mark.parametrize("stem", ["../drums", "a/b", "song", "vocals"])
def test_stems_that_cannot_name_files_are_a_fault(stem: str, tmp_path: Path) -> None:
    save_th(small_hdemucs(), tmp_path, "abc")
    (tmp_path / "card.json").write_text(json.dumps({"stems": ["vocals", stem]}))
    assert f"{stem!r}, which cannot be a stem" in only(tmp_path).fault


@pytest.mark.parametrize(
    "told", [{"args": "nothing"}, {"args": "[1]"}, {"kwargs": "[]"}, 5, "klass"]
)
def test_metadata_of_another_kind_is_a_fault_and_hides_nothing(told: Any, tmp_path: Path) -> None:
    put(tmp_path / "good", "a.yaml", "a.ckpt")
    metadata = {"klass": "demucs.hdemucs.HDemucs", **told} if isinstance(told, dict) else told
    header = json.dumps({"__metadata__": metadata}).encode()
    (tmp_path / "odd").mkdir()
    path = tmp_path / "odd" / "abc.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    good, odd = own_models([tmp_path])
    assert (good.fault, bool(odd.fault)) == ("", True)


def test_the_named_folder_itself_may_be_one(tmp_path: Path) -> None:
    assert only(put(tmp_path / "mine", "a.yaml", "a.pt")).name == "mine"


def test_of_several_in_a_folder_each_is_called_as_its_yaml(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", "a.ckpt", "b.yaml", "b.pth", "b.safetensors", "notes.txt")
    a, b = own_models([tmp_path])
    assert (a.name, b.name) == ("a", "b")
    # Safetensors are taken where there is a choice.
    assert b.weights == (tmp_path / "b.safetensors",)


def test_a_card_says_what_files_cannot(tmp_path: Path) -> None:
    card = {
        "label": "My vocals",
        "licence": "granted",
        "licence_text": "CC BY 4.0.",
        "training_data": "My own songs.",
        "source_url": "https://models.example/mine",
        "description": "For choirs.",
    }
    (put(tmp_path / "mine", "a.yaml", "a.ckpt") / "card.json").write_text(json.dumps(card))
    (row,) = own_rows([tmp_path])
    assert (row.name, row.label, row.separator) == ("mine", "My vocals", "msst")
    assert row.licence.state == "granted"
    assert row.licence.says == "CC BY 4.0. As the operator of this site states."
    assert row.training_data == "My own songs."
    assert row.source_url == "https://models.example/mine"
    assert row.description.startswith("For choirs. Works in windows of 0.183 s.")
    assert row.architecture == "Mel-Band RoFormer"
    assert [(file.name, file.bytes, file.sha256) for file in row.files] == [("a.ckpt", 1_000, None)]


def test_a_card_says_that_stems_overlap(tmp_path: Path) -> None:
    folder = put(tmp_path / "mine", "a.yaml", "a.ckpt")
    options = SeparatorOptions(model="mine", model_paths=(tmp_path,))
    assert not own_rows([tmp_path])[0].overlapping
    assert not MsstSeparator(options).is_overlapping
    (folder / "card.json").write_text(json.dumps({"overlapping": True}))
    assert own_rows([tmp_path])[0].overlapping
    assert MsstSeparator(options).is_overlapping


def test_a_licence_that_nobody_states_is_told_as_such(tmp_path: Path) -> None:
    put(tmp_path / "mine", "a.yaml", "a.ckpt")
    (row,) = own_rows([tmp_path])
    assert row.licence.state == "not_stated" and row.source.kind == "folder"


def test_a_file_that_the_catalogue_knows_by_its_digest_is_what_it_says(tmp_path: Path) -> None:
    known = next(row for row in ELSEWHERE if row.name == "scnet_large")
    card: dict[str, Any] = {"sha256": known.files[0].sha256}
    folder = put(tmp_path / "mine", "a.yaml", "a.ckpt", config=small_config("scnet"))
    (folder / "card.json").write_text(json.dumps(card))
    (row,) = own_rows([tmp_path])
    assert (row.name, row.licence, row.figures) == ("mine", known.licence, known.figures)
    (folder / "card.json").write_text(json.dumps({**card, "licence": "research_only"}))
    assert own_rows([tmp_path])[0].licence.state == "research_only"


def test_the_digest_of_a_checkpoint_that_was_read_is_told(tmp_path: Path) -> None:
    save_model(tmp_path / "models" / "mine")
    kept = tmp_path / "kept"
    assert own_rows([tmp_path / "models"], kept)[0].files[0].sha256 is None
    options = SeparatorOptions(model_paths=(tmp_path / "models",), model_dir=kept, device="cpu")
    source = MsstSeparator(options).identity().source_digest
    assert source and own_rows([tmp_path / "models"], kept)[0].files[0].sha256 == source


def test_the_card_may_stand_in_the_yaml(tmp_path: Path) -> None:
    config = small_config("scnet", card={"label": "Four stems", "licence": "non_commercial"})
    put(tmp_path / "mine", "a.yaml", "a.ckpt", config=config)
    model = only(tmp_path)
    assert (model.label, model.card.licence) == ("Four stems", "non_commercial")


def test_a_card_names_an_architecture_that_the_yaml_does_not(tmp_path: Path) -> None:
    config = small_config("bs_roformer")
    del config["model"]["freqs_per_bands"]
    put(tmp_path / "mine", "a.yaml", "a.ckpt", config=config)
    assert "model_type" in only(tmp_path).fault
    (tmp_path / "mine" / "card.json").write_text('{"model_type": "bs_roformer"}')
    assert only(tmp_path).architecture == "BS-RoFormer"


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("{", "cannot be read as YAML"),
        ('{"licence": "free"}', "licence"),
        ('{"sha256": "abc"}', "sha256"),
        ('{"price": 3}', "price"),
        ('{"source_url": "javascript:alert(1)"}', "source_url"),
        ("[]", "card.json"),
    ],
)
def test_a_card_that_is_wrong_is_the_models_fault(card: str, words: str, tmp_path: Path) -> None:
    (put(tmp_path / "mine", "a.yaml", "a.ckpt") / "card.json").write_text(card)
    assert words in only(tmp_path).fault


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a.yaml",), "no checkpoint for a.yaml"),
        (("a.ckpt",), "no YAML for a.ckpt"),
        (("a.yaml", "b.ckpt", "c.ckpt"), "no checkpoint for a.yaml"),
    ],
)
def test_what_is_not_there_is_named(names: tuple[str, ...], words: str, tmp_path: Path) -> None:
    put(tmp_path / "mine", *names)
    assert any(words in model.fault for model in own_models([tmp_path]))
    assert own_rows([tmp_path]) == ()


def test_a_broken_one_does_not_hide_the_others(tmp_path: Path) -> None:
    put(tmp_path / "good", "a.yaml", "a.ckpt")
    put(tmp_path / "odd", "a.ckpt")
    (tmp_path / "odd" / "a.yaml").write_text("a: !!python/object/apply:os.mkdir [sprung]")
    put(
        tmp_path / "rate",
        "a.yaml",
        "a.ckpt",
        config=small_config("scnet", audio={"sample_rate": 48_000}),
    )
    found = {model.name: model.fault for model in own_models([tmp_path, tmp_path / "gone"])}
    assert list(found) == ["good", "odd", "rate", "gone"]
    assert found["good"] == "" and "names code" in found["odd"] and "48000 Hz" in found["rate"]
    assert "cannot be read" in found["gone"]
    assert [row.name for row in own_rows([tmp_path])] == ["good"]


def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "my model; rm", "a.yaml", "a.ckpt")
    assert "cannot be a model's name" in only(tmp_path).fault


def test_the_second_of_a_name_is_told_to_change_it(tmp_path: Path) -> None:
    put(tmp_path / "one" / "mine", "a.yaml", "a.ckpt")
    put(tmp_path / "two" / "mine", "a.yaml", "a.ckpt")
    first, second = own_models([tmp_path / "one", tmp_path / "two", tmp_path / "one"])
    assert not first.fault and "another model of this name" in second.fault


def test_what_changes_on_the_disk_is_seen(tmp_path: Path) -> None:
    put(tmp_path / "mine", "a.yaml")
    assert only(tmp_path).fault
    put(tmp_path / "mine", "a.ckpt", size=5)
    assert only(tmp_path).size_bytes == 5
    write_config(tmp_path / "mine" / "a.yaml", small_config("apollo"))
    os.utime(tmp_path / "mine" / "a.yaml", (1, 1))
    assert only(tmp_path).architecture == "Apollo"


def test_a_folder_is_not_read_again_while_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "mine", "a.yaml", "a.ckpt")
    before = own_models([tmp_path])
    monkeypatch.setattr(
        "separation.separators.own_models.folders.load_yaml", lambda path: pytest.fail("read again")
    )
    assert own_models([tmp_path]) == before


def test_folders_and_files_that_hide_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path / ".git", "a.yaml", "a.ckpt")
    put(tmp_path, ".a.yaml", ".a.ckpt")
    assert own_models([tmp_path]) == ()


def test_looking_imports_no_torch(tmp_path: Path) -> None:
    put(tmp_path / "mine", "a.yaml", "a.ckpt")
    code = (
        "import sys; from pathlib import Path\n"
        "from separation.separators.own_models.folders import own_models\n"
        f"assert own_models([Path({str(tmp_path)!r})])\n"
        "assert not {'torch', 'pymss_core', 'demucs'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def demucs_repository(folder: Path, name: str = "drumsep") -> Path:
    folder.mkdir(parents=True)
    save_safetensors(small_htdemucs(1), folder, "aaaa1111")
    save_bag(folder, name, ["aaaa1111"])
    return folder


def test_a_fine_tuned_demucs_is_found(tmp_path: Path) -> None:
    demucs_repository(tmp_path / "tuned")
    model = only(tmp_path)
    assert (model.separator, model.name, model.fault) == ("demucs", "drumsep", "")
    assert model.stems == ("drums", "bass", "other", "vocals")


def test_it_separates_by_its_name(tmp_path: Path) -> None:
    demucs_repository(tmp_path / "models" / "tuned")
    separator = SeparatorFactory.create_separator(
        "demucs", model="drumsep", model_paths=[tmp_path / "models"], device="cpu"
    )
    assert separator.validate() and isinstance(separator, DemucsSeparator)
    (tmp_path / "out").mkdir()
    song = save_song(tmp_path / "song.wav", noise(9_000))
    paths = separator.separate(song, tmp_path / "out")
    assert all(soundfile.info(path).frames == 9_000 for path in paths.values())
    assert separator.identity().model == "drumsep"


def test_stems_of_pickled_networks_come_from_a_card(tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    folder.mkdir()
    save_th(small_hdemucs(1), folder, "bbbb2222")
    model = only(tmp_path)
    assert (model.separator, model.name) == ("demucs", "bbbb2222") and "card.json" in model.fault
    (folder / "card.json").write_text('{"stems": ["drums", "bass", "other", "vocals"]}')
    assert only(tmp_path).stems == ("drums", "bass", "other", "vocals")


def test_a_card_with_other_stems_than_the_network_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    folder.mkdir()
    save_th(small_hdemucs(1), folder, "bbbb2222")
    (folder / "card.json").write_text('{"stems": ["kick", "snare", "toms", "rest"]}')
    options = SeparatorOptions(model="bbbb2222", model_paths=(tmp_path,), device="cpu")
    with pytest.raises(ModelUnavailable, match=r"kick, snare, toms, rest, but the model gives"):
        DemucsSeparator(options).load()


def test_other_demucs_weights_than_the_card_names_are_not_even_unpickled(tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    folder.mkdir()
    path = save_th(small_hdemucs(1), folder, "bbbb2222", checksum=False)
    good = sha256(path.read_bytes()).hexdigest()
    card = {"stems": ["drums", "bass", "other", "vocals"], "sha256": good}
    (folder / "card.json").write_text(json.dumps(card))
    options = SeparatorOptions(model="bbbb2222", model_paths=(tmp_path,), device="cpu")
    DemucsSeparator(options).load()
    path.write_bytes(b"no pickle at all")
    with pytest.raises(ModelUnavailable, match="not those that its card names"):
        DemucsSeparator(options).load()


def test_a_bag_that_lacks_a_file_is_broken(tmp_path: Path) -> None:
    folder = demucs_repository(tmp_path / "tuned")
    (folder / "aaaa1111.safetensors").unlink()
    assert "aaaa1111 is missing" in only(tmp_path).fault
    with pytest.raises(ModelUnavailable, match=r"cannot be used: .*aaaa1111 is missing"):
        DemucsSeparator(SeparatorOptions(model="drumsep", model_paths=(tmp_path,)))


def test_a_name_of_the_catalogue_stays_the_catalogues(tmp_path: Path) -> None:
    demucs_repository(tmp_path / "tuned", "htdemucs")
    assert "another model of this name" in only(tmp_path).fault
    options = SeparatorOptions(
        model="htdemucs", model_paths=(tmp_path,), model_dir=tmp_path / "none", offline=True
    )
    assert "fetch_models htdemucs" in DemucsSeparator(options).validate().reason
    assert any(info.name == "htdemucs" for info in CATALOGUE)


def test_auto_takes_an_own_model_by_its_name(tmp_path: Path) -> None:
    put(tmp_path / "mine", "a.yaml", "a.ckpt")
    options = SeparatorOptions(model="mine", model_paths=(tmp_path,))
    assert AutoSeparator(options).first_choice() == ("msst", "mine")


def test_auto_takes_no_own_model_that_nobody_named(tmp_path: Path) -> None:
    (demucs_repository(tmp_path / "tuned") / "card.json").write_text('{"licence": "granted"}')
    rule = LicenceRule(("granted",), all_rows([tmp_path]))
    assert rule.allows_choice("demucs", "drumsep") and rule.automatic()
    assert "drumsep" not in {row.name for row in rule.automatic()}


@pytest.mark.parametrize(("name", "model"), [("msst", "mine"), ("auto", "mine"), ("msst", None)])
def test_an_own_model_is_not_asked_of_another_machine(
    name: str, model: str | None, tmp_path: Path
) -> None:
    put(tmp_path / "mine", "a.yaml", "a.ckpt")
    options = SeparatorOptions(model=model, model_paths=(tmp_path,))
    routes: tuple[RouteName, ...] = ("local_gpu", "remote", "local_cpu")
    ways = list(candidates_for(name, options, routes, allow_smaller_model=False))
    assert [way.route for way in ways] == ["local_gpu", "local_cpu"]


def test_a_yaml_of_something_else_is_told_as_broken(tmp_path: Path) -> None:
    put(tmp_path, "a.ckpt")
    (tmp_path / "a.yaml").write_text(yaml.safe_dump({"services": {"web": {}}}))
    assert "does not tell for which network" in only(tmp_path).fault

"""The separator ``standard``, with small networks in the place of the real ones."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from separation.base import Unavailable
from separation.errors import InvalidOptions, ModelUnavailable
from separation.protocol.remarks import split_remark
from separation.registry import SeparatorFactory
from separation.routing.router import is_routed
from separation.separators.bandsplit import weights as bandsplit
from tests.separation.separators.spleeter.small import save_small_weights
from tests.separation.separators.standard.small import save_small_bandsplit
from tests.separation.small_models import relative_error, save_song

STEMS = ["drums", "bass", "other", "vocals"]


@pytest.fixture(autouse=True)
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    path = save_small_bandsplit(folder)
    monkeypatch.setattr(bandsplit, "EMBEDDED", path)
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    noise = np.random.default_rng(3).standard_normal((2, 40_000)) * 0.2
    return save_song(tmp_path / "song.wav", noise.astype(np.float32))


def make(models: Path, **options: Any) -> Any:
    chosen = {"engine": "torch", "device": "cpu", "offline": True, **options}
    return SeparatorFactory.create_separator("standard", model_dir=models, **chosen)


def stems_of(separator: Any, song: Path, out: Path) -> dict[str, np.ndarray]:
    out.mkdir()
    paths = separator.separate(song, out)
    return {stem: soundfile.read(path, dtype="float32")[0].T for stem, path in paths.items()}


def test_four_stems_sum_to_the_song(models: Path, song: Path, tmp_path: Path) -> None:
    save_small_weights(models)
    separator = make(models)
    stems = stems_of(separator, song, tmp_path / "out")
    mixture = soundfile.read(song, dtype="float32")[0].T
    assert list(stems) == separator.get_supported_tracks() == STEMS
    assert relative_error(np.sum(list(stems.values()), axis=0), mixture) <= 1e-6
    assert all(stem.std() > 0.01 * mixture.std() for stem in stems.values())
    assert separator.identity().notes == ()
    assert is_routed("standard")


def test_the_vocals_are_spleeter_s(models: Path, song: Path, tmp_path: Path) -> None:
    save_small_weights(models)
    ours = stems_of(make(models), song, tmp_path / "ours")
    spleeter = SeparatorFactory.create_separator(
        "spleeter", model_dir=models, engine="torch", device="cpu", offline=True
    )
    theirs = stems_of(spleeter, song, tmp_path / "theirs")
    assert relative_error(ours["vocals"], theirs["vocals"]) <= 1e-5


def test_two_stems_are_one_and_the_rest(models: Path, song: Path, tmp_path: Path) -> None:
    save_small_weights(models)
    stems = stems_of(make(models, two_stems="vocals"), song, tmp_path / "out")
    assert list(stems) == ["vocals", "no_vocals"]


def test_without_spleeter_the_small_network_does_it_all_and_says_so(
    models: Path, song: Path, tmp_path: Path
) -> None:
    alone = make(models)
    assert alone.validate().ok
    assert "fetch_models spleeter_2stems" in alone.validate().reason
    stems = stems_of(alone, song, tmp_path / "alone")
    (note,) = alone.identity().notes
    line, reason = split_remark(note)
    assert line == (
        "Separated by stemsite's small network alone, as Spleeter, two stems was not available."
    )
    assert alone.identity().unavailable == (Unavailable("spleeter_2stems", reason),)
    assert "set to work offline" in reason
    mixture = soundfile.read(song, dtype="float32")[0].T
    assert relative_error(np.sum(list(stems.values()), axis=0), mixture) <= 1e-6
    save_small_weights(models)
    both = make(models)
    assert relative_error(stems_of(both, song, tmp_path / "both")["vocals"], stems["vocals"]) > 0.05
    # What is finished by one is not continued by the other.
    assert both.identity().weights_digest != alone.identity().weights_digest


def test_spleeter_s_weights_are_not_used_where_the_rule_leaves_them_out(models: Path) -> None:
    save_small_weights(models)
    left_out = make(models, licences=("standard",))
    assert "does not include spleeter_2stems" in left_out.validate().reason
    left_out.load()
    (note,) = left_out.identity().notes
    assert "small network alone" in note and "STEMSITE_MODEL_LICENCES" in note
    # The operator wants it so: there is nothing to do.
    assert left_out.identity().unavailable == ()
    named = make(models, licences=("standard", "spleeter_2stems"))
    assert named.identity().notes == ()
    assert named.identity().weights_digest != left_out.identity().weights_digest


def test_own_weights_that_are_no_numbers_are_refused(models: Path, embedded: Path) -> None:
    tensors = load_file(embedded)
    with safe_open(embedded, framework="pt") as opened:
        metadata = opened.metadata()
    next(iter(tensors.values())).view(-1)[0] = float("nan")
    save_file(tensors, embedded, metadata=metadata)
    record = json.loads(embedded.with_suffix(".json").read_text())
    digest = sha256(embedded.read_bytes()).hexdigest()
    embedded.with_suffix(".json").write_text(json.dumps({**record, "sha256": digest}))
    with pytest.raises(ModelUnavailable, match="do not fit their network"):
        make(models).load()


def test_weights_that_arrive_are_used_from_the_next_song_on(models: Path) -> None:
    separator = make(models)
    separator.load()
    before = separator.identity()
    save_small_weights(models)
    assert separator.identity() == before
    separator.load()
    assert separator.identity().notes == ()
    assert separator.identity().weights_digest != before.weights_digest


def test_without_its_own_weights_it_cannot_run(models: Path, embedded: Path) -> None:
    save_small_weights(models)
    embedded.unlink()
    embedded.with_suffix(".json").unlink()
    assert not make(models).validate().ok
    with pytest.raises(ModelUnavailable, match="Get a fresh copy"):
        make(models).load()


def test_damaged_weights_of_its_own_are_named(models: Path, embedded: Path) -> None:
    embedded.write_bytes(embedded.read_bytes()[:-1] + b"\xff")
    with pytest.raises(ModelUnavailable, match="digest"):
        make(models).load()


def test_another_model_is_refused(models: Path) -> None:
    with pytest.raises(InvalidOptions, match="it has: standard"):
        make(models, model="deluxe")

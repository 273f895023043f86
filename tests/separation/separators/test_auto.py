"""htdemucs where it can run, else spectral, and a sentence that says which and why."""

from pathlib import Path
from typing import Any

import pytest

from separation.errors import InvalidOptions, LicenceRefused, ModelUnavailable
from separation.protocol.remarks import split_remark
from separation.registry import SeparatorFactory
from separation.separators.auto import AutoSeparator
from separation.separators.bandsplit import weights as bandsplit
from separation.separators.demucs import separator as demucs_separator
from separation.separators.demucs.fetch import FailureMemory
from tests.separation.separators.spleeter.small import save_small_weights
from tests.separation.separators.standard.small import save_small_bandsplit
from tests.separation.small_models import (
    noise,
    save_bag,
    save_safetensors,
    save_song,
    small_htdemucs,
)

pytestmark = pytest.mark.usefixtures("bare_home", "unreachable_hub", "no_standard")


@pytest.fixture
def no_standard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small network is not where it should be."""
    monkeypatch.setattr(bandsplit, "EMBEDDED", tmp_path / "bandsplit.safetensors")


@pytest.fixture
def unreachable_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(demucs_separator, "_failures", FailureMemory())


def put_weights(directory: Path, name: str = "htdemucs", sources: list[str] | None = None) -> None:
    directory.mkdir(exist_ok=True)
    save_safetensors(small_htdemucs(sources=sources), directory, f"sig{name}")
    save_bag(directory, name, [f"sig{name}"])


def an_auto(tmp_path: Path, **options: Any) -> AutoSeparator:
    chosen = {"model_dir": tmp_path / "models", "device": "cpu", **options}
    separator = SeparatorFactory.create_separator("auto", **chosen)
    assert isinstance(separator, AutoSeparator)
    return separator


def test_htdemucs_is_chosen_where_its_weights_are(tmp_path: Path) -> None:
    put_weights(tmp_path / "models")
    separator = an_auto(tmp_path)
    assert separator.validate()
    identity = separator.identity()
    assert (identity.separator, identity.model) == ("demucs", "htdemucs")
    assert identity.notes[0] == "Separated with htdemucs: its weights are here."
    assert identity.unavailable == ()
    (tmp_path / "out").mkdir()
    paths = separator.separate(save_song(tmp_path / "song.wav", noise(10_000)), tmp_path / "out")
    assert list(paths) == separator.get_supported_tracks()


@pytest.mark.parametrize(("offline", "why"), [(True, "offline"), (False, "127.0.0.1")])
def test_spectral_is_chosen_without_weights_and_the_note_says_why(
    tmp_path: Path, offline: bool, why: str
) -> None:
    separator = an_auto(tmp_path, offline=offline)
    assert separator.validate()
    identity = separator.identity()
    assert identity.separator == "spectral"
    line, reason = split_remark(identity.notes[0])
    assert line == (
        "Separated with Spectral masks, as Hybrid Transformer Demucs and Standard were not "
        "available."
    )
    assert [each.model for each in identity.unavailable] == ["htdemucs", "standard"]
    assert reason == " ".join(each.reason for each in identity.unavailable)
    assert why in identity.notes[0]
    assert "python manage.py fetch_models htdemucs" in identity.notes[0]
    assert separator.get_supported_tracks() == ["drums", "bass", "other", "vocals"]


def test_standard_is_chosen_before_spectral(tmp_path: Path) -> None:
    save_small_bandsplit(tmp_path)
    save_small_weights(tmp_path / "models")
    separator = an_auto(tmp_path, offline=True)
    assert separator.validate()
    identity = separator.identity()
    assert (identity.separator, identity.model) == ("standard", "standard")
    assert identity.notes[0].startswith(
        "Separated with Standard, as Hybrid Transformer Demucs was not available: "
    )
    assert "python manage.py fetch_models htdemucs" in identity.notes[0]
    assert separator.get_supported_tracks() == ["drums", "bass", "other", "vocals"]
    put_weights(tmp_path / "models")
    assert an_auto(tmp_path, offline=True).identity().model == "htdemucs"


def test_a_stem_that_only_six_stems_have_is_passed_on(tmp_path: Path) -> None:
    six = ["drums", "bass", "other", "vocals", "guitar", "piano"]
    separator = an_auto(tmp_path, stems=["piano", "vocals"], offline=True)
    assert separator.get_supported_tracks() == ["vocals", "piano"]
    assert not separator.validate()
    with pytest.raises(ModelUnavailable, match="htdemucs_6s"):
        separator.load()
    put_weights(tmp_path / "models", "htdemucs_6s", six)
    assert separator.validate()
    assert separator.identity().model == "htdemucs_6s"


def test_a_stem_that_no_model_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match="cowbell"):
        an_auto(tmp_path, stems=["cowbell"]).get_supported_tracks()


def test_a_model_that_was_named_is_used_or_fails(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="htdemucs_ft"):
        an_auto(tmp_path, model="htdemucs_ft", offline=True).load()
    put_weights(tmp_path / "models", "htdemucs_ft")
    assert an_auto(tmp_path, model="htdemucs_ft").identity().model == "htdemucs_ft"
    assert an_auto(tmp_path, model="spectral").identity().separator == "spectral"


def test_a_repository_that_was_named_is_used_or_fails(tmp_path: Path) -> None:
    put_weights(tmp_path / "repo", "mine")
    assert an_auto(tmp_path, repo=tmp_path / "repo").identity().model == "mine"
    with pytest.raises(ModelUnavailable, match="not a directory"):
        an_auto(tmp_path, repo=tmp_path / "nowhere").load()


def test_weights_that_arrive_later_are_taken_at_the_next_load_that_may_look(
    tmp_path: Path,
) -> None:
    patient = an_auto(tmp_path, offline=True)
    eager = an_auto(tmp_path, offline=True, hub_retry_s=0)
    for separator in (patient, eager):
        assert separator.identity().separator == "spectral"
    put_weights(tmp_path / "models")
    # What was chosen stays chosen until a load, else a job could begin as one and end as another.
    assert eager.identity().separator == "spectral"
    for separator in (patient, eager):
        separator.load()
    assert patient.identity().separator == "spectral"
    assert eager.identity().separator == "demucs"
    assert eager.identity().unavailable == ()
    patient.close()
    assert patient.identity().separator == "demucs"


def test_the_rule_on_licences_keeps_auto_from_weights_that_are_here(tmp_path: Path) -> None:
    put_weights(tmp_path / "models")
    save_small_bandsplit(tmp_path)
    separator = an_auto(tmp_path, licences=("granted",), offline=True)
    assert separator.validate()
    identity = separator.identity()
    assert identity.separator == "standard"
    assert "rule on licences" in identity.notes[0]
    assert an_auto(tmp_path, licences=("htdemucs",)).identity().separator == "demucs"


@pytest.mark.parametrize("options", [{"licences": ("copyleft",)}, {"model": "htdemucs"}])
def test_auto_refuses_what_the_rule_leaves_out(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(LicenceRefused):
        an_auto(tmp_path, **{"licences": ("granted",), **options}).load()

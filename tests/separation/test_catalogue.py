import pytest

from separation.catalogue import CATALOGUE, find_model, models_for
from separation.errors import InvalidOptions
from separation.registry import BUILT_IN


def test_every_model_tells_where_it_comes_from() -> None:
    for model in CATALOGUE:
        assert model.separator in BUILT_IN
        assert model.stems
        assert model.licence
        assert model.training_data
        assert model.memory_bytes > 0
        assert bool(model.source_url) == bool(model.download_bytes)


def test_names_are_unique() -> None:
    names = [model.name for model in CATALOGUE]
    assert len(names) == len(set(names))


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

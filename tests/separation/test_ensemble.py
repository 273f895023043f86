"""Descriptions of ensembles: read in one place, refused in words."""

from typing import Any

import pytest

from separation.ensemble import (
    ENSEMBLES,
    MAX_MEMBERS,
    Ensemble,
    EnsembleFault,
    EnsembleMember,
    ensemble_document,
    fitting_stems,
    parse_ensemble,
)
from separation.errors import InvalidOptions
from separation.request.separation_request import parse_request
from separation.request.splits import parse_ensemble_text

TWO: list[dict[str, Any]] = [
    {"separator": "demucs", "model": "htdemucs", "weights": {"vocals": 2, "*": 0.5}},
    {"separator": "spectral", "weights": 3},
]
FOUR = ("drums", "bass", "other", "vocals")


def ensemble(**fields: Any) -> Ensemble:
    parsed = parse_ensemble({"members": TWO, **fields})
    assert parsed is not None
    return parsed


def test_a_weight_is_that_of_the_stem_or_of_all_or_one() -> None:
    first, second = ensemble().members
    assert [first.weight(stem) for stem in ("vocals", "no_vocals", "drums")] == [2.0, 2.0, 0.5]
    assert second.weight("vocals") == 3.0
    assert EnsembleMember("spectral").weight("bass") == 1.0


def test_what_was_read_is_written_as_it_can_be_read_again() -> None:
    read = ensemble(combine="mean", stems="common", consistent=False)
    assert parse_ensemble(ensemble_document(read)) == read
    assert parse_ensemble(read) is read


def test_only_a_mean_sums_to_the_song_unless_it_is_said() -> None:
    assert ensemble().sums_to_song
    assert not ensemble(consistent=False).sums_to_song
    plain = [{"separator": "spectral"}, {"separator": "demucs"}]
    assert not ensemble(members=plain, combine="min").sums_to_song
    assert ensemble(members=plain, combine="max", consistent=True).sums_to_song


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("nobody", "no ensemble 'nobody'.*htdemucs_mdx"),
        (7, "is an object"),
        ({}, "a list of at least two"),
        ({"members": [TWO[0]]}, f"2 to {MAX_MEMBERS} members, not 1"),
        ({"members": [TWO[1]] * (MAX_MEMBERS + 1)}, "not 5"),
        ({"members": [TWO[0], {"separator": "ensemble"}]}, "cannot be an ensemble itself"),
        ({"members": [TWO[0], {"model": "x"}]}, "names its `separator`"),
        ({"members": [TWO[0], {"separator": "spectral", "weight": 1}]}, "has no 'weight'"),
        ({"members": [TWO[0], {"separator": "spectral", "weights": -1}]}, "0 to 1000, not -1"),
        ({"members": [TWO[0], {"separator": "spectral", "weights": 10**400}]}, "0 to 1000, not 1"),
        ({"members": [TWO[0], {"separator": "spectral", "weights": float("nan")}]}, "not nan"),
        (
            {
                "members": [{"separator": "spectral", "weights": {str(n): 1 for n in range(101)}}]
                * 2
            },
            "at most 100 weights, not 101",
        ),
        ({"members": [TWO[0], {"separator": "spectral", "weights": "much"}]}, "is a number"),
        ({"members": [{"separator": "spectral", "weights": 0}] * 2}, "above 0 for any stem"),
        ({"members": [{"separator": "spectral", "weights": {"bass": 0}}] * 2}, "stem 'bass'"),
        ({"members": TWO, "combine": "median"}, "mean or min or max"),
        ({"members": TWO, "combine": "max"}, "1 \\(takes part\\) or 0, not"),
        ({"members": TWO, "stems": "some"}, "same or common"),
        ({"members": TWO, "consistent": "yes"}, "true or false"),
        ({"members": TWO, "colour": "red"}, "has no 'colour'"),
    ],
)
def test_a_wrong_description_is_refused_with_what_is_wrong(description: Any, said: str) -> None:
    with pytest.raises(EnsembleFault, match=said):
        parse_ensemble(description)


@pytest.mark.parametrize("known", ENSEMBLES, ids=lambda each: each.name)
def test_those_with_a_name_are_well_formed(known: Any) -> None:
    assert parse_ensemble(ensemble_document(known.ensemble)) == known.ensemble


def test_members_with_different_stems_are_told_apart_with_what_to_do() -> None:
    six = (*FOUR, "guitar", "piano")
    with pytest.raises(InvalidOptions, match=r'give different stems.*"stems": "common"'):
        fitting_stems(ensemble(), [six, FOUR])
    assert fitting_stems(ensemble(stems="common"), [six, FOUR]) == (*FOUR, "rest")
    # What both call the rest is not the rest of the song.
    both = [("vocals", "rest"), ("vocals", "rest", "guitar")]
    assert fitting_stems(ensemble(stems="common"), both) == ("vocals", "rest")
    with pytest.raises(InvalidOptions, match="no stem in common"):
        fitting_stems(ensemble(stems="common"), [("speech",), FOUR])


def test_the_same_stems_in_another_order_fit_and_leave_no_rest() -> None:
    for rule in ("same", "common"):
        assert fitting_stems(ensemble(stems=rule), [FOUR, FOUR[::-1]]) == FOUR


def test_a_request_names_an_ensemble_or_describes_it() -> None:
    named = parse_request(parse_ensemble_text("htdemucs_spectral"))
    assert (named.separator, named.model, named.ensemble) == (
        "ensemble",
        "htdemucs_spectral",
        None,
    )
    told = parse_request(
        parse_ensemble_text('{"members": [{"separator": "spectral"}, {"separator": "demucs"}]}')
    )
    assert told.ensemble is not None
    params = told.to_pipeline()[1].params
    assert [member["separator"] for member in params["ensemble"]["members"]] == [
        "spectral",
        "demucs",
    ]
    again = parse_request(told.model_dump(mode="json"))
    assert again == told


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"separator": "ensemble"}, "its members"),
        ({"separator": "ensemble", "model": "nobody"}, "no ensemble 'nobody'"),
        ({"separator": "spectral", "ensemble": {"members": TWO}}, "is run by the separator"),
        (
            {"separator": "ensemble", "model": "htdemucs_mdx", "ensemble": {"members": TWO}},
            "not both",
        ),
        ({"separator": "ensemble", "ensemble": {"members": []}}, "2 to 4 members"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOptions, match=said):
        parse_request(choices)


def test_what_looks_like_json_and_is_none_is_told() -> None:
    with pytest.raises(InvalidOptions, match="begins like JSON"):
        parse_ensemble_text("{members: []}")

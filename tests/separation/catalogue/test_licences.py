"""The operator's rule on licences: what it allows, what `auto` takes, what is refused and how."""

import pytest

from separation.catalogue import ModelInfo, combined, find_model
from separation.catalogue.licences import LicenceRule
from separation.errors import LicenceRefused


def names(rule: LicenceRule) -> list[str]:
    return [model.name for model in rule.allowed(rule.rows)]


def test_all_is_everything() -> None:
    rule = LicenceRule()
    assert rule.allowed(rule.rows) == rule.rows
    assert rule.allows_choice("demucs") and rule.allows_choice("a_plug_in")


def test_a_state_allows_its_models_and_a_name_one_more() -> None:
    granted = names(LicenceRule(("granted",)))
    assert "spectral" in granted and "htdemucs" not in granted
    assert names(LicenceRule(("granted", "htdemucs_6s"))) == [*granted, "htdemucs_6s"]
    assert {find_model(name).licence.state for name in names(LicenceRule(("research_only",)))} == {
        "research_only"
    }


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        (("all",), ["htdemucs", "spectral"]),
        (("granted",), ["spectral"]),
        (("htdemucs_ft", "granted"), ["htdemucs_ft", "spectral"]),
        (("htdemucs",), ["htdemucs"]),
        # Its six stems would become four.
        (("htdemucs_6s", "spectral"), ["htdemucs_6s"]),
        (("copyleft",), []),
    ],
)
def test_auto_takes_the_best_of_what_may_be_used(words: tuple[str, ...], taken: list[str]) -> None:
    tried = [model.name for model in LicenceRule(words).automatic()]
    assert [name for name in tried if name != "standard"] == taken


def test_auto_takes_a_model_that_gives_the_stems() -> None:
    assert [m.name for m in LicenceRule().automatic(["piano"])] == ["htdemucs_6s"]
    assert LicenceRule(("granted",)).automatic(["piano"]) == ()


@pytest.mark.parametrize(
    ("separator", "model"),
    [
        ("demucs", None),
        ("demucs", "htdemucs_ft"),
        ("auto", "htdemucs"),
        ("remote", "htdemucs"),
        ("remote", "demucs/htdemucs"),
        # What a service or a plug-in runs is not known here.
        ("remote", None),
        ("a_plug_in", None),
    ],
)
def test_what_has_no_grant_is_refused_by_name_with_what_there_is(
    separator: str, model: str | None
) -> None:
    with pytest.raises(LicenceRefused) as caught:
        LicenceRule(("granted",)).check_choice(separator, model)
    said = caught.value.detail
    assert "not offered here" in said and "STEMSITE_MODEL_LICENCES" in said
    assert "spectral" in said


def test_the_granted_pass_wherever_they_run() -> None:
    rule = LicenceRule(("granted",))
    for separator, model in (
        ("auto", None),
        ("spectral", None),
        ("auto", "spectral"),
        ("remote", "spectral/spectral"),
    ):
        rule.check_choice(separator, model)


def test_a_separator_without_a_row_is_allowed_by_its_name_or_as_not_stated() -> None:
    for words in (("granted", "remote"), ("not_stated",)):
        assert LicenceRule(words).allows_choice("remote")
    assert not LicenceRule(("granted", "remote")).allows_choice("a_plug_in")


def test_the_name_of_a_granted_model_lets_nothing_else_run() -> None:
    rule = LicenceRule(("granted",))
    for separator in ("a_plug_in", "torchaudio_hdemucs", "demucs"):
        assert not rule.allows_choice(separator, "standard")
    assert rule.allows_choice("auto", "standard") and rule.allows_choice("standard", "standard")


def test_a_separator_that_a_remote_service_is_asked_for_counts_as_its_usual_model() -> None:
    rule = LicenceRule(("granted", "not_stated"))
    assert not rule.allows_choice("remote", "demucs")
    assert not rule.allows_choice("remote", "demucs/htdemucs_ft")
    assert rule.allows_choice("remote", "spleeter") and rule.allows_choice("remote", "unknown")


def test_a_rule_that_leaves_auto_nothing_says_so() -> None:
    with pytest.raises(LicenceRefused, match="nothing that it may take"):
        LicenceRule(("copyleft",)).check_choice("auto")


def test_a_site_s_own_model_follows_the_rule() -> None:
    own = ModelInfo(name="choir", separator="spectral", label="Choir", stems=("choir",))
    rows = combined([own])
    assert not LicenceRule(("granted",), rows).allows_choice("spectral", "choir")
    assert LicenceRule(("granted", "choir"), rows).allows_choice("spectral", "choir")


def test_words_that_mean_nothing_are_told() -> None:
    rule = LicenceRule(("granted", "grantd", "remote", "htdemucs"))
    assert rule.unknown_words(["remote"]) == ["grantd"]

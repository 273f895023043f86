"""What a person chose, checked against this site before anything is stored."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from jobs.services.separators import runs_of_pipeline
from jobs.services.site_models.offered import is_offered, is_there, licence_rule
from separation.catalogue import ModelInfo, models_for
from separation.ensemble import ENSEMBLE, check_weights, fitting_stems, parse_ensemble
from separation.errors import InvalidOptions
from separation.families import SONG, overlapping_words
from separation.options import DEVICE, SEPARATOR, TARGET_DB
from separation.registry import BUILT_IN, SeparatorFactory
from separation.request.presets import find_preset, with_preset
from separation.request.separation_request import SeparationRequest, check_fields, parse_request
from separation.request.splits import SplitRequest
from separation.separator_options import check_segment
from separation.separators.own_models.folders import MSST
from separation.stage_table import SEPARATION

MODEL_CHOICES = ("shifts", "overlap", "segment_s", "seed", "ensemble")
"""Choices that suit one model; another one starts from its own defaults."""


def site_defaults() -> dict[str, Any]:
    """The options whose defaults an operator sets."""
    return {
        SEPARATOR.name: settings.DEFAULT_SEPARATOR,
        DEVICE.name: settings.DEFAULT_DEVICE,
        TARGET_DB.name: settings.DEFAULT_TARGET_DB,
    }


def request_with_defaults(*, choices: Mapping[str, Any]) -> SeparationRequest:
    """Validate ``choices`` over those of the preset that they name, and both over the site's
    defaults; raises ``InvalidOptions``."""
    return parse_request(with_preset(choices, site_defaults(), is_there, is_offered))


def check_each(*, choices: Mapping[str, Any]) -> None:
    """Raises ``InvalidOptions`` for a choice that is wrong by itself, whatever goes with it."""
    check_fields(choices)
    if "separator" in choices:
        check_separator(choices["separator"])
    if "preset" in choices:
        find_preset(choices["preset"])


def changed_request(asked: Mapping[str, Any], choices: Mapping[str, Any]) -> SeparationRequest:
    """What was ``asked`` for, changed by ``choices``; another model gets its own usual settings.

    Raises ``InvalidOptions``, also where the new model has not the stems that were chosen.
    """
    # Changed, they are no longer those of the preset.
    left_out: tuple[str, ...] = ("repo", "preset")
    if any(asked.get(name) != choices.get(name) for name in ("separator", "model")):
        left_out += MODEL_CHOICES
    kept = {name: value for name, value in asked.items() if name not in left_out}
    request = parse_request({**kept, **choices})
    check_request(request=request)
    return request


def check_request(*, request: SeparationRequest) -> None:
    """Refuse what could only fail in the queue: separator, model and stems that do not exist, and
    models that the operator's rule on licences leaves out.

    Raises ``InvalidOptions`` or ``LicenceRefused``.
    """
    if request.repo is not None:
        raise InvalidOptions(
            "A repository of weights can only be named by the operator, on the command line."
        )
    if request.stems == ():
        raise InvalidOptions("Name at least one stem, or leave the stems out for all of them.")
    check_stems(request=request)
    check_licence(request=request)


def check_stems(*, request: SeparationRequest) -> None:
    """Refuse stems that will not be there, at the first level and at the second, as far as that is
    known without loading a model. Raises ``InvalidOptions``."""
    if request.repo is not None:
        check_separator(request.separator)
    known = check_split(request) if request.repo is None else None
    _check_second_level(request, known if SEPARATION in request.stages else ())


def check_licence(*, request: SeparationRequest) -> None:
    """Raises ``LicenceRefused``. A repository that the operator named is the operator's own."""
    if request.repo is not None:
        return
    rule = licence_rule()
    for run in runs_of_pipeline([stage.model_dump() for stage in request.to_pipeline()]):
        rule.check_choice(run.separator, run.model or None)


def check_split(asked: SeparationRequest | SplitRequest) -> tuple[str, ...] | None:
    """Refuse a separator, model or stem that does not exist, and an ensemble that does not fit.

    Returns the stems that will come; None where only the loaded model knows.
    """
    if asked.separator == ENSEMBLE:
        known = _ensemble_stems(asked)
    else:
        model = known_model(asked.separator, asked.model)
        if model is not None and model.overlapping and isinstance(asked, SeparationRequest):
            raise InvalidOptions(overlapping_words(asked.separator, asked.model))
        if model is not None:
            check_window(model, asked.segment_s)
        known = model.stems if model is not None else None
    wanted = (asked.two_stems,) if asked.two_stems else asked.stems or ()
    for stem in wanted:
        if known is not None and stem not in known:
            raise InvalidOptions(
                f"This model gives no stem {stem!r}. It gives: {', '.join(known)}."
            )
    if asked.two_stems:
        return (asked.two_stems, f"no_{asked.two_stems}")
    return asked.stems or known


def check_window(model: ModelInfo, segment_s: float | None) -> None:
    """Raises ``InvalidOptions`` for a segment that is longer than the model takes."""
    if model.max_segment_s is not None:
        check_segment(model.name, segment_s, model.max_segment_s)


def check_separator(name: str) -> None:
    """Raises ``InvalidOptions`` for one that does not exist."""
    if name not in SeparatorFactory.names():
        raise InvalidOptions(
            f"There is no separator {name!r}. There are: {', '.join(SeparatorFactory.names())}."
        )


def known_model(separator: str, name: str | None) -> ModelInfo | None:
    """The model as the catalogue states it; None where only the loaded model knows.

    Raises ``InvalidOptions`` for a separator, and for a model of it, that does not exist.
    """
    check_separator(separator)
    if separator not in BUILT_IN:
        return None
    rule = licence_rule()
    # `auto` has no rows of its own: it takes a model of another separator.
    is_auto = separator == "auto"
    models = rule.automatic() if is_auto else models_for(separator, rule.rows)
    if not models and separator == MSST:
        raise InvalidOptions(
            "This site has no model of this kind: its operator can add some, in folders that "
            "STEMSITE_MODEL_PATHS names."
        )
    if not models:
        return None  # `remote` has what the other side has.
    if name is None:
        return models[0]
    named = rule.rows if is_auto else models
    for model in named:
        if model.name == name:
            return model
    raise InvalidOptions(
        f"The separator {separator!r} has no model {name!r}. "
        f"It has: {', '.join(model.name for model in named)}."
    )


def _ensemble_stems(asked: SeparationRequest | SplitRequest) -> tuple[str, ...] | None:
    ensemble = parse_ensemble(asked.ensemble or asked.model)
    assert ensemble is not None
    models = [known_model(member.separator, member.model) for member in ensemble.members]
    for model in filter(None, models):
        check_window(model, asked.segment_s)
    known = [model.stems for model in models if model is not None]
    if asked.stems or asked.two_stems:
        # Members that differ may all give these.
        wanted = (asked.two_stems,) if asked.two_stems else asked.stems or ()
        return tuple(stem for stem in wanted if all(stem in stems for stems in known))
    if len(known) < len(models):
        return None
    stems = fitting_stems(ensemble, known)
    check_weights(ensemble, stems)
    return stems


def _check_second_level(request: SeparationRequest, known: tuple[str, ...] | None) -> None:
    for split in request.details:
        check_split(split)
    wanted = [split.stem for split in request.details if split.stem != SONG]
    wanted += [each.stem for each in request.denoise]
    for stem in wanted:
        if known is not None and stem not in known:
            raise InvalidOptions(
                f"This job has no stem {stem!r} to work on. It has: {', '.join(known) or 'none'}."
            )

"""Builds requests from options, and checks them against this site before anything is stored."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from jobs.services.site_models.available import is_offered, is_there, licence_rule
from separation.catalogue import ModelInfo, models_for
from separation.ensemble import ENSEMBLE, check_weights, fitting_stems, parse_ensemble
from separation.errors import InvalidOptions
from separation.families import SONG, overlapping_words
from separation.options import DEVICE, SEPARATOR, TARGET_DB
from separation.registry import BUILT_IN, SeparatorFactory
from separation.request.presets import find_preset, with_preset
from separation.request.runs import runs_of_pipeline
from separation.request.separation_request import SeparationRequest, check_fields, parse_request
from separation.request.splits import SplitRequest
from separation.separator_options import check_segment
from separation.separators.own_models.folders import MSST
from separation.stage_table import SEPARATION

MODEL_OPTIONS = ("shifts", "overlap", "segment_s", "seed", "ensemble")
"""Options whose values suit one model. Another model starts from its own defaults."""


def site_defaults() -> dict[str, Any]:
    """The operator's defaults, by the name of the option."""
    return {
        SEPARATOR.name: settings.DEFAULT_SEPARATOR,
        DEVICE.name: settings.DEFAULT_DEVICE,
        TARGET_DB.name: settings.DEFAULT_TARGET_DB,
    }


def request_with_defaults(*, options: Mapping[str, Any]) -> SeparationRequest:
    """Build a request from ``options``, then from the preset that they name, then from the site's
    defaults. Raises ``InvalidOptions``."""
    return parse_request(with_preset(options, site_defaults(), is_there, is_offered))


def check_each(*, options: Mapping[str, Any]) -> None:
    """Check each option by itself. Raises ``InvalidOptions`` for a value that no combination of
    options allows."""
    check_fields(options)
    if "separator" in options:
        check_separator(options["separator"])
    if "preset" in options:
        find_preset(options["preset"])


def changed_request(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> SeparationRequest:
    """The ``stored`` options of a request with ``changes`` applied. A different model gets its own
    default settings.

    Raises ``InvalidOptions``, also where the new model lacks the requested stems.
    """
    # Changed options are no longer the options of the preset.
    left_out: tuple[str, ...] = ("repo", "preset")
    if any(stored.get(name) != changes.get(name) for name in ("separator", "model")):
        left_out += MODEL_OPTIONS
    kept = {name: value for name, value in stored.items() if name not in left_out}
    request = parse_request({**kept, **changes})
    check_request(request=request)
    return request


def check_request(*, request: SeparationRequest) -> None:
    """Refuse a request that could only fail in the queue: a separator, model or stem that does not
    exist, or a model that the operator's rule on licences excludes.

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
    """Refuse stems that the separation will not deliver, at the first and at the second level, as
    far as that is known without loading a model. Raises ``InvalidOptions``."""
    if request.repo is not None:
        check_separator(request.separator)
    known = check_split(request) if request.repo is None else None
    _check_second_level(request, known if SEPARATION in request.stages else ())


def check_licence(*, request: SeparationRequest) -> None:
    """Raises ``LicenceRefused``. A repository that the operator named is not checked."""
    if request.repo is not None:
        return
    rule = licence_rule()
    for run in runs_of_pipeline([stage.model_dump() for stage in request.to_pipeline()]):
        rule.check_choice(run.separator, run.model or None)


def check_split(request: SeparationRequest | SplitRequest) -> tuple[str, ...] | None:
    """Refuse a separator, model or stem that does not exist, and an ensemble that does not fit.

    Returns the stems of the result; None where only the loaded model determines them.
    """
    if request.separator == ENSEMBLE:
        known = _ensemble_stems(request)
    else:
        model = known_model(request.separator, request.model)
        if model is not None and model.overlapping and isinstance(request, SeparationRequest):
            raise InvalidOptions(overlapping_words(request.separator, request.model))
        if model is not None:
            check_window(model, request.segment_s)
        known = model.stems if model is not None else None
    for stem in _requested_stems(request):
        if known is not None and stem not in known:
            raise InvalidOptions(
                f"This model gives no stem {stem!r}. It gives: {', '.join(known)}."
            )
    if request.two_stems:
        return (request.two_stems, f"no_{request.two_stems}")
    return request.stems or known


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
    """The catalogue's row of the model; None where only the loaded model determines the stems.

    Raises ``InvalidOptions`` for a separator or a model that does not exist.
    """
    check_separator(separator)
    if separator not in BUILT_IN:
        return None
    rule = licence_rule()
    # `auto` has no rows of its own, as it uses a model of another separator.
    is_auto = separator == "auto"
    models = rule.automatic() if is_auto else models_for(separator, rule.rows)
    if not models and separator == MSST:
        raise InvalidOptions(
            "This site has no model of this kind: its operator can add some, in folders that "
            "STEMSITE_MODEL_PATHS names."
        )
    if not models:
        return None  # `remote` has the models of the service.
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


def _requested_stems(request: SeparationRequest | SplitRequest) -> tuple[str, ...]:
    return (request.two_stems,) if request.two_stems else request.stems or ()


def _ensemble_stems(request: SeparationRequest | SplitRequest) -> tuple[str, ...] | None:
    ensemble = parse_ensemble(request.ensemble or request.model)
    assert ensemble is not None
    models = [known_model(member.separator, member.model) for member in ensemble.members]
    for model in filter(None, models):
        check_window(model, request.segment_s)
    known = [model.stems for model in models if model is not None]
    if requested := _requested_stems(request):
        # Members with different stems may all have the requested ones.
        return tuple(stem for stem in requested if all(stem in stems for stems in known))
    if len(known) < len(models):
        return None
    stems = fitting_stems(ensemble, known)
    check_weights(ensemble, stems)
    return stems


def _check_second_level(request: SeparationRequest, known: tuple[str, ...] | None) -> None:
    for split in request.details:
        check_split(split)
    inputs = [split.stem for split in request.details if split.stem != SONG]
    inputs += [each.stem for each in request.denoise]
    for stem in inputs:
        if known is not None and stem not in known:
            raise InvalidOptions(
                f"This job has no stem {stem!r} to work on. It has: {', '.join(known) or 'none'}."
            )

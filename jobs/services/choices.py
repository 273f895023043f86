"""What a person chose, checked against this site before anything is stored."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from jobs.services.offered import licence_rule
from jobs.services.presets import is_offered, is_there
from separation.catalogue import models_for
from separation.catalogue.licences import LicenceRule
from separation.errors import InvalidOptions
from separation.own_models import MSST
from separation.presets import with_preset
from separation.registry import BUILT_IN, SeparatorFactory
from separation.request import SeparationRequest, parse_request

MODEL_CHOICES = ("shifts", "overlap", "segment_s", "seed")
"""Choices that suit one model; another one starts from its own defaults."""


def request_with_defaults(*, choices: Mapping[str, Any]) -> SeparationRequest:
    """Validate ``choices`` over those of the preset that they name, and both over the site's
    defaults; raises ``InvalidOptions``."""
    defaults = {
        "separator": settings.DEFAULT_SEPARATOR,
        "device": settings.DEFAULT_DEVICE,
        "target_db": settings.DEFAULT_TARGET_DB,
    }
    return parse_request(with_preset(choices, defaults, is_there, is_offered))


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
    if request.separator not in SeparatorFactory.names():
        raise InvalidOptions(
            f"There is no separator {request.separator!r}. "
            f"There are: {', '.join(SeparatorFactory.names())}."
        )
    rule = licence_rule()
    known = _known_stems(request, rule)
    if "separation" in request.stages:
        rule.check_choice(request.separator, request.model)
    _check_stems(request, known)


def check_licence(*, request: SeparationRequest) -> None:
    """Raises ``LicenceRefused``. A repository that the operator named is the operator's own."""
    if request.repo is None and "separation" in request.stages:
        licence_rule().check_choice(request.separator, request.model)


def _known_stems(request: SeparationRequest, rule: LicenceRule) -> tuple[str, ...] | None:
    """The stems as the catalogue states them; None where only the loaded model knows."""
    if request.separator not in BUILT_IN:
        return None
    # `auto` has no rows of its own: it takes a model of another separator.
    is_auto = request.separator == "auto"
    models = rule.automatic() if is_auto else models_for(request.separator, rule.rows)
    if not models and request.separator == MSST:
        raise InvalidOptions(
            "This site has no model of this kind: its operator can add some, in folders that "
            "STEMSITE_MODEL_PATHS names."
        )
    if not models:
        return None  # `remote` has what the other side has.
    if request.model is None:
        return models[0].stems
    named = rule.rows if is_auto else models
    for model in named:
        if model.name == request.model:
            return model.stems
    raise InvalidOptions(
        f"The separator {request.separator!r} has no model {request.model!r}. "
        f"It has: {', '.join(model.name for model in named)}."
    )


def _check_stems(request: SeparationRequest, known: tuple[str, ...] | None) -> None:
    wanted = (request.two_stems,) if request.two_stems else request.stems or ()
    if request.stems == ():
        raise InvalidOptions("Name at least one stem, or leave the stems out for all of them.")
    for stem in wanted:
        if known is not None and stem not in known:
            raise InvalidOptions(
                f"This model gives no stem {stem!r}. It gives: {', '.join(known)}."
            )

"""The models of this site: those that it knows, and those that its users may use."""

from django.conf import settings

from separation.catalogue import ModelInfo
from separation.catalogue.licences import LicenceRule
from separation.registry import SeparatorFactory
from separation.separators.own_models.catalogue_entries import all_rows
from separation.separators.own_models.folders import OwnModel, own_models


def known_models() -> tuple[ModelInfo, ...]:
    """The rows of all models that this site could run, allowed or not."""
    return all_rows(settings.MODEL_PATHS, settings.MODEL_DIR)


def licence_rule() -> LicenceRule:
    """The operator's rule, over the models of this site."""
    return LicenceRule(tuple(settings.MODEL_LICENCES), known_models())


def offered_models() -> tuple[ModelInfo, ...]:
    rule = licence_rule()
    return rule.allowed(rule.rows)


def offered_separators() -> tuple[str, ...]:
    """The names of the separators with a model that may be used, in the registry's order."""
    rule = licence_rule()
    with_rows = {str(row.separator) for row in rule.rows}
    with_offers = {str(row.separator) for row in rule.allowed(rule.rows)}
    return tuple(
        name
        for name in SeparatorFactory.names()
        if (name in with_offers if name in with_rows else rule.allows_choice(name))
    )


def is_there(separator: str, model: str) -> bool:
    """Whether a model can run without a download, as far as this process can see."""
    where = {
        "model_dir": settings.MODEL_DIR,
        "model_paths": tuple(settings.MODEL_PATHS),
        "offline": True,
    }
    return bool(SeparatorFactory.validate(separator, model=model, **where))


def is_offered(separator: str, model: str) -> bool:
    """Whether the operator's rule on licences allows the model."""
    return licence_rule().allows_choice(separator, model)


def can_run(separator: str, model: str) -> bool:
    """Whether the model is allowed and can run without a download."""
    return is_offered(separator, model) and is_there(separator, model)


def broken_models() -> tuple[OwnModel, ...]:
    """The unusable models in the operator's folders, with their reasons."""
    return tuple(model for model in own_models(settings.MODEL_PATHS) if model.fault)

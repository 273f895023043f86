"""The candidates for a job of networks, in order: each is a route with a model."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from separation.base import SeparatorOptions
from separation.catalogue import CATALOGUE, models_for
from separation.catalogue.licences import LicenceRule
from separation.registry import SeparatorFactory
from separation.separators.auto import AutoSeparator
from separation.separators.own_models.folders import MSST, named_model
from separation.settings import RouteName


@dataclass(frozen=True)
class Candidate:
    """A route with the model that it would run; ``is_smaller``: not the requested model."""

    route: RouteName
    separator: str
    options: SeparatorOptions
    model: str
    is_smaller: bool = False


def candidates_for(
    name: str,
    options: SeparatorOptions,
    routes: tuple[RouteName, ...],
    *,
    allow_smaller_model: bool,
) -> Iterator[Candidate]:
    """All candidates in order; on each route the requested model comes before smaller ones."""
    family, model = _network_of(name, options)
    shown_model = model or next((row.name for row in models_for(family)), family)
    may_shrink = allow_smaller_model and options.repo is None
    smaller = _smaller_models(shown_model, LicenceRule(options.licences)) if may_shrink else []
    for route in _routes_for(family, options, routes):
        if route == "remote":
            if _is_own(family, model, options):
                continue  # A model of the operator's own: no other machine has it.
            requested = f"{family}/{model}" if model else family
            remote_options = replace(options, model=requested, device="auto")
            yield Candidate(route, "remote", remote_options, shown_model)
            continue
        # On the last route `auto` itself may choose another separator.
        first = name if route == "local_cpu" else family
        here = replace(
            options,
            device="cuda" if route == "local_gpu" else "cpu",
            cpu_fallback=False,
            model=options.model if route == "local_cpu" else model,
        )
        yield Candidate(route, first, here, shown_model)
        for other in smaller:
            yield Candidate(route, family, replace(here, model=other), other, is_smaller=True)


def _is_own(family: str, model: str | None, options: SeparatorOptions) -> bool:
    if family == MSST:
        return True  # All models of this family are the operator's own, also the unnamed default.
    return model is not None and named_model(family, model, options.model_paths) is not None


def _network_of(name: str, options: SeparatorOptions) -> tuple[str, str | None]:
    """The separator of networks behind ``name``, and its model where that is decided."""
    if name == AutoSeparator.name:
        return AutoSeparator(options).first_choice()
    return name, options.model


def _routes_for(
    family: str, options: SeparatorOptions, routes: tuple[RouteName, ...]
) -> tuple[RouteName, ...]:
    # A separator without networks needs no card, and no other machine does it better.
    if options.device == "cpu" or not SeparatorFactory.separator_class(family).is_routed:
        return ("local_cpu",)
    if options.device == "cuda":
        return ("local_gpu", "local_cpu")
    return routes


def _smaller_models(model: str, rule: LicenceRule) -> list[str]:
    rows = {row.name: row for row in rule.allowed(CATALOGUE)}
    smaller: list[str] = []
    while (row := rows.get(model)) is not None and row.smaller is not None:
        model = row.smaller
        smaller.extend([model] if model in rows else [])
    return smaller

"""The ways that a job of networks may go, in order: each is a route with a model."""

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
    """A route with the model that it would run; ``is_smaller``: not the one asked for."""

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
    """Every way in order; the model asked for comes before smaller ones on the same route."""
    family, model = _network_of(name, options)
    shown = model or next((row.name for row in models_for(family)), family)
    may_shrink = allow_smaller_model and options.repo is None
    smaller = _smaller_models(shown, LicenceRule(options.licences)) if may_shrink else []
    for route in _routes_for(family, options, routes):
        if route == "remote":
            if _is_own(family, model, options):
                continue  # Of the operator's own: no other machine has it.
            asked = f"{family}/{model}" if model else family
            yield Candidate(route, "remote", replace(options, model=asked, device="auto"), shown)
            continue
        # `auto` itself may end with another separator, but only where it is the last resort.
        first = name if route == "local_cpu" else family
        here = replace(
            options,
            device="cuda" if route == "local_gpu" else "cpu",
            cpu_fallback=False,
            model=options.model if route == "local_cpu" else model,
        )
        yield Candidate(route, first, here, shown)
        for other in smaller:
            yield Candidate(route, family, replace(here, model=other), other, is_smaller=True)


def _is_own(family: str, model: str | None, options: SeparatorOptions) -> bool:
    if family == MSST:
        return True  # All of them are, and so is the first, which is meant by no name.
    return model is not None and named_model(family, model, options.model_paths) is not None


def _network_of(name: str, options: SeparatorOptions) -> tuple[str, str | None]:
    """The separator of networks behind ``name``, and its model where one is settled."""
    if name == AutoSeparator.name:
        return AutoSeparator(options).first_choice()
    return name, options.model


def _routes_for(
    family: str, options: SeparatorOptions, routes: tuple[RouteName, ...]
) -> tuple[RouteName, ...]:
    # What is no network needs no card, and no other machine does it better.
    if options.device == "cpu" or not SeparatorFactory.separator_class(family).is_routed:
        return ("local_cpu",)
    if options.device == "cuda":
        return ("local_gpu", "local_cpu")
    return routes


def _smaller_models(model: str, rule: LicenceRule) -> list[str]:
    rows = {row.name: row for row in rule.allowed(CATALOGUE)}
    found: list[str] = []
    while (row := rows.get(model)) is not None and row.smaller is not None:
        model = row.smaller
        found.extend([model] if model in rows else [])
    return found

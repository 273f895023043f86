"""Ensembles as plain data: several separators whose stems are combined into one set.

Outside of this code an ensemble is a JSON object, which :func:`parse_ensemble` reads and checks::

    {"members": [{"separator": "demucs", "model": "htdemucs", "weights": {"vocals": 2}},
                 {"separator": "spectral"}],
     "combine": "mean", "stems": "same"}

``weights``: a number for all stems, or one for each named stem (``*`` for the others); the default
is 1. ``combine``: ``mean`` is the weighted mean of the samples; ``min`` and ``max`` take the member
with the smallest or largest magnitude in every bin of a spectrum, and a weight of 0 leaves a member
out for that stem. ``stems``: with ``same`` all members must give the same stems; ``common`` takes
the stems that all members give, and ``rest`` for the rest of the song. ``consistent``: what the
stems lack of the song is distributed among them (:mod:`separation.separators.ensemble`); this is
the default with ``mean``.

No heavy import: the web side reads this.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from separation.errors import InvalidOptions

Combination = Literal["mean", "min", "max"]
StemsRule = Literal["same", "common"]

ENSEMBLE = "ensemble"
"""The separator's name."""

REST = "rest"
"""The stem that ``common`` adds: the song without the other stems."""

EVERY_STEM = "*"

MAX_MEMBERS = 4
"""Each member takes the time of a separation and keeps all its stems on the disk as float until
the last one is done: 127 MB a stem for six minutes, so four members of six stems need 3 GB."""

MAX_WEIGHTS = 100
"""The most weights of a member; the models with the most stems have about half as many."""


class EnsembleFault(ValueError):
    """A fault in a description, in words for the person who wrote it."""


@dataclass(frozen=True)
class EnsembleMember:
    """``weights``: (stem or ``*``, weight), sorted by stem."""

    separator: str
    model: str | None = None
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def label(self) -> str:
        return f"{self.separator} {self.model}" if self.model else self.separator

    def weight(self, stem: str) -> float:
        """The weight of a stem. ``no_<stem>`` has the weight of the stem, so that the two still sum
        to the song."""
        known = dict(self.weights)
        for name in (stem, stem.removeprefix("no_"), EVERY_STEM):
            if name in known:
                return known[name]
        return 1.0


@dataclass(frozen=True)
class Ensemble:
    members: tuple[EnsembleMember, ...]
    combine: Combination = "mean"
    stems: StemsRule = "same"
    consistent: bool | None = None

    @property
    def sums_to_song(self) -> bool:
        """Whether what the stems lack of the song is distributed among them. Not by default with
        ``min`` and ``max``: they leave out, or let in, what the members do not agree upon."""
        return self.combine == "mean" if self.consistent is None else self.consistent

    @property
    def label(self) -> str:
        return " + ".join(member.model or member.separator for member in self.members)


@dataclass(frozen=True)
class KnownEnsemble:
    """An ensemble with a name; it is offered where all its members can run."""

    name: str
    label: str
    description: str
    ensemble: Ensemble


ENSEMBLES: tuple[KnownEnsemble, ...] = (
    KnownEnsemble(
        name="htdemucs_mdx",
        label="Demucs twice: htdemucs and mdx_extra",
        description="The mean of two kinds of Demucs. Takes the time of both.",
        ensemble=Ensemble(
            (EnsembleMember("demucs", "htdemucs"), EnsembleMember("demucs", "mdx_extra"))
        ),
    ),
    KnownEnsemble(
        name="htdemucs_standard",
        label="Demucs with the standard model",
        description="htdemucs counts twice as much as the site's standard model. Takes the time of "
        "both.",
        ensemble=Ensemble(
            (
                EnsembleMember("demucs", "htdemucs", ((EVERY_STEM, 2.0),)),
                EnsembleMember("standard", "standard"),
            )
        ),
    ),
    KnownEnsemble(
        name="htdemucs_spectral",
        label="Demucs with spectral masks",
        description="htdemucs counts three times as much as the built-in spectral masks.",
        ensemble=Ensemble(
            (
                EnsembleMember("demucs", "htdemucs", ((EVERY_STEM, 3.0),)),
                EnsembleMember("spectral"),
            )
        ),
    ),
)


def find_ensemble(name: str) -> KnownEnsemble:
    """The ensemble of this name. Raises ``EnsembleFault``, which names all of them."""
    for known in ENSEMBLES:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in ENSEMBLES)
    raise EnsembleFault(
        f"there is no ensemble {name!r}; there are {names}, or describe one by its members"
    )


def parse_ensemble(value: object) -> Ensemble | None:
    """An ensemble from its name, a JSON object or an ensemble; None stays None.

    Raises ``EnsembleFault``. The caller checks whether the members can run and which stems they
    give.
    """
    if value is None or isinstance(value, Ensemble):
        return value
    if isinstance(value, str):
        return find_ensemble(value.strip()).ensemble
    fields = _object(value, "an ensemble", ("members", "combine", "stems", "consistent"))
    members = fields.get("members")
    if not isinstance(members, list | tuple):
        raise EnsembleFault("an ensemble has `members`: a list of at least two separators")
    ensemble = Ensemble(
        tuple(_member(each) for each in members),
        combine=_one_of("combine", fields.get("combine", "mean"), get_args(Combination)),
        stems=_one_of("stems", fields.get("stems", "same"), get_args(StemsRule)),
        consistent=_flag(fields.get("consistent")),
    )
    _check(ensemble)
    return ensemble


def ensemble_document(ensemble: Ensemble | None) -> dict[str, Any] | None:
    """The JSON object that :func:`parse_ensemble` reads."""
    if ensemble is None:
        return None
    members = [
        {"separator": each.separator, "model": each.model, "weights": dict(each.weights)}
        for each in ensemble.members
    ]
    return {**dataclasses.asdict(ensemble), "members": members}


def _check(ensemble: Ensemble) -> None:
    count = len(ensemble.members)
    if not 2 <= count <= MAX_MEMBERS:
        raise EnsembleFault(f"an ensemble has 2 to {MAX_MEMBERS} members, not {count}")
    named = {stem for member in ensemble.members for stem, _ in member.weights}
    for stem in sorted({*named, EVERY_STEM}):
        if not any(member.weight(stem) > 0 for member in ensemble.members):
            which = "any stem" if stem == EVERY_STEM else f"the stem {stem!r}"
            raise EnsembleFault(f"no member has a weight above 0 for {which}")
    if ensemble.combine != "mean":
        odd = [w for member in ensemble.members for _, w in member.weights if w not in (0, 1)]
        if odd:
            raise EnsembleFault(
                f"with `combine` {ensemble.combine} a weight is 1 (takes part) or 0, not {odd[0]:g}"
            )


def _member(value: object) -> EnsembleMember:
    fields = _object(value, "a member of an ensemble", ("separator", "model", "weights"))
    separator, model = fields.get("separator"), fields.get("model")
    if not isinstance(separator, str) or not separator:
        raise EnsembleFault("every member of an ensemble names its `separator`")
    if separator == ENSEMBLE:
        raise EnsembleFault("a member of an ensemble cannot be an ensemble itself")
    if not isinstance(model, str | None):
        raise EnsembleFault(f"the `model` of a member is a name, not {model!r}")
    return EnsembleMember(separator, model or None, _weights(fields.get("weights")))


def _weights(value: object) -> tuple[tuple[str, float], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        return ((EVERY_STEM, _weight(value)),)
    if len(value) > MAX_WEIGHTS:
        raise EnsembleFault(f"a member has at most {MAX_WEIGHTS} weights, not {len(value)}")
    return tuple(sorted((str(stem), _weight(each)) for stem, each in value.items()))


def _weight(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EnsembleFault(f"a weight is a number, not {value!r}")
    # The comparison also refuses NaN. math.isfinite fails for large integers of JSON.
    if not 0 <= value <= 1000:
        raise EnsembleFault(f"a weight is 0 to 1000, not {value!r:.40}")
    return float(value)


def _object(value: object, what: str, fields: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise EnsembleFault(f"{what} is an object with {', '.join(fields)}, not {value!r:.40}")
    unknown = [str(name) for name in value if name not in fields]
    if unknown:
        raise EnsembleFault(f"{what} has no {unknown[0]!r}; it has {', '.join(fields)}")
    return value


def _one_of(name: str, value: object, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise EnsembleFault(f"`{name}` of an ensemble is {' or '.join(known)}, not {value!r:.40}")
    return value


def _flag(value: object) -> bool | None:
    if not isinstance(value, bool | None):
        raise EnsembleFault(f"`consistent` is true or false, not {value!r:.40}")
    return value


def check_weights(ensemble: Ensemble, stems: Sequence[str]) -> None:
    """Raises ``InvalidOptions`` where a weight names a stem that is not in ``stems``."""
    named = {stem for member in ensemble.members for stem, _ in member.weights}
    known = {EVERY_STEM, *stems, *(stem.removeprefix("no_") for stem in stems)}
    if unknown := sorted(named - known):
        raise InvalidOptions(
            f"The ensemble weighs the stem {unknown[0]!r}, which its members do not give. "
            f"They give: {', '.join(stems)}."
        )


def fitting_stems(ensemble: Ensemble, given: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The stems of an ensemble whose members give ``given``, in the order of the first member.

    Raises ``InvalidOptions``, which says what to do, where the members do not fit together.
    """
    first = tuple(given[0])
    shared = tuple(stem for stem in first if all(stem in each for each in given))
    if all(len(each) == len(shared) for each in given):
        return first
    # A member may have a stem of this name itself: it becomes a part of the rest.
    named = tuple(stem for stem in shared if stem != REST)
    if ensemble.stems == "common" and named:
        return (*named, REST)
    stems_of_members = "; ".join(
        f"{member.label}: {', '.join(stems)}"
        for member, stems in zip(ensemble.members, given, strict=True)
    )
    if not shared:
        raise InvalidOptions(
            f"The members of the ensemble have no stem in common ({stems_of_members}). "
            "Choose others."
        )
    raise InvalidOptions(
        f"The members of the ensemble give different stems ({stems_of_members}). Choose members "
        "with the same stems, ask only for stems that all of them give, or write "
        '"stems": "common" to get those and the rest of the song.'
    )

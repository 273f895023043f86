"""Decides which stems of a separator are compared with which true stems."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

REST = "other"
ACCOMPANIMENT = "accompaniment"
_WITHOUT = "no_"
_SAID_AS = {ACCOMPANIMENT: "vocals", "instrumental": "vocals"}
"""Names for the song without a stem that do not contain the name of that stem."""


@dataclass(frozen=True)
class Target:
    """One comparison: the sum of some stems of the separator with the sum of some true stems."""

    name: str
    estimate: tuple[str, ...]
    truth: tuple[str, ...]


def targets(
    given: Sequence[str], song: Collection[str], suite: Collection[str]
) -> tuple[Target, ...]:
    """The comparisons for the stems that a separator has ``given``, in their order.

    ``song``: the true stems of this song, ``suite``: those of any song of the suite. A stem that
    the song lacks is left out. ``other`` collects what has no counterpart: true stems that the
    separator does not give become part of the true ``other``, and stems that the suite does not
    have (guitar, piano) become part of the separator's. ``no_vocals``, ``instrumental`` and
    ``accompaniment`` mean the same: the sum of all stems but vocals.
    """
    candidates = [_target(name, given, song, suite) for name in given]
    compared = [target for target in candidates if target is not None]
    return (*compared, *_accompaniments(given, song, {target.name for target in compared}))


def common_name(stem: str) -> str:
    """``accompaniment`` for each of its names; other names are unchanged."""
    return ACCOMPANIMENT if _left_out(stem) == "vocals" else stem


def _left_out(stem: str) -> str | None:
    """The stem that is left out of the song to make this one; None for an ordinary stem."""
    if stem.startswith(_WITHOUT):
        return stem.removeprefix(_WITHOUT)
    return _SAID_AS.get(stem)


def _target(
    name: str, given: Sequence[str], song: Collection[str], suite: Collection[str]
) -> Target | None:
    plain = [stem for stem in song if _left_out(stem) is None]
    left_out = _left_out(name)
    estimate: tuple[str, ...] = (name,)
    if left_out is not None:
        same = tuple(stem for stem in song if _left_out(stem) == left_out)
        truth = same[:1] or tuple(stem for stem in plain if stem != left_out)
    elif name == REST:
        truth = tuple(stem for stem in plain if stem == REST or stem not in given)
        unknown = [s for s in given if _left_out(s) is None and s not in suite and s != REST]
        estimate = (REST, *unknown)
    else:
        truth = (name,) if name in song else ()
    return Target(common_name(name), estimate, truth) if truth else None


def _accompaniments(
    given: Sequence[str], song: Collection[str], compared: Collection[str]
) -> list[Target]:
    """The true accompaniment, where the separator gives its parts."""
    found = []
    for stem in song:
        left_out = _left_out(stem)
        parts = tuple(s for s in given if _left_out(s) is None and s != left_out)
        if left_out in given and parts and common_name(stem) not in compared:
            found.append(Target(common_name(stem), parts, (stem,)))
    return found[:1]

"""Which stems of a separator are compared with which true ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

REST = "other"
ACCOMPANIMENT = "accompaniment"
_WITHOUT = "no_"
_SAID_AS = {ACCOMPANIMENT: "vocals", "instrumental": "vocals"}
"""Names for everything without a stem that do not say which."""


@dataclass(frozen=True)
class Target:
    """One comparison: the sum of these stems of the separator with the sum of these true ones."""

    name: str
    estimate: tuple[str, ...]
    truth: tuple[str, ...]


def targets(
    given: Sequence[str], song: Collection[str], suite: Collection[str]
) -> tuple[Target, ...]:
    """What can be compared of the stems that a separator has ``given``, in their order.

    ``song``: the true stems of this song, ``suite``: those of any song of the suite. A stem that
    the song lacks is left out. ``other`` is everything that has no name of its own on the other
    side: the true stems that the separator does not give are part of the true one, and stems that
    the suite does not know (guitar, piano) are part of the separator's. ``no_vocals``,
    ``instrumental`` and ``accompaniment`` are all the same: the sum of what is not vocals.
    """
    found = [_target(name, given, song, suite) for name in given]
    made = [target for target in found if target is not None]
    return (*made, *_accompaniments(given, song, {target.name for target in made}))


def common_name(stem: str) -> str:
    """``accompaniment`` for every name of it; other names stay."""
    return ACCOMPANIMENT if _left_out(stem) == "vocals" else stem


def _left_out(stem: str) -> str | None:
    """The stem without which this one is everything; None for an ordinary stem."""
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
    given: Sequence[str], song: Collection[str], made: Collection[str]
) -> list[Target]:
    """True ones for which the separator gives the parts."""
    found = []
    for stem in song:
        left_out = _left_out(stem)
        parts = tuple(s for s in given if _left_out(s) is None and s != left_out)
        if left_out in given and parts and common_name(stem) not in made:
            found.append(Target(common_name(stem), parts, (stem,)))
    return found[:1]

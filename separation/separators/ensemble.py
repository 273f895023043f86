"""Combines the stems of several separators into one set.

The members separate the song one after the other, each into its own folder, and are closed when
they are done, so that no two models are in memory together. Then their stems are combined in
blocks, by their weighted mean or in the spectrum (:mod:`separation.audio.combining`). Where the
stems must sum to the song (``Ensemble.sums_to_song``), the difference from the song is divided
among them, unless the request names only some of the stems. If the stems of each member sum to the
song and each member has one weight for all stems, their mean sums to the song without this step.

After a crash, a finished member is not separated again; combining starts over.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from separation.base import (
    MemberIdentity,
    ResumableSeparator,
    SeparatorIdentity,
    SeparatorModel,
    SeparatorOptions,
    Validation,
)
from separation.ensemble import (
    ENSEMBLE,
    REST,
    Ensemble,
    EnsembleFault,
    check_weights,
    find_ensemble,
    fitting_stems,
)
from separation.errors import InvalidOptions
from separation.progress import Report, ignore_progress, part_of
from separation.registry import SeparatorFactory
from separation.separators.once import separate_once
from separation.storage.checkpoints import Checkpoints

VERSION = "1"
_COMBINED_FROM = 0.95
"""Share of the progress at which combining begins: it only reads and writes, so it is short."""

_NETWORK_SHARE = 10.0
"""Weight of a network in the progress, against 1 for a separator without one: spectral masks take a
tenth of the time of the smallest network on two cores."""

Build = Callable[[str, SeparatorOptions], SeparatorModel]


def build_from_registry(name: str, options: SeparatorOptions) -> SeparatorModel:
    """Raises ``InvalidOptions`` or ``ModelUnavailable``."""
    return SeparatorFactory.separator_class(name)(options)


class EnsembleSeparator(ResumableSeparator):
    """See the module's docstring. ``build`` creates the members; a stage passes a function that
    decides where networks may run."""

    name = ENSEMBLE

    def __init__(self, options: SeparatorOptions, build: Build = build_from_registry) -> None:
        super().__init__(options)
        self._ensemble = _ensemble_of(options)
        self._build = build
        self._built: list[SeparatorModel] | None = None
        self._outputs: list[str] = []
        self._identities: list[SeparatorIdentity] = []

    @property
    def member_count(self) -> int:
        return len(self._ensemble.members)

    def validate(self) -> Validation:
        for member, separator in zip(self._ensemble.members, self._first_built(), strict=True):
            usable = separator.validate()
            if not usable:
                return Validation(
                    False, f"The member {member.label} of the ensemble cannot run: {usable.reason}"
                )
        return Validation(True)

    def get_supported_tracks(self) -> list[str]:
        """Raises ``InvalidOptions`` where the members do not fit together."""
        self._members()
        return list(self._outputs)

    @property
    def is_overlapping(self) -> bool:
        return any(member.is_overlapping for member in self._members())

    def load(self, *, report: Report = ignore_progress) -> None:
        """Load each member for its identity. Only the first stays in memory, because it runs
        first."""
        members = self._members()
        found = []
        for place in reversed(range(len(members))):
            members[place].load(report=report)
            found.append(members[place].identity())
            if place:
                members[place].close()
        self._identities = found[::-1]

    def identity(self) -> SeparatorIdentity:
        if not self._identities:
            self.load()
        found = self._identities
        members = tuple(
            MemberIdentity(
                separator=each.separator,
                model=each.model,
                version=each.version,
                weights_digest=each.weights_digest,
                engine=each.engine,
                precision=each.precision,
                device=each.device,
                weights=dict(member.weights),
            )
            for member, each in zip(self._ensemble.members, found, strict=True)
        )
        return SeparatorIdentity(
            separator=self.name,
            model=self.options.model or self._ensemble.label,
            version=VERSION,
            weights_digest=self._digest(found),
            engine=_joined(each.engine for each in found),
            precision=_joined(each.precision for each in found),
            device=_joined(each.device for each in found),
            seed=next((each.seed for each in found if each.seed is not None), None),
            notes=tuple(f"{each.model}: {note}" for each in found for note in each.notes),
            members=members,
        )

    def separate(
        self,
        input_path: Path,
        output_dir: Path,
        *,
        report: Report = ignore_progress,
        checkpoints: Checkpoints | None = None,
    ) -> dict[str, Path]:
        members = self._members()
        folders = [output_dir / f"member-{place}" for place in range(len(members))]
        shares = self._shares()
        for place, (member, folder) in enumerate(zip(members, folders, strict=True)):
            separate_once(
                member,
                input_path,
                folder,
                part_of(report, shares[place], shares[place + 1]),
                checkpoints.part(folder.name) if checkpoints is not None else None,
            )
            if place < len(self._identities):
                # The device or precision may have changed during the song.
                self._identities[place] = member.identity()
            member.close()
        paths = self._combined(
            input_path, folders, output_dir, part_of(report, _COMBINED_FROM, 1.0)
        )
        for folder in folders:
            shutil.rmtree(folder)
        return paths

    def close(self) -> None:
        for member in self._built or ():
            member.close()
        self._identities = []

    def _first_built(self) -> list[SeparatorModel]:
        if self._built is None:
            self._built = self._built_for(self.options)
        return self._built

    def _built_for(self, options: SeparatorOptions) -> list[SeparatorModel]:
        return [
            self._build(member.separator, replace(options, model=member.model, ensemble=None))
            for member in self._ensemble.members
        ]

    def _members(self) -> list[SeparatorModel]:
        """The members, built for the stems that all of them must return."""
        if self._outputs:
            assert self._built is not None
            return self._built
        given = [member.get_supported_tracks() for member in self._first_built()]
        self._outputs = list(fitting_stems(self._ensemble, given))
        if REST in self._outputs:
            shared = tuple(stem for stem in self._outputs if stem != REST)
            self._built = self._built_for(replace(self.options, stems=shared))
        self._check_weights()
        assert self._built is not None
        return self._built

    def _check_weights(self) -> None:
        if self.options.stems is None and self.options.two_stems is None:
            check_weights(self._ensemble, self._outputs)

    def _shares(self) -> list[float]:
        """Share of the progress at which each member begins, and at which the last ends."""
        work = [_NETWORK_SHARE if each.is_routed else 1.0 for each in self._members()]
        return [_COMBINED_FROM * sum(work[:place]) / sum(work) for place in range(len(work) + 1)]

    def _digest(self, found: Sequence[SeparatorIdentity]) -> str:
        """sha256 (hex) over every value that changes the sound, in the order of the members."""
        members = [
            [
                *(each.separator, each.model, each.version, each.weights_digest),
                *(each.precision, each.seed, list(member.weights)),
            ]
            for member, each in zip(self._ensemble.members, found, strict=True)
        ]
        rules = [self._ensemble.combine, self._ensemble.stems, self._ensemble.sums_to_song]
        text = json.dumps([VERSION, rules, members])
        return hashlib.sha256(text.encode()).hexdigest()

    def _combined(
        self, song: Path, folders: Sequence[Path], output_dir: Path, report: Report
    ) -> dict[str, Path]:
        # Imported here, because it imports SciPy and the web side imports this module.
        from separation.audio import combining

        report(0.0, "Combining the members of the ensemble")
        ensemble = self._ensemble
        stems = [stem for stem in self._outputs if stem != REST]
        paths = {stem: output_dir / f"{stem}.wav" for stem in self._outputs}
        steps = len(stems) + 1
        for place, stem in enumerate(stems):
            weights = [member.weight(stem) for member in ensemble.members]
            files = {
                folder / f"{stem}.wav": weight
                for folder, weight in zip(folders, weights, strict=True)
                if weight > 0
            }
            share = part_of(report, place / steps, (place + 1) / steps)
            combining.combine(files, paths[stem], ensemble.combine, share)
        last = part_of(report, len(stems) / steps, 1.0)
        if REST in paths:
            combining.write_residual(song, [paths[stem] for stem in stems], paths[REST], last)
        elif ensemble.sums_to_song and self.options.stems is None:
            combining.share_out_residual(song, list(paths.values()), last)
        report(1.0)
        return paths


def _joined(words: Iterable[str]) -> str:
    return " + ".join(dict.fromkeys(words))


def _ensemble_of(options: SeparatorOptions) -> Ensemble:
    if options.ensemble is not None:
        return options.ensemble
    if options.model is None:
        raise InvalidOptions("The separator 'ensemble' needs to be told its members.")
    try:
        return find_ensemble(options.model).ensemble
    except EnsembleFault as fault:
        raise InvalidOptions(f"Of the separator 'ensemble' {fault}.") from None

"""Tracks that are sums and differences of stems.

Reads: the stems, which are the tracks of the stage ``separation`` other than ``residual``, and
the song. Writes: ``main_harmonic.wav``; everything else is a recipe.
Tracks, in the folder ``composite``, each with the song's frames:

- ``main``: the sum of every stem but vocals, or of the stems that the parameters name.
- ``main_harmonic``, ``main_percussive``: the harmonic/percussive decomposition of ``main`` with
  librosa's defaults; the two sum to ``main``.
- ``instrumental``: the sum of all stems but vocals; only where vocals were separated.
- ``minus_<stem>``: the song minus that stem, for each stem; only when requested. A two-stem job
  makes it only for the stem itself, as the song minus ``no_<stem>`` is the stem.

``main`` and ``instrumental`` are the same sound unless the parameters say otherwise; the export
writes one file for both. The note of each track says what it holds.

Where the job has only some of the model's stems, their sum would lack the rest of the song, so
``main`` and ``instrumental`` are then the song minus what they leave out.

Parameters:

- ``main_excludes``: stems that ``main`` leaves out. Default ``vocals``.
- ``main_stems``: the stems of ``main``, at least one, instead of ``main_excludes``. Default none.
- ``minus``: whether to make ``minus_<stem>``. Default no.

Where stems are missing, a track is left out or made of the stems that exist, and a warning says so.
Errors: ``invalid_options`` where there is no stem at all or ``main_stems`` names an unknown one;
what reading and writing raise; ``cancelled``.

Version 2: tracks have notes; the sound is that of version 1, the first.
"""

from collections.abc import Iterable, Sequence

from pydantic import Field

from separation.audio.blocks import FloatWriter
from separation.audio.hpss import split
from separation.audio.tracks import Term, Track, TrackReader
from separation.errors import InvalidOptions
from separation.families import spoken_name
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult
from separation.stages.separation import is_stem

VOCALS = "vocals"
_TWO_STEM_REST = "no_"


class CompositeParams(StageParams):
    """See the module's docstring."""

    main_excludes: tuple[str, ...] = (VOCALS,)
    main_stems: tuple[str, ...] | None = Field(default=None, min_length=1)
    minus: bool = False


class CompositeStage(PipelineStage[CompositeParams]):
    name = "composite"
    processor_type = "composition"
    version = 2
    params_type = CompositeParams
    needs = ("separation",)

    def validate_input(self, context: StageContext) -> None:
        stems = _stems(context)
        if not stems:
            raise InvalidOptions(
                "There are no stems to combine. Run the stage 'separation' before 'composite'."
            )
        unknown = [name for name in self.params.main_stems or () if name not in stems]
        if unknown:
            raise InvalidOptions(
                f"The track 'main' cannot hold {_listed(unknown)}: "
                f"the stems of this song are {_listed(stems)}."
            )

    def execute(self, context: StageContext) -> StageResult:
        self.validate_input(context)
        stems = _stems(context)
        main, main_warnings = self._main(context, stems)
        harmonic = Term(path=f"{self.name}/main_harmonic.wav")
        with (
            TrackReader(main, context.work_dir) as reader,
            FloatWriter(context.out_dir / "main_harmonic.wav") as writer,
        ):
            split(reader, writer, report=context.report)
        tracks = [
            main,
            self._track("main_harmonic", "The sustained part of main.", harmonic),
            self._track(
                "main_percussive",
                "The struck part of main.",
                *main.terms,
                Term(path=harmonic.path, gain=-1.0),
            ),
        ]
        warnings = list(main_warnings)
        if VOCALS in stems:
            tracks.append(self._all_but("instrumental", context, stems, (VOCALS,)))
        else:
            warnings.append(
                "There is no instrumental track, because vocals were not separated: the stems are "
                f"{_listed(stems)}."
            )
        if self.params.minus:
            tracks += [
                self._track(f"minus_{name}", _minus_note([name]), *_song_minus(context, [stem]))
                for name, stem in stems.items()
                if not name.startswith(_TWO_STEM_REST)
            ]
        return StageResult(tracks=tuple(tracks), warnings=tuple(warnings))

    def _main(
        self, context: StageContext, stems: dict[str, Track]
    ) -> tuple[Track, tuple[str, ...]]:
        if self.params.main_stems is not None:
            chosen = dict.fromkeys(self.params.main_stems)
            return self._track("main", _sum_note(chosen), *_sum(stems[name] for name in chosen)), ()
        excluded = self.params.main_excludes
        missing = [name for name in excluded if name not in stems]
        if not missing:
            return self._all_but("main", context, stems, excluded), ()
        included = [name for name in stems if name not in excluded]
        if not included:
            without = _song_minus(context, stems.values())
            return self._track("main", _minus_note(stems), *without), (
                f"The track 'main' may hold {_listed(missing)}, which this job did not separate.",
            )
        total = _sum(stems[name] for name in included)
        return self._track("main", _sum_note(included), *total), (
            f"The track 'main' is {_listed(included)}, because this job did not separate "
            f"{_listed(missing)}.",
        )

    def _all_but(
        self,
        name: str,
        context: StageContext,
        stems: dict[str, Track],
        excluded: tuple[str, ...],
    ) -> Track:
        """Everything but the excluded stems, which must all exist."""
        included = [key for key in stems if key not in excluded]
        if included and (_all_stems_requested(context) or not excluded):
            note = _without_note(excluded, included)
            return self._track(name, note, *_sum(stems[key] for key in included))
        without = _song_minus(context, [stems[key] for key in excluded])
        return self._track(name, _minus_note(excluded), *without)

    def _track(self, name: str, note: str, *terms: Term) -> Track:
        return Track(
            name=name, folder=self.name, file_stem=name, stage=self.name, terms=terms, note=note
        )


def _stems(context: StageContext) -> dict[str, Track]:
    return {name: track for name, track in context.tracks.items() if is_stem(track)}


def _all_stems_requested(context: StageContext) -> bool:
    """Whether the request includes all stems of the model, as two-stem mode does."""
    separation = next(stage for stage in context.spec.pipeline if stage.name == "separation")
    return separation.params.get("stems") is None


def _sum(tracks: Iterable[Track]) -> tuple[Term, ...]:
    return tuple(term for track in tracks for term in track.terms)


def _song_minus(context: StageContext, tracks: Iterable[Track]) -> tuple[Term, ...]:
    without = tuple(Term(path=term.path, gain=-term.gain) for term in _sum(tracks))
    return (Term(path=context.require_song().path), *without)


def _sum_note(names: Iterable[str]) -> str:
    return f"The sum of {_spoken(names, ' + ')}."


def _without_note(excluded: Iterable[str], included: Sequence[str]) -> str:
    if not excluded:
        return _sum_note(included)
    parts = f": {_spoken(included, ' + ')}" if len(included) > 1 else ""
    return f"The song without {_spoken(excluded)}{parts}."


def _minus_note(names: Iterable[str]) -> str:
    return f"The song minus {_spoken(names)}, with what no stem holds."


def _spoken(names: Iterable[str], between: str = " and ") -> str:
    return between.join(spoken_name(name) for name in names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)

"""The choices of the upload form, from the catalogue and the registry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.translation import gettext as _

from jobs.models import ModelMeasurement
from jobs.sentences import translated
from jobs.services.site_models.available import (
    can_run,
    is_offered,
    is_there,
    known_models,
    licence_rule,
    offered_models,
    offered_separators,
)
from jobs.services.site_models.measurements import latest
from jobs.services.site_models.runnable import Runnable
from jobs.services.timing.speed import Speeds
from separation.catalogue import Figure, Licence, ModelInfo
from separation.catalogue.model import MEASURES, Measure, decibels
from separation.ensemble import ENSEMBLE, ENSEMBLES
from separation.families import SONG
from separation.formats import FORMATS as ALL_FORMATS
from separation.formats import SAME_LABEL, ConcreteFormat, OutputFormat
from separation.registry import BUILT_IN
from separation.request.presets import PRESETS
from separation.request.presets import can_run as preset_can_run
from separation.stage_table import STAGES

FEATURED = ("auto", "standard:standard", "spectral:spectral", "demucs:htdemucs")
"""Models that the form shows at once; "More models" shows the others."""

PAGE_FORMAT: ConcreteFormat = "flac24"
"""The form's default: the same samples as 24-bit WAV in about half the bytes. The API's default is
WAV, which every tool reads."""

FORMATS: tuple[tuple[OutputFormat, str], ...] = (
    (PAGE_FORMAT, ALL_FORMATS[PAGE_FORMAT].label),
    *((row.name, row.label) for row in ALL_FORMATS.values() if row.name != PAGE_FORMAT),
    ("same", SAME_LABEL),
)

OWN_CHOICE = ""
"""The value of "Own choice" among the presets' names."""

FIRST_PRESET = "stems"
"""The form's preset for a person without own defaults. The mixer can do most of what other presets
add, such as the song without its vocals, and this preset is faster."""

MAIN_PRESETS = (FIRST_PRESET, "karaoke", "full")
"""The presets that the form shows at once; "More" shows the others and everything else."""

PRESET_CHOICES = (
    *((preset.name, preset.label) for preset in PRESETS),
    (OWN_CHOICE, "Own choice"),
)


def preset_choices() -> tuple[tuple[str, str], ...]:
    """The presets that can run on this site, and "Own choice"."""
    offered = {preset.name for preset in PRESETS if preset_can_run(preset, is_there, is_offered)}
    here = [row for row in PRESET_CHOICES if row[0] in offered]
    return (*here, (OWN_CHOICE, _("Own choice")))


STAGE_BOXES = tuple((row.name, row.title, row.text) for row in STAGES.values() if row.is_optional)
"""Name, label and note of each box under "What to make"."""


@dataclass(frozen=True)
class MeasuredHere:
    """The newest measurement of a model on this site, in words."""

    row: ModelMeasurement

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Each measure's decibels in words, and the convention of the measure."""
        known: dict[Measure, str] = MEASURES
        return [
            (decibels(self.row.figures[measure]), words)
            for measure, words in known.items()
            if measure in self.row.figures
        ]

    @property
    def headline(self) -> str:
        """One figure for a closed card."""
        measure = next(each for each in MEASURES if each in self.row.figures)
        first = self.row.figures[measure]
        name = "mean" if "mean" in first else next(iter(first))
        return f"{name} {first[name]:.1f} dB"


@dataclass(frozen=True)
class ModelCard:
    """One choice of separator and model; ``value`` is ``separator`` or ``separator:model``.

    ``info``: the catalogue's entry, or None. ``times_real_time``: seconds of audio separated in a
    second, measured on past jobs; None before the first. ``is_here``: the weights are on this site;
    ``obstacle``: why it cannot run, the end of a sentence. Only :func:`measured_cards` checks both.
    """

    value: str
    label: str
    description: str
    info: ModelInfo | None = None
    times_real_time: float | None = None
    measured: MeasuredHere | None = None
    is_here: bool = True
    obstacle: str = ""

    @property
    def stems(self) -> tuple[str, ...]:
        return self.info.stems if self.info else ()

    @property
    def licence(self) -> Licence | None:
        return self.info.licence if self.info else None

    @property
    def figures(self) -> tuple[Figure, ...]:
        return self.info.figures if self.info else ()

    @property
    def download_bytes(self) -> int:
        return self.info.download_bytes if self.info else 0

    @property
    def offered_stems(self) -> tuple[str, ...]:
        """Stems that can be selected with this card."""
        return self.stems or usual_stems()

    @property
    def featured(self) -> bool:
        return self.value in FEATURED


def _remote() -> ModelCard:
    return ModelCard(
        value="remote",
        label=_("Another machine"),
        description=_("Sends the song to the separation service that this site was given."),
    )


def _automatic() -> ModelCard:
    """The card of "Automatic"; it names the models that the site's licence rule allows."""
    models = licence_rule().automatic()
    labels = [
        _("%(model)s where its weights are here or can be fetched") % {"model": label}
        if needs_download
        else label
        for label, needs_download in ((translated(row.label), row.download_bytes) for row in models)
    ]
    chain = labels[-1] if labels else ""
    for label in reversed(labels[:-1]):
        chain = _("%(first)s, otherwise %(then)s") % {"first": label, "then": chain}
    return ModelCard(
        value="auto",
        label=_("Automatic"),
        description=_("%(models)s. The job says which was used and why.") % {"models": chain},
    )


def _card(model: ModelInfo) -> ModelCard:
    return ModelCard(f"{model.separator}:{model.name}", model.label, model.description, model)


def measured_cards(speeds: Speeds) -> tuple[ModelCard, ...]:
    """The model cards with their speed and quality on this site, and whether the weights are
    here or could be had."""
    rows, available = latest(), Runnable.load()
    return tuple(
        replace(
            card,
            times_real_time=speeds.times_real_time(*_names(card.value)),
            measured=_measured(card, rows),
            is_here=not card.download_bytes or is_there(*_names(card.value)),
            obstacle=available.why_not(*_names_or_usual(card.value)),
        )
        for card in model_cards()
    )


def _measured(card: ModelCard, rows: dict[str, ModelMeasurement]) -> MeasuredHere | None:
    row = rows.get(card.info.name) if card.info else None
    return MeasuredHere(row) if row else None


def _names(value: str) -> tuple[str, str]:
    separator, _, model = value.partition(":")
    return separator, model


def _names_or_usual(value: str) -> tuple[str, str | None]:
    separator, model = _names(value)
    return separator, model or None


def model_cards() -> tuple[ModelCard, ...]:
    """Automatic, the models that the site offers, ensembles, the remote service and plug-ins."""
    offered = offered_separators()
    listed = {*BUILT_IN, *(model.separator for model in known_models())}
    plug_ins = tuple(
        ModelCard(value=name, label=name, description=_("A plug-in installed on this site."))
        for name in offered
        if name not in listed
    )
    automatic = (_automatic(),) if "auto" in offered else ()
    remote = (_remote(),) if settings.REMOTE_URL and "remote" in offered else ()
    model_rows = [_card(model) for model in offered_models() if not model.overlapping]
    return (*automatic, *model_rows, *_ensemble_cards(), *remote, *plug_ins)


def _ensemble_cards() -> tuple[ModelCard, ...]:
    """The ensembles whose members are all here, so that none has to fetch several models."""
    return tuple(
        ModelCard(f"{ENSEMBLE}:{known.name}", known.label, known.description)
        for known in ENSEMBLES
        if can_run(ENSEMBLE, known.name)
    )


def splitters() -> tuple[tuple[str, str], ...]:
    """The models that can split a stem again here, as values and labels of a choice."""
    available = Runnable.load()
    cards = [(card.value, card.label) for card in model_cards() if card.value != "auto"]
    overlapping = [
        (f"{model.separator}:{model.name}", model.label)
        for model in offered_models()
        if model.overlapping
    ]
    known = (*cards, *overlapping)
    usable = [row for row in known if not available.why_not(*_names_or_usual(row[0]))]
    return (("", _("Leave it whole")), *usable)


@dataclass(frozen=True)
class StemChoice:
    """One box of "Only these"; ``note`` names the models if only some produce the stem."""

    value: str
    label: str
    note: str = ""


def usual_stems() -> tuple[str, ...]:
    """The stems of the default model, for cards that list no stems."""
    usual = licence_rule().automatic() or offered_models()
    return usual[0].stems if usual else ()


def stem_choices() -> tuple[StemChoice, ...]:
    """Every stem that an offered model produces, in the catalogue's order."""
    offered = [model for model in offered_models() if not model.overlapping]
    names = dict.fromkeys(stem for model in offered for stem in model.stems)
    return tuple(StemChoice(name, name.capitalize(), stem_note(name, offered)) for name in names)


def shown_stems(cards: Iterable[ModelCard]) -> tuple[StemChoice, ...]:
    """The boxes of the stems that one of ``cards`` gives; a box that no card can fill is none."""
    given = {stem for card in cards for stem in card.offered_stems}
    return tuple(choice for choice in stem_choices() if choice.value in given)


def split_choices() -> tuple[StemChoice, ...]:
    """The stems that can be split again, and the whole song."""
    return (*stem_choices(), StemChoice(SONG, _("The whole song")))


def stem_note(stem: str, offered: Sequence[ModelInfo]) -> str:
    """The models that produce ``stem``, or the fewer that do not; empty if all do."""
    giving = [model.label for model in offered if stem in model.stems]
    lacking = [model.label for model in offered if stem not in model.stems]
    if len(lacking) < len(giving):
        return _("not with %(models)s") % {"models": _any_of(lacking)} if lacking else ""
    return _("with %(models)s only") % {"models": _any_of(giving)}


def _any_of(labels: Sequence[str]) -> str:
    *others, last = map(translated, labels)
    return (
        _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last}
        if others
        else last
    )


def card_value(separator: str) -> str:
    """The value of the card for a separator without a model."""
    values = [card.value for card in model_cards()]
    matching = (value for value in values if value.partition(":")[0] == separator)
    return next(matching, values[0])

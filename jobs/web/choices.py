"""What the upload form offers, read from the catalogue and the registry."""

from dataclasses import dataclass, replace

from django.conf import settings

from jobs.services.speed import Speeds
from separation.catalogue import CATALOGUE, ModelInfo
from separation.presets import PRESETS
from separation.registry import SeparatorFactory
from separation.request import OutputFormat

FEATURED = ("auto", "spectral:spectral", "demucs:htdemucs")
"""Models that the form shows at once; the others wait behind "More models"."""

PAGE_FORMAT: OutputFormat = "flac24"
"""What the form proposes: the same samples as 24-bit WAV in about half the bytes. Programs keep
WAV, which every tool reads, unless they ask."""

FORMATS: tuple[tuple[OutputFormat, str], ...] = (
    ("flac24", "FLAC, 24 bit (lossless, smaller than WAV)"),
    ("wav24", "WAV, 24 bit"),
    ("wav16", "WAV, 16 bit"),
    ("wav32f", "WAV, 32 bit float"),
    ("flac16", "FLAC, 16 bit"),
    ("mp3", "MP3"),
    ("ogg", "OGG Vorbis"),
    ("m4a", "M4A (AAC)"),
    ("same", "Same as the file sent (WAV and MP3)"),
)

OWN_CHOICE = ""
"""In the place of a preset's name."""

FIRST_PRESET = "full"
"""What the form starts with for somebody who has not chosen otherwise: nobody misses a track."""

PRESET_CHOICES = (
    *((preset.name, preset.label) for preset in PRESETS),
    (OWN_CHOICE, "Own choice"),
)

STAGES = (
    ("separation", "Stems", "Drums, bass, vocals and the rest, each on its own track."),
    ("harmonic_percussive", "Harmonic and percussive", "The sustained and the struck part."),
    ("composite", "Composites", "The song without vocals, and other sums of stems."),
    ("normalization", "Normalized copies", "The same tracks at one common level."),
)


@dataclass(frozen=True)
class ModelCard:
    """One choice of separator and model; ``value`` is ``separator`` or ``separator:model``."""

    value: str
    label: str
    description: str
    stems: tuple[str, ...] = ()
    licence: str = ""
    training_data: str = ""
    download_bytes: int = 0
    quality: str = ""
    times_real_time: float | None = None
    """Seconds of audio separated in a second, as past jobs taught; None before the first."""

    @property
    def offered_stems(self) -> tuple[str, ...]:
        """Stems that can be ticked beside this card; those of every model where it names none."""
        return self.stems or common_stems()

    @property
    def featured(self) -> bool:
        return self.value in FEATURED


_AUTO = ModelCard(
    value="auto",
    label="Automatic",
    description="Demucs where its weights are here or can be fetched, otherwise spectral masks. "
    "The job says which was used and why.",
)


_REMOTE = ModelCard(
    value="remote",
    label="Another machine",
    description="Sends the song to the separation service that this site was given.",
)


def _card(model: ModelInfo) -> ModelCard:
    return ModelCard(
        value=f"{model.separator}:{model.name}",
        label=model.label,
        description=model.description,
        stems=model.stems,
        licence=model.licence,
        training_data=model.training_data,
        download_bytes=model.download_bytes,
        quality=model.quality,
    )


def measured_cards(speeds: Speeds) -> tuple[ModelCard, ...]:
    """The same, with the speeds that were learned on this site."""
    return tuple(
        replace(card, times_real_time=speeds.times_real_time(*_names(card.value)))
        for card in model_cards()
    )


def _names(value: str) -> tuple[str, str]:
    separator, _, model = value.partition(":")
    return separator, model


def model_cards() -> tuple[ModelCard, ...]:
    """Automatic, the catalogue's models, then separators that the catalogue does not know."""
    listed = {"auto", "remote", *(model.separator for model in CATALOGUE)}
    plug_ins = tuple(
        ModelCard(value=name, label=name, description="A plug-in installed on this site.")
        for name in SeparatorFactory.names()
        if name not in listed
    )
    remote = (_REMOTE,) if settings.REMOTE_URL else ()
    return (_AUTO, *(_card(model) for model in CATALOGUE), *remote, *plug_ins)


@dataclass(frozen=True)
class StemChoice:
    """One box of "Only these"; ``note`` names the models where not all of them give the stem."""

    value: str
    label: str
    note: str = ""


def common_stems() -> tuple[str, ...]:
    """Stems that every model of the catalogue gives."""
    return tuple(name for name in stem_names() if not _exclusive_to(name))


def stem_choices() -> tuple[StemChoice, ...]:
    return tuple(StemChoice(name, name.capitalize(), _note(name)) for name in stem_names())


def _exclusive_to(stem: str) -> list[str]:
    """The labels of the models that give ``stem``; empty where all do."""
    giving = [model.label for model in CATALOGUE if stem in model.stems]
    return giving if len(giving) < len(CATALOGUE) else []


def _note(stem: str) -> str:
    labels = _exclusive_to(stem)
    return f"with {' or '.join(labels)} only" if labels else ""


def card_value(separator: str) -> str:
    """The card that stands for a separator named without a model."""
    values = [card.value for card in model_cards()]
    matching = (value for value in values if value.partition(":")[0] == separator)
    return next(matching, values[0])


def stem_names() -> tuple[str, ...]:
    """Every stem that some model of the catalogue gives, in the catalogue's order."""
    return tuple(dict.fromkeys(stem for model in CATALOGUE for stem in model.stems))

"""The models that stemsite knows by name: what they give, what they cost, where they come from.

Plain data, read by forms, the ``models`` command and the documentation. Stems are stated here
only for a model that is not loaded; once it is, the separator reads them from the model.
"""

from dataclasses import dataclass

from separation.errors import InvalidOptions

_GB = 1_000_000_000
_MB = 1_000_000

_FOUR = ("drums", "bass", "other", "vocals")
_DEMUCS = "https://github.com/adefossez/demucs"
_MIT = "MIT (code and weights, as published by the demucs project)"
_MUSDB = "MUSDB18-HQ (songs licensed for education and non-commercial research only)"
_UNDISCLOSED = (
    "What that means for commercial use of the output is not settled; ask a lawyer if it matters."
)


@dataclass(frozen=True)
class ModelInfo:
    """One model. ``memory_bytes`` is a first guess of the peak on the device it runs on;
    ``download_bytes`` is about what fetching it moves, 0 where there is nothing to fetch.
    ``smaller``: what may take its place where memory is short; it has the same stems.
    ``quality``: what was measured, and by whom; empty where nobody measured it on songs that it
    was not trained on."""

    name: str
    separator: str
    label: str
    stems: tuple[str, ...]
    licence: str
    training_data: str
    source_url: str
    memory_bytes: int
    description: str
    download_bytes: int = 0
    smaller: str | None = None
    quality: str = ""


CATALOGUE: tuple[ModelInfo, ...] = (
    ModelInfo(
        name="spectral",
        separator="spectral",
        label="Spectral masks",
        stems=_FOUR,
        licence="stemsite's own code; there are no weights",
        training_data="Nothing: its masks are computed from the song itself.",
        source_url="",
        memory_bytes=_GB // 2,
        description="Built in, needs no download. Much less exact than the neural models.",
    ),
    ModelInfo(
        name="htdemucs",
        separator="demucs",
        label="Hybrid Transformer Demucs",
        stems=_FOUR,
        licence=_MIT,
        training_data=f"{_MUSDB}, and 800 songs internal to Meta. {_UNDISCLOSED}",
        source_url=_DEMUCS,
        memory_bytes=4 * _GB,
        description="The default neural model: one network for all four stems.",
        download_bytes=84 * _MB,
    ),
    ModelInfo(
        name="htdemucs_ft",
        separator="demucs",
        label="Hybrid Transformer Demucs, fine-tuned",
        stems=_FOUR,
        licence=_MIT,
        training_data=f"{_MUSDB}, and 800 songs internal to Meta. {_UNDISCLOSED}",
        source_url=_DEMUCS,
        quality="9.0 dB SDR on the test songs of MUSDB18-HQ, by its authors",
        memory_bytes=6 * _GB,
        description="Four networks, one tuned for each stem: a little better, four times slower; "
        "as fast as htdemucs when one stem is wanted.",
        download_bytes=336 * _MB,
        smaller="htdemucs",
    ),
    ModelInfo(
        name="htdemucs_6s",
        separator="demucs",
        label="Hybrid Transformer Demucs, six stems",
        stems=(*_FOUR, "guitar", "piano"),
        licence=_MIT,
        training_data="Not described by its authors beyond what htdemucs was trained on: "
        f"{_MUSDB}, and songs internal to Meta. {_UNDISCLOSED}",
        source_url=_DEMUCS,
        memory_bytes=8 * _GB,
        description="Adds guitar and piano; its authors call the piano stem poor.",
        download_bytes=55 * _MB,
    ),
    ModelInfo(
        name="mdx_extra",
        separator="demucs",
        label="Hybrid Demucs, MDX challenge 2021 track B",
        stems=_FOUR,
        licence=_MIT,
        training_data=f"{_MUSDB}, its test set included, so that scores on that set say "
        f"nothing; and further songs that its authors do not name. {_UNDISCLOSED}",
        source_url=_DEMUCS,
        memory_bytes=4 * _GB,
        description="Four older networks averaged; slow, sometimes better on unusual music.",
        download_bytes=670 * _MB,
    ),
    ModelInfo(
        name="hdemucs_high_musdb_plus",
        separator="torchaudio_hdemucs",
        label="Hybrid Demucs from torchaudio",
        stems=_FOUR,
        licence="torchaudio's code is BSD-2-Clause; no separate licence is stated for the weights",
        training_data=f"{_MUSDB}, its test set included, and 150 songs internal to Meta. "
        f"{_UNDISCLOSED}",
        source_url="https://docs.pytorch.org/audio/stable/pipelines.html",
        memory_bytes=4 * _GB,
        description="One older network that comes through torchaudio's own download site.",
        download_bytes=335 * _MB,
    ),
)


def models_for(separator: str) -> tuple[ModelInfo, ...]:
    """The models of one separator, its default first; none for a separator not listed here."""
    return tuple(model for model in CATALOGUE if model.separator == separator)


def find_model(name: str) -> ModelInfo:
    """The row of a model. Raises ``InvalidOptions`` naming all of them."""
    for model in CATALOGUE:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in CATALOGUE)
    raise InvalidOptions(f"There is no model {name!r} in the catalogue. There are: {known}.")

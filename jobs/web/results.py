"""A finished job on its page: groups of tracks, facts and versions."""

import re
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from jobs.models import Artifact, Job
from jobs.models.job import JobStatus
from jobs.sentences import translated
from jobs.services.listening.index import overlapping_parents
from jobs.services.sizes import size
from jobs.web.uploads.choices import PRESET_CHOICES
from separation.errors import LicenceRefused, ModelUnavailable
from separation.families import FAMILIES
from separation.protocol.remarks import split_remark
from separation.stage_table import DETAILS

_DID_WITHOUT = re.compile(r", as .+ (?:was|were) not available\b")


@dataclass(frozen=True)
class Stretch:
    """The part of a song that a job separates, in seconds. ``can_go_on``: the song's file exists,
    so the whole song can be separated."""

    start_s: float
    end_s: float
    song_s: float
    is_preview: bool
    can_go_on: bool


def stretch(job: Job) -> Stretch | None:
    """None for a job of the whole song, and before the manifest names the part."""
    part = job.manifest.get("range")
    if not part:
        return None
    return Stretch(
        start_s=part["start_s"],
        end_s=part["end_s"],
        song_s=part["song_s"],
        is_preview=job.request.get("preset") == "preview",
        can_go_on=job.source.path.is_file(),
    )


def shown_s(job: Job) -> float:
    """The length of the tracks in seconds."""
    part = stretch(job)
    return part.end_s - part.start_s if part else job.source.duration_s


@dataclass(frozen=True)
class TrackGroup:
    slug: str
    title: str
    note: str
    tracks: list[Artifact]
    is_second_level: bool = False
    is_folded: bool = False


def track_groups(job: Job, artifacts: list[Artifact]) -> list[TrackGroup]:
    """Groups in the order of ``FAMILIES``, with a group for the parts of each stem; tracks of any
    other stage come last. All but the first are folded."""
    known = [family.stage for family in FAMILIES]
    other_stages = dict.fromkeys(a.stage_name for a in artifacts if a.stage_name not in known)
    rows = [(row.stage, translated(row.title), translated(row.note)) for row in FAMILIES]
    rows += [(slug, slug.replace("_", " ").capitalize(), "") for slug in other_stages]
    groups: list[TrackGroup] = []
    for slug, title, note in rows:
        tracks = [artifact for artifact in artifacts if artifact.stage_name == slug]
        if slug == DETAILS:
            groups += _parts_groups(tracks, overlapping_parents(job))
        elif tracks:
            groups.append(TrackGroup(slug, title, note, tracks))
    return [replace(group, is_folded=n > 0) for n, group in enumerate(groups)]


def _parts_groups(parts: list[Artifact], overlapping: set[str]) -> list[TrackGroup]:
    """One group for each stem that was split again."""
    groups = []
    for parent in dict.fromkeys(part.parent for part in parts):
        named = parent.replace("_", " ")
        note = _("Together with their residual they sum to the %(stem)s.") % {"stem": named}
        if parent in overlapping:
            note = _("These overlap: one sound may be in several of them.")
        tracks = [part for part in parts if part.parent == parent]
        title = _("%(stem)s, split again") % {"stem": named.capitalize()}
        groups.append(TrackGroup(f"{DETAILS}-{parent}", title, note, tracks, is_second_level=True))
    return groups


def facts(job: Job) -> list[tuple[str, str]]:
    """Facts from the manifest; a fact that an old or unfinished manifest lacks is left out."""
    ran: dict[str, Any] = job.manifest.get("separation") or {}
    source = job.source
    preset = dict(PRESET_CHOICES).get(job.request.get("preset") or "-", "")
    rows = [
        (_("Preset"), preset),
        (_("Separator"), ran.get("separator") or job.separator),
        (_("Model"), ran.get("model") or job.model_name),
        (_("Members"), _members(ran)),
        (_("Engine"), ", ".join(str(ran[key]) for key in ("engine", "precision") if ran.get(key))),
        (_("Device"), ran.get("device") or ""),
        (_("Time taken"), time_taken(job)),
        (_("File"), source.original_name),
        (_("Input"), f"{source.codec}, {source.sample_rate_hz / 1000:g} kHz, {_channels(source)}"),
        (_("Size"), size(source.size_bytes)),
    ]
    return [(name, str(value)) for name, value in rows if value]


@dataclass(frozen=True)
class Version:
    """Another version of the same song, with its separator and model as text."""

    job: Job
    made_with: str


@dataclass(frozen=True)
class Versions:
    """``ready``: versions that may replace the job; ``newer``: the version that replaced it;
    ``older``: the job that this one replaces or would replace."""

    ready: list[Version]
    newer: Version | None
    older: Version | None


def versions(job: Job) -> Versions:
    newer = list(job.replacements.order_by("-accepted_at", "-created_at"))
    accepted = [each for each in newer if each.accepted_at is not None]
    return Versions(
        ready=[Version(each, made_with(each)) for each in newer if each.is_ready],
        newer=Version(accepted[0], made_with(accepted[0])) if accepted else None,
        older=Version(job.replaces, made_with(job.replaces)) if job.replaces else None,
    )


def made_with(job: Job) -> str:
    """``demucs htdemucs``; a single name where both are the same, as for ``spectral``."""
    return " ".join(dict.fromkeys(separator_and_model(job)))


def separator_and_model(job: Job) -> list[str]:
    """The names of separator and model: those that ran, or else the requested ones."""
    ran: dict[str, Any] = job.manifest.get("separation") or {}
    names = (ran.get("separator") or job.separator, ran.get("model") or job.model_name)
    return [str(name) for name in names if name]


def _members(ran: dict[str, Any]) -> str:
    """The members of an ensemble and their weights: "htdemucs (3), spectral (vocals 2)"."""
    members = []
    for member in ran.get("members") or ():
        weights = [
            f"{weight:g}" if stem == "*" else f"{stem} {weight:g}"
            for stem, weight in (member.get("weights") or {}).items()
        ]
        members.append(f"{member['model']} ({', '.join(weights)})" if weights else member["model"])
    return ", ".join(members)


def time_taken(job: Job) -> str:
    """Without the turns of others. Empty for a cancelled job, which may have started once and was
    cancelled while it waited."""
    cancelled = job.status == JobStatus.CANCELLED
    if cancelled or job.started_at is None or job.completed_at is None:
        return ""
    seconds = job.ran_s + (job.completed_at - job.started_at).total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def _channels(source: Any) -> str:
    if source.channels > 2:
        return _("%(count)s channels") % {"count": source.channels}
    return _("stereo") if source.channels == 2 else _("mono")


@dataclass(frozen=True)
class Remark:
    """``is_line``: it has a reason, which only the operator is told."""

    text: str
    is_line: bool


def remarks(job: Job) -> list[Remark]:
    """What everybody is told of how a song was separated. Which machine or library ran concerns the
    operator alone (:func:`reasons`)."""
    found = []
    for warning in job.warnings:
        line, reason = split_remark(warning)
        if not reason:
            found.append(Remark(translated(line), is_line=False))
        elif _DID_WITHOUT.search(line):
            words = _("Made with the basic method; a better model is not installed.")
            found.append(Remark(words, is_line=True))
    return list(dict.fromkeys(found))


def reasons(job: Job) -> list[str]:
    """For the operator: all remarks with their reasons, and what the job failed of."""
    told = [warning for warning in job.warnings if split_remark(warning)[1]]
    return [job.error_detail, *told] if is_for_operator(job.error_code) else told


def is_for_operator(error_code: str) -> bool:
    """Whether an error of this code says what only the operator can do."""
    return error_code in (ModelUnavailable.code, LicenceRefused.code)


def failure(job: Job, *, for_staff: bool) -> str:
    """Why the job failed."""
    if is_for_operator(job.error_code) and not for_staff:
        return _("The model that this needs is not available on this site.")
    return translated(job.error_detail)

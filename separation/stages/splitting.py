"""Runs one separator for a stage: opens it, separates with it and checks the stems.

``separation`` splits the song, ``details`` splits a stem. Both have the same options, routes, keys,
checkpoints and checks.
"""

import dataclasses
import logging
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from separation.audio.blocks import FRAME_BYTES
from separation.base import (
    SAMPLE_RATE_HZ,
    SeparatorIdentity,
    SeparatorModel,
    SeparatorOptions,
    separate_with,
)
from separation.catalogue.licences import LicenceRule
from separation.ensemble import ENSEMBLE
from separation.errors import DiskFull, InvalidOptions, ModelUnavailable, OutputInvalid
from separation.options import ALLOW_REMOTE, ALLOW_SMALLER_MODEL, DEVICE, DeviceChoice
from separation.progress import Report, part_of
from separation.request.splits import SplitChoice
from separation.routing.route_record import recorded_material
from separation.routing.router import RoutedSeparator, is_routed
from separation.separators.once import separate_once
from separation.separators.own_models.catalogue_entries import all_rows
from separation.stages.base import StageContext
from separation.stages.stem_check import check_stems
from separation.storage.checkpoints import Checkpoints

CHECK_FROM = 0.95
"""Where in the bar of a split the separator is done and checking the stems begins."""


@dataclass(frozen=True)
class Placement:
    """Where the networks may run; the same for all splits of a stage."""

    device: DeviceChoice = DEVICE.default
    allow_smaller_model: bool = ALLOW_SMALLER_MODEL.default
    allow_remote: bool = ALLOW_REMOTE.default
    repo: Path | None = None


@dataclass(frozen=True)
class Split:
    """``files`` by stem in the separator's own order. ``residual_dbfs``: level (RMS) of the source
    minus all stems, None for digital silence. ``seconds``: how long separating took."""

    files: Mapping[str, Path]
    identity: SeparatorIdentity
    residual_dbfs: float | None
    is_overlapping: bool
    seconds: float
    routing: list[dict[str, Any]] = field(default_factory=list)


class Splitter:
    """One separator for one job; it remembers the routes that could not take the job."""

    def __init__(self, choice: SplitChoice, placement: Placement, *, route_file: str) -> None:
        """``route_file``: the name of the file in the job's work folder that records the route."""
        self._choice = choice
        self._placement = placement
        self._route_file = route_file
        self._kept: SeparatorModel | None = None
        self._routes: list[RoutedSeparator] = []

    def key_material(self, context: StageContext) -> dict[str, Any]:
        """What would run, without the device: only engine and precision decide the output."""
        separator = self.usable(context)
        # identity() would load as well, but without progress and without noticing a cancel.
        separator.load(report=part_of(context.report, 0.0, 0.0))
        material = _without_device(identity_record(separator.identity()))
        if not isinstance(separator, RoutedSeparator):
            return material
        return recorded_material(
            context.work_dir / self._route_file,
            route=separator.route,
            request=self._request(context),
            material=material,
        )

    def check(self, context: StageContext) -> list[str]:
        """The stems that the separator will write. Raises ``ModelUnavailable``, and
        ``InvalidOptions`` for stems that the model lacks."""
        supported = self.usable(context).get_supported_tracks()
        requested = self._choice.stems or ()
        if self._choice.two_stems is not None:
            requested = (self._choice.two_stems,)
        unknown = [stem for stem in requested if stem not in supported]
        if unknown:
            raise InvalidOptions(
                f"There is no stem {unknown[0]!r} here. There are: {', '.join(supported)}."
            )
        return supported

    def split(
        self,
        context: StageContext,
        source: Path,
        out_dir: Path,
        report: Report,
        checkpoints: Checkpoints | None,
        *,
        is_part: bool = False,
    ) -> Split:
        """Separate ``source`` into ``out_dir`` and read everything back.

        ``is_part``: the stage has several splits, so a finished one is kept for the next attempt;
        and a stem may be digitally silent though the source is not. Raises ``OutputInvalid`` for a
        stem that is missing or broken, and what the separator raises.
        """
        separator = self.usable(context)
        expected = separator.get_supported_tracks()
        check_room(context, self.files_at_once(context))
        started = time.monotonic()
        share = part_of(report, 0.0, CHECK_FROM)
        run = separate_once if is_part else separate_with
        paths = run(separator, source, out_dir, share, checkpoints)
        seconds = time.monotonic() - started
        identity = separator.identity()
        logging.getLogger(f"separator.{identity.separator}").info(
            "%s split %.1f s of audio in %.1f s",
            identity.model,
            context.require_song().duration_s,
            seconds,
        )
        files = _delivered(expected, paths)
        residual = check_stems(
            files,
            source,
            may_be_silent=is_part,
            report=part_of(report, CHECK_FROM, 1.0),
        )
        routing = [step for routed in self._routes for step in routed.step_records()]
        return Split(files, identity, residual, separator.is_overlapping, seconds, routing)

    def usable(self, context: StageContext) -> SeparatorModel:
        """The separator, ready to run. Raises ``ModelUnavailable`` with the reason, or
        ``LicenceRefused``."""
        if self._kept is not None and self._choice.separator == ENSEMBLE:
            return self._kept
        if self._kept is None or not isinstance(self._kept, RoutedSeparator):
            self._kept = self._opened(context, self._choice.separator, self._options(context))
        return self._kept

    def _opened(
        self, context: StageContext, name: str, options: SeparatorOptions
    ) -> SeparatorModel:
        if name == "remote" and not self._placement.allow_remote:
            raise InvalidOptions(
                "The separator 'remote' was asked for, but the song is not to leave this machine."
            )
        if name == ENSEMBLE:
            separator = self._ensemble(context, options)
        else:
            self._check_licence(context, name, options.model)
            if is_routed(name):
                return self._routed(context, name, options)
            separator = context.separators(name, options)
        usable = separator.validate()
        if not usable:
            raise ModelUnavailable(f"The separator {name!r} cannot run here: {usable.reason}")
        return separator

    def _check_licence(self, context: StageContext, name: str, model: str | None) -> None:
        """Raises ``LicenceRefused``. The rule may have changed since the request."""
        if self._placement.repo is None:
            rule = LicenceRule(context.settings.licences, all_rows(context.settings.model_paths))
            rule.check_choice(name, model)

    def _ensemble(self, context: StageContext, options: SeparatorOptions) -> SeparatorModel:
        from separation.separators.ensemble import EnsembleSeparator

        return EnsembleSeparator(options, lambda name, each: self._opened(context, name, each))

    def _routed(
        self, context: StageContext, name: str, options: SeparatorOptions
    ) -> RoutedSeparator:
        """One for the whole job, because it remembers the routes that could not take the job."""
        routed = RoutedSeparator(
            name,
            options,
            context.separators,
            context.settings.routes,
            allow_remote=self._placement.allow_remote,
            allow_smaller_model=self._placement.allow_smaller_model,
        )
        self._routes.append(routed)
        return routed

    def files_at_once(self, context: StageContext) -> int:
        """The most files of the song's length that are on the disk at the same time."""
        from separation.separators.ensemble import EnsembleSeparator

        separator = self.usable(context)
        stems = len(separator.get_supported_tracks())
        if isinstance(separator, EnsembleSeparator):
            # The stems of its members, the combined ones, and these once more adjusted to the sum.
            return stems * (separator.member_count + 2)
        return stems

    def _request(self, context: StageContext) -> dict[str, Any]:
        settings = context.settings
        choices = {
            **self._choice.model_dump(mode="json"),
            **dataclasses.asdict(self._placement),
            "repo": str(self._placement.repo) if self._placement.repo else None,
        }
        return {**choices, "engine": settings.engine, "precision": settings.precision}

    def _options(self, context: StageContext) -> SeparatorOptions:
        choice, settings = self._choice, context.settings
        return SeparatorOptions(
            model=choice.model,
            ensemble=choice.ensemble,
            stems=choice.stems,
            two_stems=choice.two_stems,
            shifts=choice.shifts,
            overlap=choice.overlap,
            segment_s=choice.segment_s,
            seed=choice.seed,
            repo=self._placement.repo,
            device=self._placement.device,
            model_dir=settings.model_dir,
            model_paths=settings.model_paths,
            offline=settings.offline,
            hub_timeout_s=settings.hub_timeout_s,
            fetch_limit_s=settings.fetch_limit_s,
            engine=settings.engine,
            precision=settings.precision,
            cache_dir=settings.cache_dir,
            gpu_batch=settings.gpu_batch,
            remote=settings.remote,
            licences=settings.licences,
        )


def check_room(context: StageContext, files: int) -> None:
    """Raises ``DiskFull`` where ``files`` files of the song's length would not fit."""
    needed = files * context.require_song().frames * FRAME_BYTES
    free = shutil.disk_usage(context.work_dir).free - context.settings.limits.min_free_bytes
    if needed > free:
        raise DiskFull(
            f"This takes {needed / 1e6:.0f} MB of disk, for {files} files as long as the song, "
            "and the server has less space left at the moment. Try again later, or ask for fewer "
            "stems, parts or members."
        )


def resumed_s(checkpoints: Checkpoints | None) -> float | None:
    """Where in the song this attempt resumed, in seconds; None at its beginning. The speed in the
    details counts only what came after that."""
    frames = checkpoints.mean_resumed_frames if checkpoints else 0
    return round(frames / SAMPLE_RATE_HZ, 3) if frames else None


def identity_record(identity: SeparatorIdentity) -> dict[str, Any]:
    """An identity for the manifest and the stage's key, without empty optional fields."""
    record = dataclasses.asdict(identity)
    for name in ("notes", "unavailable"):
        del record[name]
    for name in ("members", "source_digest"):
        if not record[name]:
            del record[name]
    return record


def unavailable_record(identity: SeparatorIdentity) -> dict[str, Any]:
    """The unavailable models for the details of a stage; empty where there are none."""
    missing = [dataclasses.asdict(each) for each in identity.unavailable]
    return {"unavailable": missing} if missing else {}


def _without_device(record: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in record.items() if name != "device"}
    if "members" in kept:
        kept["members"] = [_without_device(member) for member in kept["members"]]
    return kept


def _delivered(expected: Iterable[str], paths: dict[str, Path]) -> dict[str, Path]:
    missing = [stem for stem in expected if stem not in paths]
    if missing:
        raise OutputInvalid(f"The separator did not deliver the stem {missing[0]!r}.")
    return {stem: paths[stem] for stem in expected}

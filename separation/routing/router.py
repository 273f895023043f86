"""Chooses where a job of networks runs: the first of the operator's routes that can take it.

``local_gpu``: a card of this machine with enough free memory. ``remote``: a remote service that
answers and accepts the job. ``local_cpu``: always. When a route fails in the middle, the next one
runs the job, and every step is recorded. A device that the person chose excludes other routes.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from separation.base import (
    ResumableSeparator,
    SeparatorIdentity,
    SeparatorModel,
    SeparatorOptions,
    Validation,
    separate_with,
)
from separation.catalogue import CATALOGUE
from separation.engine.devices import look_for_card
from separation.engine.gpu_memory import GpuMemoryRecords
from separation.engine.health import DeviceFailed
from separation.engine.host import GraphicsCard
from separation.errors import (
    InvalidOptions,
    ModelUnavailable,
    OutOfMemory,
    RemoteFailed,
    SeparationError,
    WorkerLost,
)
from separation.progress import Report, ignore_progress
from separation.protocol.remarks import remark
from separation.registry import SeparatorFactory
from separation.routing.candidates import Candidate, candidates_for
from separation.separators.weights.store import default_model_dir
from separation.settings import RouteName
from separation.storage.checkpoints import Checkpoints

if TYPE_CHECKING:
    from separation.separators.remote import RemoteSeparator

Outcome = Literal["took", "skipped", "failed"]
LookForCard = Callable[[], tuple[GraphicsCard | None, str]]
SeparatorSource = Callable[[str, SeparatorOptions], SeparatorModel]

UNKNOWN_MODEL_BYTES = 4_000_000_000
"""First guess for a model without a figure in the catalogue and without a measurement."""

_WHERE: dict[RouteName, str] = {
    "local_gpu": "on the graphics card",
    "remote": "on the remote service",
    "local_cpu": "on the processor of this machine",
}
_GB = 1_000_000_000
_log = logging.getLogger("separator.routing")


@dataclass(frozen=True)
class RouteStep:
    """One candidate and its outcome; ``reason`` in words for people."""

    route: RouteName
    outcome: Outcome
    reason: str
    model: str


class _CannotTake(Exception):
    """A candidate cannot take the job. ``is_surprise``: the person should know. ``error``: what to
    raise where no candidate is left. ``lacks_memory``: a smaller model may fit."""

    def __init__(
        self,
        reason: str,
        *,
        is_surprise: bool = True,
        error: SeparationError | None = None,
        lacks_memory: bool = False,
    ) -> None:
        super().__init__(reason)
        self.is_surprise, self.error, self.lacks_memory = is_surprise, error, lacks_memory


def is_routed(name: str) -> bool:
    """Whether routes decide where the separator of this name runs; False for an unknown name."""
    try:
        return SeparatorFactory.separator_class(name).is_routed
    except SeparationError:
        return False


class RoutedSeparator(ResumableSeparator):
    """Runs a separator of networks on the first route that can take it; made for one job.

    :meth:`load` chooses the first candidate that can take the job, and :meth:`identity` then
    returns what would run there; :meth:`separate` may end on a later candidate.
    """

    name: ClassVar[str] = "routed"
    is_routed: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        options: SeparatorOptions,
        separators: SeparatorSource,
        routes: tuple[RouteName, ...],
        *,
        allow_remote: bool = True,
        allow_smaller_model: bool = False,
        look_for_card: LookForCard = look_for_card,
    ) -> None:
        super().__init__(options)
        self.steps: list[RouteStep] = []
        self._separators = separators
        self._allow_remote = allow_remote
        self._look_for_card = look_for_card
        self._book = GpuMemoryRecords(options.model_dir or default_model_dir())
        self._surprises: list[tuple[str, str]] = []
        self._last_error: SeparationError | None = None
        self._card: GraphicsCard | None = None
        self._reason = ""
        self._candidates = deque(
            candidates_for(name, options, routes, allow_smaller_model=allow_smaller_model)
        )
        self._candidate: Candidate | None = None
        self._separator: SeparatorModel | None = None

    def load(self, *, report: Report = ignore_progress) -> None:
        """Raises the error of the last candidate where none can take the job."""
        if self._separator is None:
            self._next(report)

    def validate(self) -> Validation:
        """Always valid: :meth:`load` finds the route, which may need a request to a service."""
        return Validation(True)

    def get_supported_tracks(self) -> list[str]:
        return self._current()[1].get_supported_tracks()

    @property
    def is_overlapping(self) -> bool:
        return self._current()[1].is_overlapping

    def close(self) -> None:
        if self._separator is not None:
            self._separator.close()

    @property
    def route(self) -> RouteName:
        return self._current()[0].route

    def identity(self) -> SeparatorIdentity:
        candidate, separator = self._current()
        identity = separator.identity()
        where = f"This job ran {_WHERE[candidate.route]}"
        notes = [remark(f"{where}, not {other}", why) for other, why in self._surprises]
        if candidate.is_smaller:
            notes.append(f"The smaller model {candidate.model} ran, as the job allows.")
        return replace(identity, notes=(*notes, *identity.notes))

    def separate(
        self,
        input_path: Path,
        output_dir: Path,
        *,
        report: Report = ignore_progress,
        checkpoints: Checkpoints | None = None,
    ) -> dict[str, Path]:
        while True:
            candidate, separator = self._current()
            try:
                paths = separate_with(separator, input_path, output_dir, report, checkpoints)
            except (OutOfMemory, RemoteFailed, DeviceFailed) as error:
                failure = _failure_of(error)
            else:
                self._remember_memory(candidate, separator)
                self._record(candidate, "took", self._reason)
                return paths
            # Outside the handler: its traceback would keep the GPU's tensors alive.
            self._failed(candidate, separator, failure)
            del separator
            self._next(report)

    def _current(self) -> tuple[Candidate, SeparatorModel]:
        self.load()
        assert self._candidate is not None and self._separator is not None
        return self._candidate, self._separator

    def _next(self, report: Report) -> None:
        """Open the next candidate that can take the job. Raises the last error where there is
        none."""
        self._separator = self._candidate = None
        while self._candidates:
            candidate = self._candidates.popleft()
            try:
                self._separator, self._reason = self._opened(candidate, report)
            except _CannotTake as fault:
                self._last_error = fault.error or self._last_error
                self._record(candidate, "skipped", str(fault), is_surprise=fault.is_surprise)
                if not fault.lacks_memory:
                    self._drop_route(candidate.route)
            else:
                self._candidate = candidate
                _log.info("%s: %s", candidate.route, self._reason)
                return
        error = self._last_error or ModelUnavailable(self._no_route_words())
        error.details = {"routing": self.step_records()}
        raise error

    def step_records(self) -> list[dict[str, Any]]:
        """The steps so far, for the details of a stage."""
        return [asdict(step) for step in self.steps]

    def _drop_route(self, route: RouteName) -> None:
        self._candidates = deque(each for each in self._candidates if each.route != route)

    def _opened(self, candidate: Candidate, report: Report) -> tuple[SeparatorModel, str]:
        if candidate.route == "local_gpu":
            return self._opened_on_card(candidate, report)
        if candidate.route == "remote":
            return self._opened_remotely(candidate)
        separator = self._loaded(candidate, report)
        return separator, "The processor can always take it."

    def _opened_on_card(self, candidate: Candidate, report: Report) -> tuple[SeparatorModel, str]:
        if self.options.engine == "openvino" and self.options.device == "auto":
            raise _CannotTake(
                "The engine openvino was asked for, which computes on the processor.",
                is_surprise=False,
            )
        card, fault = self._look_for_card()
        if card is None:
            if self.options.device == "cuda":
                raise InvalidOptions(f"The device cuda was asked for, but {fault} Use auto or cpu.")
            raise _CannotTake(f"Not on a graphics card, as {fault}", is_surprise=False)
        self._card = card
        separator = self._loaded(candidate, report)
        return separator, self._memory_words(candidate, separator, card)

    def _memory_words(
        self, candidate: Candidate, separator: SeparatorModel, card: GraphicsCard
    ) -> str:
        """Raises ``_CannotTake`` where the card has too little memory."""
        if _peaks(separator):
            return f"The model is on the {card.name} already."
        identity = separator.identity()
        known = self._book.needed(card.name, identity.weights_digest, identity.precision)
        needed = _first_guess(candidate.model) if known is None else known
        words = (
            f"{candidate.model} needs {needed / _GB:.1f} GB "
            f"({'a first guess' if known is None else 'measured'}), and the {card.name} has "
            f"{card.free_bytes / _GB:.1f} GB free."
        )
        if needed > card.free_bytes:
            separator.close()
            error = OutOfMemory(f"The graphics card has too little free memory: {words}")
            raise _CannotTake(words, error=error, lacks_memory=True)
        return words

    def _opened_remotely(self, candidate: Candidate) -> tuple[SeparatorModel, str]:
        if not self._allow_remote:
            raise _CannotTake("The song is not to leave this machine.", is_surprise=False)
        opened = self._separators(candidate.separator, candidate.options)
        separator = cast("RemoteSeparator", opened)
        usable = separator.validate()
        if not usable:
            raise _CannotTake(usable.reason, is_surprise=False)
        try:
            separator.check()
        except RemoteFailed as error:
            raise _CannotTake(error.detail, error=error) from None
        separator.load()
        return separator, "The remote service is there and accepts the job."

    def _loaded(self, candidate: Candidate, report: Report) -> SeparatorModel:
        separator = self._separators(candidate.separator, candidate.options)
        usable = separator.validate()
        if not usable:
            error = ModelUnavailable(
                f"The separator {candidate.separator!r} cannot run here: {usable.reason}"
            )
            raise _CannotTake(error.detail, error=error)
        try:
            separator.load(report=report)
        except ModelUnavailable as error:
            raise _CannotTake(error.detail, error=error) from None
        return separator

    def _failed(
        self, candidate: Candidate, separator: SeparatorModel, error: SeparationError
    ) -> None:
        lacks_memory = isinstance(error, OutOfMemory)
        if lacks_memory and candidate.route == "local_gpu" and self._card is not None:
            identity = separator.identity()
            # Not even one window fitted into the free memory; the book keeps that for later jobs.
            least = {1: self._card.free_bytes + 1}
            self._book.remember(self._card.name, identity.weights_digest, identity.precision, least)
        separator.close()
        self._last_error = error
        self._record(candidate, "failed", error.detail, is_surprise=True)
        if not lacks_memory:
            self._drop_route(candidate.route)

    def _remember_memory(self, candidate: Candidate, separator: SeparatorModel) -> None:
        peaks = _peaks(separator)
        if candidate.route == "local_gpu" and self._card is not None and peaks:
            identity = separator.identity()
            self._book.remember(self._card.name, identity.weights_digest, identity.precision, peaks)

    def _record(
        self, candidate: Candidate, outcome: Outcome, reason: str, *, is_surprise: bool = False
    ) -> None:
        self.steps.append(RouteStep(candidate.route, outcome, reason, candidate.model))
        if is_surprise:
            self._surprises.append((_WHERE[candidate.route], reason))
            _log.warning("%s %s: %s", candidate.route, outcome, reason)

    def _no_route_words(self) -> str:
        reasons = " ".join(f"{step.route}: {step.reason}" for step in self.steps)
        return f"None of the routes of this site (STEMSITE_ROUTES) can take this job. {reasons}"


def _first_guess(model: str) -> int:
    known = next((row.memory_bytes for row in CATALOGUE if row.name == model), None)
    return known or UNKNOWN_MODEL_BYTES


def _peaks(separator: SeparatorModel) -> dict[int, int]:
    """The peaks of memory on the card by number of windows, where the separator measures them."""
    return dict(getattr(separator, "memory_peaks", {}))


def _failure_of(error: OutOfMemory | RemoteFailed | DeviceFailed) -> SeparationError:
    """The error to record, and to raise where no candidate is left; without the traceback."""
    if isinstance(error, DeviceFailed):
        return WorkerLost(f"The graphics card failed: {error}.")
    kind = OutOfMemory if isinstance(error, OutOfMemory) else RemoteFailed
    return kind(error.detail)

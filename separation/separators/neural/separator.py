"""The base class of separators made of networks: load once, stream, retry on the CPU.

On a CPU, OpenVINO runs the networks where it can; the process then imports no torch and reads the
weights only in their converted form.
"""

import logging
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from separation.audio.blocks import BlockReader, FloatArray, StemWriters
from separation.base import (
    CHANNELS,
    SAMPLE_RATE_HZ,
    ResumableSeparator,
    SeparatorIdentity,
    SeparatorOptions,
)
from separation.engine.chunked import BagStream, Member, Plan
from separation.engine.converted import BagRecord, ConvertedBag
from separation.engine.devices import (
    Device,
    DeviceFailed,
    EngineChoice,
    choose_engine,
    describe_host,
    pick_device,
    release_memory,
)
from separation.engine.interface import Engine
from separation.engine.statistics import AS_IT_IS, measure_mono
from separation.errors import ModelUnavailable, OutOfMemory
from separation.families import invalid_stem_name
from separation.options import DeviceChoice
from separation.progress import Report, ignore_progress, part_of
from separation.protocol.remarks import remark
from separation.separator_options import check_options, check_segment
from separation.separators.neural.bags import LoadedBag, Network, Ready
from separation.separators.neural.conversion import CannotConvert, converted_bag
from separation.separators.neural.stems import choose_stems
from separation.separators.weights.store import WeightFiles, default_model_dir
from separation.storage.checkpoints import Checkpoints

MEASURE_SHARE = 0.01
"""Share of the progress bar for the pass that measures the song."""

CACHE_FOLDER = ".openvino"
"""Default folder for converted networks, in the model directory."""


class NeuralSeparator(ResumableSeparator):
    """A bag of networks run over the song by overlap-add.

    When the GPU runs out of memory or fails during a song, the song is separated again on the CPU
    and the identity says so; the next song tries the GPU again.
    """

    is_routed: ClassVar[bool] = True

    packages: ClassVar[tuple[str, ...]]
    """Packages that must be importable beside torch."""

    convertible: ClassVar[bool] = False
    """Whether OpenVINO can run any of its networks."""

    half_precision: ClassVar[bool] = True
    """Whether its networks may run in half precision where that is faster."""

    def __init__(self, options: SeparatorOptions) -> None:
        check_options(options)
        super().__init__(options)
        self._log = logging.getLogger(f"separator.{self.name}")
        self._ready: Ready | None = None
        self._failure = ""

    @abstractmethod
    def locate(self, report: Report) -> WeightFiles:
        """Find the weights; fetch them where they are missing. Raises ``ModelUnavailable``."""

    @abstractmethod
    def load_bag(self, report: Report) -> LoadedBag:
        """Find and load the weights; fetch them where they are missing. Raises
        ``ModelUnavailable``."""

    @abstractmethod
    def stems_before_loading(self) -> tuple[str, ...] | None:
        """The model's stems, or ``None`` where they are unknown before the model is loaded."""

    def code_version(self) -> str:
        """Version of the code that computes with the weights: another one may change the stems."""
        return version(self.packages[0])

    def remarks(self) -> tuple[str, ...]:
        """Sentences for the user about the weights that were loaded."""
        return ()

    def missing_packages(self) -> str:
        """A sentence that names the packages that are not installed; empty where none is
        missing."""
        missing = [name for name in ("torch", *self.packages) if find_spec(name) is None]
        return f"{' and '.join(missing)} cannot be imported here." if missing else ""

    @property
    def memory_peaks(self) -> dict[int, int]:
        """Peak GPU memory in bytes so far over all networks, keyed by windows in a batch."""
        peaks: dict[int, int] = {}
        for member in self._ready.members if self._ready else ():
            for batch, peak in member.engine.memory_peaks.items():
                peaks[batch] = max(peak, peaks.get(batch, 0))
        return peaks

    def load(self, *, report: Report = ignore_progress) -> None:
        self._loaded(report)

    def close(self) -> None:
        if self._ready is not None:
            device = self._ready.device.name
            self._ready = None
            release_memory(device)
        self._failure = ""

    def get_supported_tracks(self) -> list[str]:
        known = self._ready.stems if self._ready else self.stems_before_loading()
        stems = known or self._loaded(ignore_progress).stems
        return list(choose_stems(stems, self.options).outputs)

    def identity(self) -> SeparatorIdentity:
        ready = self._loaded(ignore_progress)
        engine = ready.members[0].engine
        failed = remark("Separated on the CPU", self._failure) if self._failure else ""
        return SeparatorIdentity(
            separator=self.name,
            model=ready.model,
            version=self.code_version(),
            weights_digest=ready.weights_digest,
            engine=engine.name,
            precision=engine.precision,
            device=ready.device.name,
            seed=self.options.seed if self._shifts(ready) else None,
            notes=tuple(filter(None, [failed, ready.note, *self.remarks()])),
            source_digest=ready.source_digest,
        )

    def separate(
        self,
        input_path: Path,
        output_dir: Path,
        *,
        report: Report = ignore_progress,
        checkpoints: Checkpoints | None = None,
    ) -> dict[str, Path]:
        if self._failure:
            self.close()
        ready = self._loaded(part_of(report, 0.0, 0.0))
        try:
            return self._run(ready, input_path, output_dir, report, checkpoints)
        except (OutOfMemory, DeviceFailed) as error:
            if ready.device.name == "cpu" or not self.options.cpu_fallback:
                raise
            failure = str(error)
        # Outside the exception handler, because its traceback would keep the GPU's tensors alive.
        del ready
        self._fall_back_to_cpu(failure)
        ready = self._loaded(part_of(report, 0.0, 0.0))
        return self._run(ready, input_path, output_dir, report, checkpoints)

    def _run(
        self,
        ready: Ready,
        input_path: Path,
        output_dir: Path,
        report: Report,
        checkpoints: Checkpoints | None,
    ) -> dict[str, Path]:
        choice = choose_stems(ready.stems, self.options)
        try:
            with (
                BlockReader(input_path) as song,
                StemWriters(
                    output_dir, list(choice.outputs), checkpoints, made_by=ready.describe
                ) as writers,
            ):
                blocks = self.blocks(ready, song, choice.computed, writers.frames, report)
                for block in blocks:
                    writers.write(choice.arrange(block))
            return writers.paths
        except BaseException:
            # With checkpoints, the next attempt continues these files.
            if checkpoints is None:
                for stem in choice.outputs:
                    (output_dir / f"{stem}.wav").unlink(missing_ok=True)
            raise
        finally:
            release_memory(ready.device.name)

    def blocks(
        self,
        ready: Ready,
        song: BlockReader,
        stems: Sequence[int],
        start: int,
        report: Report,
    ) -> Iterator[FloatArray]:
        """Yield the separated song from frame ``start`` on in blocks (stems, channels, frames)."""
        plan = ready.plan or self._usual_plan(ready.sample_rate_hz)
        level = AS_IT_IS
        if ready.normalised:
            report(0.0, "Measuring the song")
            level = measure_mono(song, part_of(report, 0.0, MEASURE_SHARE))
        stream = BagStream(ready.members, song, level, stems, plan, start)
        yield from stream.blocks(part_of(report, MEASURE_SHARE, 1.0))

    def _shifts(self, ready: Ready) -> int:
        return ready.plan.shifts if ready.plan else self.options.shifts

    def _usual_plan(self, sample_rate_hz: int) -> Plan:
        options = self.options
        return Plan(sample_rate_hz, options.overlap, options.shifts, options.seed)

    def _loaded(self, report: Report) -> Ready:
        if self._ready is None:
            if missing := self.missing_packages():
                raise ModelUnavailable(missing)
            # First, so that missing weights are reported before torch is imported.
            weights = self.locate(report)
            device = pick_device(self._device_choice())
            host = describe_host(device)
            chosen = choose_engine(self.options.engine, self.options.precision, device, host)
            self._log.info("running on %s: %s", device.label, self._failure or device.reason)
            self._log.info("%s %s", host, chosen.reason)
            self._ready = self._ready_with(chosen, weights, device, report)
        return self._ready

    def _device_choice(self) -> DeviceChoice:
        options = self.options
        for_cpu_only = options.engine == "openvino" and options.device == "auto"
        return "cpu" if self._failure or for_cpu_only else options.device

    def _ready_with(
        self, chosen: EngineChoice, weights: WeightFiles, device: Device, report: Report
    ) -> Ready:
        note = ""
        # A family that OpenVINO never runs needs no note unless OpenVINO was requested.
        if chosen.name == "openvino" and (self.convertible or self.options.engine == "openvino"):
            try:
                return self._converted(chosen, weights, device, report)
            except CannotConvert as error:
                line = f"OpenVINO could not run {weights.name}, so torch did"
                note = remark(line, f"{error}.")
                self._log.warning(note)
        bag = self.load_bag(report)
        _check_layout(bag.model, bag.channels, bag.sample_rate_hz)
        _check_stems(bag.model, bag.stems)
        return Ready(
            bag.model,
            bag.stems,
            bag.sample_rate_hz,
            bag.weights_digest,
            device,
            _torch_members(
                bag,
                device,
                self.options.gpu_batch,
                fast=chosen.fast and self.half_precision,
            ),
            note,
            bag.plan,
            bag.normalised,
            bag.source_digest,
        )

    def _converted(
        self, chosen: EngineChoice, weights: WeightFiles, device: Device, report: Report
    ) -> Ready:
        """The model run by OpenVINO. Raises ``CannotConvert`` where torch must run it."""
        if not self.convertible:
            raise CannotConvert("networks of this family are not converted")
        options = self.options
        folder = options.cache_dir or (options.model_dir or default_model_dir()) / CACHE_FOLDER
        digest = weights.digest()
        bag = ConvertedBag(folder, digest, self.code_version())
        record = converted_bag(self.name, options, bag, report)
        _check_layout(weights.name, record.channels, record.sample_rate_hz)
        _check_stems(weights.name, record.stems)
        members = self.converted_members(weights.name, bag, record, fast=chosen.fast)
        return Ready(weights.name, record.stems, record.sample_rate_hz, digest, device, members)

    def converted_members(
        self, model: str, bag: ConvertedBag, record: BagRecord, *, fast: bool
    ) -> tuple[Member, ...]:
        """The bag's converted networks, ready to run. Raises ``InvalidOptions``."""
        check_segment(model, self.options.segment_s, record.max_segment_s)
        return _openvino_members(bag, record, self.options, fast=fast)

    def _fall_back_to_cpu(self, failure: str) -> None:
        """Drop the model, so that it is loaded again: a failed GPU's memory cannot be read back."""
        assert self._ready is not None
        device = self._ready.device
        self._failure = f"{device.label} failed: {failure}"
        self._log.warning("trying again on the CPU: %s", self._failure)
        self._ready = None
        release_memory(device.name)


def _torch_members(
    bag: LoadedBag, device: Device, gpu_batch: int, *, fast: bool
) -> tuple[Member, ...]:
    from separation.engine.torch_engine import TorchEngine

    def engine(network: Network) -> Engine:
        return TorchEngine(
            network.module,
            stems=bag.stems,
            segment_frames=network.segment_frames,
            device=device.name,
            fast=fast,
            batch_limit=None if device.name == "cpu" else gpu_batch,
            fixed_frames=network.fixed_frames,
            draws_below=network.draws_below,
            least_frames=network.least_frames,
        )

    return tuple(Member(engine(network), network.weights) for network in bag.networks)


def _openvino_members(
    bag: ConvertedBag, record: BagRecord, options: SeparatorOptions, *, fast: bool
) -> tuple[Member, ...]:
    from separation.engine.openvino_engine import OpenVinoEngine

    frames = None
    if options.segment_s is not None:
        frames = int(options.segment_s * record.sample_rate_hz)
    return tuple(
        Member(
            OpenVinoEngine(
                bag.model_file(index),
                network,
                stems=record.stems,
                segment_frames=frames,
                fixed_frames=frames,
                precision="bfloat16" if fast else "float32",
            ),
            network.weights,
        )
        for index, network in enumerate(record.networks)
    )


def _check_stems(model: str, stems: Sequence[str]) -> None:
    """Raises ``ModelUnavailable`` for a bad stem name: stem names become file names."""
    if (wrong := invalid_stem_name(stems)) is not None:
        raise ModelUnavailable(
            f"The model {model} gives a stem that is called {wrong[:60]!r}, which cannot be the "
            "name of one, or is that of two."
        )


def _check_layout(model: str, channels: int, sample_rate_hz: int) -> None:
    if (sample_rate_hz, channels) != (SAMPLE_RATE_HZ, CHANNELS):
        raise ModelUnavailable(
            f"The model {model} works on {channels} channels at {sample_rate_hz} Hz; "
            f"only models for {CHANNELS} channels at {SAMPLE_RATE_HZ} Hz can be used."
        )

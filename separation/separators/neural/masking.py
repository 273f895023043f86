"""The base class of separators whose networks mask a song's spectrogram."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from separation.audio.blocks import BlockReader, FloatArray
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.engine.chunked import Member
from separation.engine.converted import BagRecord, ConvertedBag
from separation.engine.spectrogram.layout import FRAMES
from separation.engine.spectrogram.stream import MaskStream
from separation.progress import Report
from separation.separators.neural.bags import LoadedBag, Network, Ready
from separation.separators.neural.separator import NeuralSeparator

if TYPE_CHECKING:
    from separation.engine.spectrogram.network import MaskNetwork
    from separation.separators.weights.store import WeightFiles


class MaskSeparator(NeuralSeparator):
    """Runs one :class:`~separation.engine.spectrogram.network.MaskNetwork` over the song.

    ``shifts`` and ``segment_s`` have no effect: masks come from magnitudes, in windows of the
    length that the network was trained on.
    """

    packages = ()
    convertible = True

    overlap_factor: ClassVar[float] = 1.0
    """Factor on ``options.overlap``. The default overlap of a quarter was chosen for Demucs;
    networks whose output is worse near the borders of a window need more."""

    version: ClassVar[str] = "1"
    """Increase it when the same weights give other stems."""

    @abstractmethod
    def load_masks(self, weights: "WeightFiles") -> "MaskNetwork":
        """The network in float32 on the CPU. Raises ``ModelUnavailable``."""

    def code_version(self) -> str:
        return self.version

    def load_bag(self, report: Report) -> LoadedBag:
        weights = self.locate(report)
        report(0.0, f"Loading {weights.name}")
        module = self.load_masks(weights)
        stems = tuple(module.stems)
        network = Network(module, (1.0,) * len(stems), FRAMES)
        digest = weights.digest()
        return LoadedBag(weights.name, stems, SAMPLE_RATE_HZ, CHANNELS, digest, (network,))

    def converted_members(
        self, model: str, bag: ConvertedBag, record: BagRecord, *, fast: bool
    ) -> tuple[Member, ...]:
        from separation.engine.spectrogram.openvino_engine import OpenVinoMasks

        path: Path = bag.model_file(0)
        precision = "bfloat16" if fast else "float32"
        engine = OpenVinoMasks(path, stems=record.stems, precision=precision)
        return (Member(engine, record.networks[0].weights),)

    def blocks(
        self, ready: Ready, song: BlockReader, stems: Sequence[int], start: int, report: Report
    ) -> Iterator[FloatArray]:
        (member,) = ready.members
        overlap = self.overlap_factor * self.options.overlap
        yield from MaskStream(member.engine, song, stems, overlap, start).blocks(report)

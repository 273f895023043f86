"""Networks on a card that is not there: memory is a number, and what fails stands in a table."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from separation.audio.blocks import BlockReader, StemWriters
from separation.base import SeparatorIdentity, SeparatorModel, SeparatorOptions, Validation
from separation.engine.host import GraphicsCard
from separation.progress import Report, ignore_progress
from separation.registry import SeparatorFactory
from separation.routing.router import RoutedSeparator
from separation.settings import ROUTES, RouteName
from tests.separation.separators.remote.service import GAINS

CARD = "Card 9000"
GB = 1_000_000_000
DIGEST = "cd" * 32


class FakeNetwork(SeparatorModel):
    """Separates by gains, wherever it is told to, or raises what the world says."""

    name: ClassVar[str] = "demucs"

    def __init__(self, world: "World", options: SeparatorOptions) -> None:
        super().__init__(options)
        self.world = world
        self.memory_peaks: dict[int, int] = {}
        self.key = (options.device, options.model or "htdemucs")

    def load(self, *, report: Report = ignore_progress) -> None:
        if error := self.world.cannot_load.get(self.key):
            raise error

    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        self.world.ran.append(self.key)
        if error := self.world.fails.get(self.key):
            raise error
        with (
            BlockReader(input_path) as song,
            StemWriters(output_dir, self.get_supported_tracks()) as writers,
        ):
            for block in song.blocks():
                writers.write({stem: gain * block for stem, gain in GAINS.items()})
        if self.options.device == "cuda":
            self.memory_peaks = dict(self.world.peaks)
        return writers.paths

    def validate(self) -> Validation:
        return Validation(True)

    def get_supported_tracks(self) -> list[str]:
        return list(GAINS)

    def identity(self) -> SeparatorIdentity:
        return SeparatorIdentity(
            separator="demucs",
            model=self.key[1],
            version="1",
            weights_digest=f"{DIGEST} {self.key[1]}",
            device=self.options.device,
            precision="float16",
        )

    def close(self) -> None:
        self.memory_peaks = {}


@dataclass
class World:
    """``free_gb``: of the card; None: there is no card."""

    model_dir: Path
    free_gb: float | None = None
    fails: dict[tuple[str, str], Exception] = field(default_factory=dict)
    cannot_load: dict[tuple[str, str], Exception] = field(default_factory=dict)
    peaks: dict[int, int] = field(default_factory=dict)
    ran: list[tuple[str, str]] = field(default_factory=list)

    def separators(self, name: str, options: SeparatorOptions) -> SeparatorModel:
        if name == "remote":
            return SeparatorFactory.separator_class(name)(options)
        return FakeNetwork(self, options)

    def look_for_card(self) -> tuple[GraphicsCard | None, str]:
        if self.free_gb is None:
            return None, "this machine has no CUDA driver."
        return GraphicsCard(CARD, 24 * GB, int(self.free_gb * GB)), ""

    def routed(
        self,
        *,
        name: str = "demucs",
        routes: tuple[RouteName, ...] = ROUTES,
        allow_remote: bool = True,
        allow_smaller_model: bool = False,
        **options: Any,
    ) -> RoutedSeparator:
        return RoutedSeparator(
            name,
            SeparatorOptions(model_dir=self.model_dir, offline=True, **options),
            self.separators,
            routes,
            allow_remote=allow_remote,
            allow_smaller_model=allow_smaller_model,
            look_for_card=self.look_for_card,
        )


def told(separator: RoutedSeparator) -> list[tuple[str, str]]:
    return [(step.route, step.outcome) for step in separator.steps]

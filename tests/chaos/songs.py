"""What the attacked sites work on: short songs, and a small network with random weights."""

import random
from pathlib import Path

from tests.chaos.site import ChaosSite
from tests.separation.small_models import save_bag, save_safetensors, small_htdemucs

SHARE_OF_NETWORK = 0.25


def make_small_network(models: Path) -> None:
    """As `htdemucs` in a model directory: its jobs pass through the windows of a long song."""
    models.mkdir(parents=True, exist_ok=True)
    save_safetensors(small_htdemucs(), models, "c4a05000")
    save_bag(models, "htdemucs", ["c4a05000"])


class Jukebox:
    """Songs that are sent once and asked for again and again: each result must be the same."""

    def __init__(self, site: ChaosSite, *, seconds: float, network_seconds: float) -> None:
        self._site = site
        self._spectral = [site.call("add_song", seconds=seconds, seed=n) for n in (1, 2)]
        self._network = site.call("add_song", seconds=network_seconds, seed=3)

    def order(self, draw: random.Random) -> str:
        """One job; its id."""
        if draw.random() < SHARE_OF_NETWORK:
            return self.network()
        return self.spectral(draw.randrange(2))

    def spectral(self, which: int = 0) -> str:
        job: str = self._site.call("create", song=self._spectral[which], separator="spectral")
        return job

    def network(self) -> str:
        job: str = self._site.call(
            "create", song=self._network, separator="demucs", model="htdemucs"
        )
        return job

    def references(self) -> list[str]:
        """One job of each kind; let them end before anything is hit."""
        return [self.spectral(0), self.spectral(1), self.network()]

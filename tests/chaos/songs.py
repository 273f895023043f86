"""What the attacked sites work on: short songs, and a small network with random weights."""

import random
from pathlib import Path

from tests.chaos.site import ChaosSite
from tests.separation.small_models import save_bag, save_safetensors, small_htdemucs

SHARE_OF_NETWORK = 0.25
NETWORK = 2
"""The number of the song that is for the network."""


def make_small_network(models: Path) -> None:
    """As `htdemucs` in a model directory: its jobs pass through the windows of a long song."""
    models.mkdir(parents=True, exist_ok=True)
    save_safetensors(small_htdemucs(), models, "c4a05000")
    save_bag(models, "htdemucs", ["c4a05000"])


class Jukebox:
    """Songs that are sent once and asked for again and again: each result must be the same."""

    def __init__(self, site: ChaosSite, *, seconds: float, network_seconds: float) -> None:
        self._site = site
        self._seconds = seconds
        self._network_seconds = network_seconds
        self._sent: dict[int, str] = {}

    def order(self, draw: random.Random) -> str:
        """One job; its id."""
        if draw.random() < SHARE_OF_NETWORK:
            return self.network()
        return self.spectral(draw.randrange(2))

    def spectral(self, which: int = 0) -> str:
        return self._order(which, separator="spectral")

    def network(self) -> str:
        return self._order(NETWORK, separator="demucs", model="htdemucs")

    def slow(self) -> str:
        """One job that takes as long as its song plays, on any machine, and next to no processor:
        for tests that ask what happens meanwhile, and not what comes out."""
        return self._order(0, separator="fake", model="slow")

    def send(self, song: int = 0) -> None:
        """For a site that cannot take one later; otherwise a song is sent when it is asked for."""
        if song not in self._sent:
            seconds = self._network_seconds if song == NETWORK else self._seconds
            self._sent[song] = self._site.call("add_song", seconds=seconds, seed=song + 1)

    def _order(self, song: int, **choices: str) -> str:
        self.send(song)
        job: str = self._site.call("create", song=self._sent[song], **choices)
        return job

    def references(self) -> list[str]:
        """One job of each kind; let them end before anything is hit."""
        return [self.spectral(0), self.spectral(1), self.network()]

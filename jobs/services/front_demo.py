"""The demonstration song of the first page: its true stems, which a worker renders once."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from jobs.services.listening.index import (
    INDEX,
    Listening,
    ListeningStem,
    listening_file_in,
    listening_in,
    state_of,
)
from separation.demo import VERSION
from separation.demo.playable import is_complete


@dataclass(frozen=True)
class FrontDemo:
    """The rendered song. ``edition`` changes whenever it is rendered again, so that browsers may
    keep the files of an edition for ever."""

    listening: Listening
    edition: str

    def stem(self, name: str) -> ListeningStem | None:
        return self.listening.stem(name)

    def file(self, relative: str) -> Path:
        """A file that the index names."""
        return listening_file_in(front_demo_dir(), relative)


def front_demo_dir() -> Path:
    """The folder of the song's current version."""
    return Path(settings.DATA_DIR) / "demo" / f"mixer-{VERSION}"


def front_demo() -> FrontDemo | None:
    """The song that the first page plays; None where that is switched off, or a file is missing."""
    folder = front_demo_dir()
    if not settings.FRONT_DEMO or not is_complete(folder):
        return None
    listening = listening_in(folder)
    return FrontDemo(listening, state_of(folder / INDEX)[:16]) if listening else None

"""A graphics card for each worker of the gpu cluster.

The cards are dealt by locks on files, which the kernel takes back when a worker dies, however it
dies; so several clusters on one host do not deal the same card either.
"""

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from django.conf import settings

_held: list[IO[bytes]] = []
"""Open for as long as the process lives: closing the file gives the card back."""


def take_card() -> str | None:
    """Make one card the only one that this process and its runner see; None where there is none.

    When there are more workers than cards, the late ones see all.
    """
    folder = Path(settings.DATA_DIR) / "cards"
    folder.mkdir(parents=True, exist_ok=True)
    for card in settings.CARDS:
        file = (folder / f"{socket.gethostname()}-{card.replace('/', '_')}").open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            continue
        _held.append(file)
        os.environ["CUDA_VISIBLE_DEVICES"] = card
        return str(card)
    return None

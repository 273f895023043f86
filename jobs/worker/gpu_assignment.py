"""Assigns a graphics card to each worker of the gpu cluster.

A locked file marks each assigned card. The kernel releases the lock when the worker dies, however
it dies. Several clusters on one host share the locks, so they assign no card twice either.
"""

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from django.conf import settings

_held: list[IO[bytes]] = []
"""The files stay open for as long as the process lives. Closing one releases its card."""


def take_card() -> str | None:
    """Make one free card the only one that this process and its runner see; returns its name.

    Returns None where no card is free. When there are more workers than cards, the last workers
    see all cards.
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

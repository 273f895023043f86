"""Has the digests of delivered files taken in the background."""

import logging

from jobs.services.storage.integrity import is_scrub_due
from jobs.worker.own_process import OwnProcess

TURN_S = 300
"""For so long one process begins with another job; the next turn goes on."""


class Scrubbing(OwnProcess):
    def __init__(self) -> None:
        log = logging.getLogger("jobs.integrity")
        command = ("scrub", "--quietly", "--seconds", str(TURN_S))
        super().__init__(*command, does="checks delivered files", logger=log)

    def is_due(self) -> bool:
        return is_scrub_due()

"""Has e-mails sent by a process of its own: a mail server may take its time, a worker must not."""

import logging

from jobs.services.batches.notices import is_any_due
from jobs.worker.own_process import OwnProcess


class MailProcess(OwnProcess):
    def __init__(self) -> None:
        log = logging.getLogger("jobs.notices")
        super().__init__("send_notices", does="sends e-mails", logger=log)

    def is_due(self) -> bool:
        return is_any_due()

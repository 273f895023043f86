"""Rate-limited log lines about clients that were ended or refused; there may be thousands."""

import asyncio
import logging
from collections import Counter

logger = logging.getLogger("gateway")

INTERVAL_S = 60.0


class Tally:
    """Logs the first event of a kind at once, and then the count of each kind once a minute."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def note(self, what: str, address: str) -> None:
        if what in self._counts:
            self._counts[what][address] += 1
            return
        logger.warning("%s: %s", what, address)
        self._counts[what] = Counter()
        asyncio.get_running_loop().call_later(INTERVAL_S, self._write, what)

    def _write(self, what: str) -> None:
        counts = self._counts.pop(what)
        if counts:
            most, of_most = counts.most_common(1)[0]
            logger.warning(
                "%s: %d more times in a minute, from %d addresses; %s %d times",
                what, counts.total(), len(counts), most, of_most,
            )  # fmt: skip

"""Lines in the log about clients that were ended or refused: counted, as there may be thousands."""

import asyncio
import logging
from collections import Counter

logger = logging.getLogger("gateway")

EACH_S = 60.0


class Tally:
    """Writes the first of a kind at once, and then at most one line a minute for each kind."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def note(self, what: str, address: str) -> None:
        if what in self._counts:
            self._counts[what][address] += 1
            return
        logger.warning("%s: %s", what, address)
        self._counts[what] = Counter()
        asyncio.get_running_loop().call_later(EACH_S, self._write, what)

    def _write(self, what: str) -> None:
        counts = self._counts.pop(what)
        if counts:
            most, of_most = counts.most_common(1)[0]
            logger.warning(
                "%s: %d more times in a minute, from %d addresses; %s %d times",
                what, counts.total(), len(counts), most, of_most,
            )  # fmt: skip

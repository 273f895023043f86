"""``manage.py probe``: checks files as an upload is checked, without a job and a database."""

import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.core_settings import intake_limits
from separation.audio.decoding.child_process import CHILD_ENVIRONMENT
from separation.audio.decoding.decoder_pool import DecoderPool
from separation.audio.decoding.probe_result import ProbeResult, examine
from separation.engine.host import usable_cores

READ_FROM_STDIN = "-"


class Command(BaseCommand):
    help = "Put files through intake without making a job: accepted, or which refusal and why."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", metavar="FILE", nargs="*")
        parser.add_argument(
            "--files-from",
            metavar="LIST",
            help="a file with one name on each line, or - for standard input; after the FILEs",
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object for each file, one a line"
        )
        parser.add_argument(
            "--jobs", type=int, default=usable_cores(), help="files at once (here: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["jobs"] < 1:
            raise CommandError(f"--jobs {options['jobs']}: must be at least 1.")
        names = [*options["files"], *listed(options["files_from"])]
        if not names:
            raise CommandError("Name at least one FILE, or a list of them with --files-from.")
        verdicts: Counter[str] = Counter()
        for result in examined(names, jobs=options["jobs"]):
            verdicts[result.verdict] += 1
            self.stdout.write(as_json(result) if options["json"] else as_text(result))
            self.stdout.flush()
        if not options["json"] and len(names) > 1:
            self.stdout.write(
                ", ".join(f"{count} {code}" for code, count in verdicts.most_common())
            )


def listed(source: str | None) -> list[str]:
    """The names in the file ``source``. Raises ``CommandError`` where it cannot be read."""
    if source is None:
        return []
    try:
        if source == READ_FROM_STDIN:
            content = sys.stdin.buffer.read()
        else:
            content = Path(source).read_bytes()
    except OSError as error:
        raise CommandError(f"--files-from {source}: {error.strerror}.") from error
    return [os.fsdecode(line) for line in content.splitlines() if line]


def examined(names: Iterable[str], *, jobs: int) -> Iterator[ProbeResult]:
    """The results in the order of the names; each of ``jobs`` threads has its decoder pool."""
    limits, work_dir = intake_limits(), Path(settings.OUTPUT_DIR)
    local = threading.local()
    pool = ThreadPoolExecutor(jobs)

    def examine_one(name: str) -> ProbeResult:
        if not hasattr(local, "decoder_pool"):
            local.decoder_pool = pools.enter_context(DecoderPool(CHILD_ENVIRONMENT))
        return examine(Path(name), limits, work_dir=work_dir, decoder_pool=local.decoder_pool)

    with ExitStack() as pools:
        try:
            yield from pool.map(examine_one, names)
        finally:
            pool.shutdown(cancel_futures=True)


def as_json(result: ProbeResult) -> str:
    return json.dumps(asdict(result), allow_nan=False)


def as_text(result: ProbeResult) -> str:
    facts = [f"{result.verdict:<22}", printable(result.file)]
    if result.duration_s is not None:
        facts.append(f"{result.duration_s:.2f} s")
    if result.container:
        facts.append(f"{result.container}/{result.codec}" if result.codec else result.container)
    if result.sample_rate_hz:
        facts.append(f"{result.sample_rate_hz} Hz, {result.channels} ch")
    return f"{'  '.join(facts)}\n{'':<22}  {printable(result.sentence)}"


def printable(text: str) -> str:
    """Escapes control characters and invalid bytes, which a file's name may hold."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )

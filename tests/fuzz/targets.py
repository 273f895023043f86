"""What is fuzzed: each target takes any bytes, and raises only where a promise is broken.

They need no fuzzer: the tests call them with their seeds.
"""

import io
import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any, get_args

from django.test import RequestFactory
from rest_framework.request import Request

from jobs.api.uploads import tus
from jobs.api.uploads.ranges import put_offset
from jobs.http.ranges import Unsatisfiable, parse_range
from jobs.models import Upload
from separation.audio.decoding.child_process import parse_message
from separation.audio.decoding.decode import SourceFacts
from separation.audio.decoding.decode_child import ChildTask, run_task
from separation.audio.decoding.external_references import refuse_remote_references
from separation.audio.decoding.flac_length import LengthlessFlac
from separation.audio.decoding.flac_parts import flac_parts
from separation.audio.decoding.mpeg_survey import survey_mpeg
from separation.audio.decoding.ogg_links import ogg_links
from separation.audio.decoding.sniff import Container, sniff
from separation.audio.decoding.truncation import cut_warning
from separation.audio.decoding.wave_layout import wave_layout
from separation.audio.metadata.covers import clean_cover
from separation.audio.names import clean_name, clean_tags, one_line
from separation.errors import CorruptAudio, InvalidOptions, InvalidUrl, SeparationError
from separation.net.url_address import checked_url
from separation.net.url_download import disposition_name
from separation.settings import IntakeLimits

Target = Callable[[bytes], None]

_LIMITS = IntakeLimits()
_COUNT_S = 0.5
_folder = tempfile.TemporaryDirectory(prefix="stemsite-fuzz-")


def _file(data: bytes) -> Path:
    path = Path(_folder.name) / f"{os.getpid()}"
    path.write_bytes(data)
    return path


def headers(data: bytes) -> None:
    """Our own readers of headers. The first byte chooses the container that they are told."""
    containers: tuple[Container, ...] = get_args(Container)
    container = containers[data[0] % len(containers)] if data else "wav"
    path = _file(data[1:])
    with suppress(SeparationError):
        sniff(path)
    cut_warning(path, container)
    survey_mpeg(path)
    flac_parts(path)
    ogg_links(path)
    wave_layout(path)
    with suppress(SeparationError):
        refuse_remote_references(path)
    with LengthlessFlac(path) as file:
        assert len(file.readall()) == len(data[1:])


def intake(data: bytes) -> None:
    """A whole file, as the decoding process looks at it, in this process and without its walls."""
    path = _file(data)
    with suppress(SeparationError), redirect_stdout(io.StringIO()):
        sniffed = sniff(path)
        task = ChildTask(
            source=str(path),
            target=str(path),
            container=sniffed.container,
            reader=sniffed.reader,
            count_until=time.monotonic() + _COUNT_S,
            max_duration_s=None,
            max_channels=_LIMITS.max_channels,
            min_sample_rate_hz=_LIMITS.min_sample_rate_hz,
            max_sample_rate_hz=_LIMITS.max_sample_rate_hz,
            max_decode_ratio=_LIMITS.max_decode_ratio,
            max_output_bytes=0,
            memory_bytes=_LIMITS.decode_memory_bytes,
            cpu_s=_LIMITS.probe_wall_s,
        )
        # As it crosses to the parent, which believes no more than it checks.
        said = parse_message(json.dumps({"done": run_task(task)}).encode())
        SourceFacts.model_validate(said["done"])


def covers(data: bytes) -> None:
    cover = clean_cover(data)
    assert cover is None or clean_cover(cover.data) == cover


def words(data: bytes) -> None:
    """The first byte chooses who reads the rest."""
    readers = list(WORDS.values())
    readers[data[0] % len(readers) if data else 0](data[1:])


def _names(data: bytes) -> None:
    name = clean_name(data.decode("utf-8", "surrogateescape"))
    assert 0 < len(name.encode()) <= 255 and not set(name) & set("/\\\0")
    assert clean_name(name) == name


def _lines(data: bytes) -> None:
    line = one_line(data.decode("utf-8", "surrogateescape"))
    assert one_line(line) == line
    assert clean_tags({"title": line}) == ({"title": line} if line else {})


def _addresses(data: bytes) -> None:
    with suppress(InvalidUrl):
        url = checked_url(data.decode("utf-8", "surrogateescape"))
        assert url.scheme in ("http", "https") and url.host and not url.userinfo


def _dispositions(data: bytes) -> None:
    name = disposition_name(data.decode("latin-1"))
    assert not name or clean_name(name) == name


def _ranges(data: bytes) -> None:
    with suppress(Unsatisfiable):
        part = parse_range(data.decode("latin-1"), 1000)
        assert part is None or 0 <= part.start <= part.end < 1000


def _asked(header: str, data: bytes) -> Request:
    environ: dict[str, Any] = {header: data.decode("latin-1")}
    return Request(RequestFactory().put("/", **environ))


def _content_ranges(data: bytes) -> None:
    with suppress(InvalidOptions):
        start = put_offset(_asked("HTTP_CONTENT_RANGE", data), Upload(size_bytes=1000))
        assert start is None or 0 <= start < 1000


def _metadata(data: bytes) -> None:
    with suppress(InvalidOptions):
        tus.metadata_options(tus.upload_metadata(_asked("HTTP_UPLOAD_METADATA", data)))


def _checksums(data: bytes) -> None:
    with suppress(InvalidOptions):
        tus.upload_checksum(_asked("HTTP_UPLOAD_CHECKSUM", data))


def _messages(data: bytes) -> None:
    with suppress(CorruptAudio):
        parse_message(data)


WORDS: dict[str, Target] = {
    "name": _names,
    "line": _lines,
    "address": _addresses,
    "disposition": _dispositions,
    "range": _ranges,
    "content-range": _content_ranges,
    "metadata": _metadata,
    "checksum": _checksums,
    "message": _messages,
}
TARGETS: dict[str, Target] = {
    "headers": headers,
    "intake": intake,
    "covers": covers,
    "words": words,
}

"""A survey of the frame headers of an MP3 before it is decoded.

libsndfile is the faster reader. It stops at the length that the first frame states, or at a length
that it estimates from the bit rate. FFmpeg therefore decodes joined songs, recorded streams and
files of encoders that write no such frame, part by part where the format changes.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from separation.audio.decoding.file_span import Span
from separation.audio.decoding.mpeg_frames import MpegFrame, id3_bytes, is_trailer, mpeg_frame
from separation.audio.decoding.mpeg_padding import SoundSpan, noted_by_itunes, states_padding
from separation.audio.decoding.sniff import first_mpeg_frame

_TAGS = (b"Xing", b"Info")
_TAG_WINDOW_BYTES = 64
"""The tag follows the side information, at most 36 bytes from the start of the frame."""

_VBRI_AT = 36
_HAS_FRAMES = 1
_TOLERATED_FRAMES = 1
"""Some encoders count the frame of the tag itself, others do not."""


@dataclass(frozen=True)
class MpegPart:
    """Frames of one form in a row. ``samples``: sum over its frames, per channel."""

    span: Span
    layer: int
    rate_hz: int
    samples: int


@dataclass(frozen=True)
class MpegSurvey:
    """``parts``: in their order. ``frames``: the frames of all parts or the claim of the file,
    whichever is larger, at the rate of the first part, with the padding of encoders. ``is_plain``:
    libsndfile reads the whole file. ``gaps``: number of places with other data than frames, tags
    and padding between two frames. ``song``: the decoded frames without padding, if only a tag
    states the padding.
    """

    parts: tuple[MpegPart, ...]
    frames: int
    is_plain: bool
    gaps: int
    song: SoundSpan | None = None


def survey_mpeg(path: Path) -> MpegSurvey | None:
    """Survey a file; ``None`` where it has no frames. An incomplete frame counts, although it may
    not decode."""
    with path.open("rb") as file:
        start = first_mpeg_frame(file)
        if start is None:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            survey = _survey(content, start)
            return survey and _without_padding(survey, content, start)


def _survey(content: mmap.mmap, start: int) -> MpegSurvey | None:
    parts, gaps = _parts(content, start)
    head = content[start : start + _TAG_WINDOW_BYTES]
    stated, first = _stated(head), mpeg_frame(head)
    if not parts or first is None:
        return None
    present = sum(part.samples * first.rate_hz // part.rate_hz for part in parts)
    if stated is None and _is_information(head):
        # This frame would decode to 26 ms of silence.
        parts = _without_first(parts, first)
        if not parts:
            return None
        return MpegSurvey(tuple(parts), present - first.samples, is_plain=False, gaps=gaps)
    claimed = (stated or 0) * first.samples
    is_all = stated is not None and present <= claimed + _TOLERATED_FRAMES * first.samples
    begins_as_expected = start == id3_bytes(content[:10])
    is_plain = is_all and begins_as_expected and len(parts) == 1
    return MpegSurvey(tuple(parts), max(present, claimed), is_plain, gaps)


def _without_padding(survey: MpegSurvey, content: mmap.mmap, start: int) -> MpegSurvey:
    song = _song(content, start, survey.parts)
    # libsndfile leaves out a part of the padding if there is an information frame.
    return survey if song is None else replace(survey, song=song, is_plain=False)


def _song(content: mmap.mmap, start: int, parts: Sequence[MpegPart]) -> SoundSpan | None:
    frame = mpeg_frame(content[start : start + 4])
    if frame is None or frame.layer != 3 or len(parts) != 1:
        return None
    samples = parts[0].samples
    at = _tag_place(content[start : start + _TAG_WINDOW_BYTES])
    if at is not None and parts[0].span.start == start:
        if states_padding(content[start + at : start + frame.size_bytes]):
            return None
        samples -= frame.samples
    return noted_by_itunes(content, start, samples, frame.samples)


def _parts(content: mmap.mmap, start: int) -> tuple[list[MpegPart], int]:
    """Return the parts, and the number of gaps between frames."""
    begun: list[tuple[int, MpegFrame]] = []
    samples: list[int] = []
    gaps, behind = 0, start
    for at, frame in _frames(content, start):
        if at > behind and _is_gap(content, behind, at):
            gaps += 1
        if not begun or frame.form != begun[-1][1].form:
            begun.append((at, frame))
            samples.append(0)
        samples[-1] += frame.samples
        behind = at + frame.size_bytes
    ends = [at for at, _ in begun[1:]]
    parts = [
        MpegPart(Span(at, end), frame.layer, frame.rate_hz, count)
        for (at, frame), end, count in zip(begun, [*ends, None], samples, strict=True)
    ]
    return parts, gaps


def _is_gap(content: mmap.mmap, at: int, end: int) -> bool:
    return not is_trailer(content[at : at + 11]) and any(content[at : min(end, at + 4096)])


def _without_first(parts: list[MpegPart], frame: MpegFrame) -> list[MpegPart]:
    first = parts[0]
    samples = first.samples - frame.samples
    span = Span(first.span.start + frame.size_bytes, first.span.end)
    shorter = [MpegPart(span, first.layer, first.rate_hz, samples)] if samples else []
    return [*shorter, *parts[1:]]


def _stated(head: bytes) -> int | None:
    """Return the number of frames that a Xing tag claims, without the frame of the tag itself."""
    at = _tag_place(head)
    if at is None or not int.from_bytes(head[at + 4 : at + 8], "big") & _HAS_FRAMES:
        return None
    return int.from_bytes(head[at + 8 : at + 12], "big")


def _tag_place(head: bytes) -> int | None:
    at = max(head.find(tag) for tag in _TAGS)
    return at if at >= 0 else None


def _is_information(head: bytes) -> bool:
    """Whether a frame contains an encoder's tag (Xing, or Fraunhofer's VBRI) instead of sound."""
    return any(tag in head for tag in _TAGS) or head[_VBRI_AT : _VBRI_AT + 4] == b"VBRI"


def _frames(content: mmap.mmap, at: int) -> Iterator[tuple[int, MpegFrame]]:
    """Yield the offset of each frame and the frame; skip all other data."""
    size, form = len(content), None
    while at + 4 <= size:
        frame = mpeg_frame(content[at : at + 4])
        if frame is not None and _is_confirmed(content, at + frame.size_bytes, frame, form):
            yield at, frame
            form = frame.form
            at += frame.size_bytes
        elif content[at : at + 3] == b"ID3":
            at += max(id3_bytes(content[at : at + 10]), 1)
        else:
            at = content.find(b"\xff", at + 1)
            if at < 0:
                return


def _is_confirmed(
    content: mmap.mmap, end: int, frame: MpegFrame, form: tuple[int, int, int, int] | None
) -> bool:
    """Whether the data at ``end`` of a frame confirms the frame. ``form``: that of the frame before
    it; a frame of another form needs a following frame of its own form."""
    if end >= len(content):
        return form in (None, frame.form)
    follower = mpeg_frame(content[end : end + 4])
    if follower is None:
        return form in (None, frame.form) and is_trailer(content[end : end + 11])
    return frame.form in (form, follower.form)

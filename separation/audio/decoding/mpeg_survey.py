"""What a MP3 consists of, by the headers of its frames alone, before anything decodes.

libsndfile is the faster reader, and stops where the first frame says, or where it guesses from the
bit rate that the end must be. Songs put one behind the other, streams that were recorded, and files
of encoders that write no such frame go to FFmpeg, part by part where the format changes.
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
"""The tag follows the side information, at most 36 bytes behind the frame's beginning."""

_VBRI_AT = 36
_HAS_FRAMES = 1
_TOLERATED_FRAMES = 1
"""Encoders count the frame of the tag itself, or do not."""


@dataclass(frozen=True)
class MpegPart:
    """Frames of one form in a row. ``samples``: of one channel, those of all its frames."""

    span: Span
    layer: int
    rate_hz: int
    samples: int


@dataclass(frozen=True)
class MpegSurvey:
    """``parts``: in their order. ``frames``: of all of them, or as many as the file says where
    those are more, at the rate of the first; padding of encoders included. ``is_plain``: libsndfile
    reads all of it. ``gaps``: how often something else than frames, tags and padding lies between
    two frames. ``song``: the part of what is decoded that is no padding, where only a tag says it.
    """

    parts: tuple[MpegPart, ...]
    frames: int
    is_plain: bool
    gaps: int
    song: SoundSpan | None = None


def survey_mpeg(path: Path) -> MpegSurvey | None:
    """``None`` where no frames are found. Counts what is there of a frame, though it may not
    decode."""
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
    there = sum(part.samples * first.rate_hz // part.rate_hz for part in parts)
    if stated is None and _is_information(head):
        # It would be decoded as 26 ms of silence.
        parts = _without_first(parts, first)
        if not parts:
            return None
        return MpegSurvey(tuple(parts), there - first.samples, is_plain=False, gaps=gaps)
    claimed = (stated or 0) * first.samples
    is_all = stated is not None and there <= claimed + _TOLERATED_FRAMES * first.samples
    begins_as_expected = start == id3_bytes(content[:10])
    is_plain = is_all and begins_as_expected and len(parts) == 1
    return MpegSurvey(tuple(parts), max(there, claimed), is_plain, gaps)


def _without_padding(survey: MpegSurvey, content: mmap.mmap, start: int) -> MpegSurvey:
    song = _song(content, start, survey.parts)
    # libsndfile leaves a part of the padding out where there is a frame of information.
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
    """The parts, and the number of gaps between frames."""
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
    rest = first.samples - frame.samples
    span = Span(first.span.start + frame.size_bytes, first.span.end)
    shorter = [MpegPart(span, first.layer, first.rate_hz, rest)] if rest else []
    return [*shorter, *parts[1:]]


def _stated(head: bytes) -> int | None:
    """Frames that a Xing tag claims (they do not include the one that it is in)."""
    at = _tag_place(head)
    if at is None or not int.from_bytes(head[at + 4 : at + 8], "big") & _HAS_FRAMES:
        return None
    return int.from_bytes(head[at + 8 : at + 12], "big")


def _tag_place(head: bytes) -> int | None:
    at = max(head.find(tag) for tag in _TAGS)
    return at if at >= 0 else None


def _is_information(head: bytes) -> bool:
    """Whether a frame holds a tag of an encoder instead of sound: Xing's, or Fraunhofer's VBRI."""
    return any(tag in head for tag in _TAGS) or head[_VBRI_AT : _VBRI_AT + 4] == b"VBRI"


def _frames(content: mmap.mmap, at: int) -> Iterator[tuple[int, MpegFrame]]:
    """Each frame and where it begins; what is no frame is stepped over."""
    size, form = len(content), None
    while at + 4 <= size:
        frame = mpeg_frame(content[at : at + 4])
        if frame is not None and _goes_on(content, at + frame.size_bytes, frame, form):
            yield at, frame
            form = frame.form
            at += frame.size_bytes
        elif content[at : at + 3] == b"ID3":
            at += max(id3_bytes(content[at : at + 10]), 1)
        else:
            at = content.find(b"\xff", at + 1)
            if at < 0:
                return


def _goes_on(
    content: mmap.mmap, end: int, frame: MpegFrame, form: tuple[int, int, int, int] | None
) -> bool:
    """Whether what follows a frame proves that it is one; a new format takes more than the old."""
    if end >= len(content):
        return form in (None, frame.form)
    follower = mpeg_frame(content[end : end + 4])
    if follower is None:
        return form in (None, frame.form) and is_trailer(content[end : end + 11])
    return frame.form in (form, follower.form)

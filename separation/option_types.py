"""The types of numbers that a person chooses, with the ranges of :mod:`separation.options`."""

from typing import Annotated, Any

from pydantic import Field

from separation import options
from separation.option_row import Option


def in_range(option: Option[Any]) -> Any:
    """The range of an option, as metadata of ``Annotated``."""
    low, high = option.range
    if option.kind == "integer":
        return Field(ge=low, le=high)
    return Field(ge=low, le=high, allow_inf_nan=False)


Shifts = Annotated[int, in_range(options.SHIFTS)]
Overlap = Annotated[float, in_range(options.OVERLAP)]
SegmentS = Annotated[float, in_range(options.SEGMENT_S)]
Seed = Annotated[int, in_range(options.SEED)]
TargetDb = Annotated[float, in_range(options.TARGET_DB)]
TruePeakCeilingDbtp = Annotated[float, in_range(options.TRUE_PEAK_CEILING_DBTP)]
Mp3BitrateKbps = Annotated[int, in_range(options.MP3_BITRATE_KBPS)]
RangeStartS = Annotated[float, in_range(options.RANGE_START_S)]
RangeLengthS = Annotated[float, in_range(options.RANGE_LENGTH_S)]
Strength = Annotated[float, in_range(options.DENOISE_STRENGTH)]

"""How far each number may go that a person chooses: said here once.

Requests, stages, separators, forms and the description of the API are all made from these types.
"""

from typing import Annotated, Any, NamedTuple

from annotated_types import Ge, Le
from pydantic import Field

Shifts = Annotated[int, Field(ge=0, le=20)]
Overlap = Annotated[float, Field(ge=0.0, le=0.95)]
"""Share of a window; at 1 the next window would never come."""

SegmentS = Annotated[float, Field(ge=0.1, le=600.0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
TargetDb = Annotated[float, Field(ge=-60.0, le=0.0)]
TruePeakCeilingDbtp = Annotated[float, Field(ge=-20.0, le=0.0)]
Mp3BitrateKbps = Annotated[int, Field(ge=64, le=320)]
RangeStartS = Annotated[float, Field(ge=0.0, le=1e6, allow_inf_nan=False)]
RangeLengthS = Annotated[float, Field(ge=1.0, le=1e6, allow_inf_nan=False)]
"""A million seconds are eleven days: longer than any song, and a number that every reader takes."""


class Bounds(NamedTuple):
    """The smallest and the largest value that is taken."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:.10g}"


def bounds(kind: Any) -> Bounds:
    """Of one of the types above, such as ``bounds(Overlap)``."""
    said: list[Any] = [limit for field in kind.__metadata__ for limit in field.metadata]
    lows: list[Any] = [limit.ge for limit in said if isinstance(limit, Ge)]
    highs: list[Any] = [limit.le for limit in said if isinstance(limit, Le)]
    return Bounds(lows[0], highs[0])


CHOSEN: dict[str, Any] = {
    "shifts": Shifts,
    "overlap": Overlap,
    "segment_s": SegmentS,
    "seed": Seed,
    "target_db": TargetDb,
    "true_peak_ceiling_dbtp": TruePeakCeilingDbtp,
    "mp3_bitrate_kbps": Mp3BitrateKbps,
    "range_start_s": RangeStartS,
    "range_length_s": RangeLengthS,
}
"""By the name that the choice has everywhere."""


def field_bounds(name: str) -> dict[str, Any]:
    """``min_value`` and ``max_value`` of a choice, as the fields of forms have them."""
    low, high = bounds(CHOSEN[name])
    return {"min_value": low, "max_value": high}

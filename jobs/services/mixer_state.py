"""Validates, saves and returns the state of the mixer of a job, one for each account.

The script of the page sends the whole state and gets it back when the page opens, on any device.
"""

import json
from typing import TYPE_CHECKING, Annotated, Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from jobs.models import Job, MixerState
from jobs.services.listening.index import Listening
from separation.errors import InvalidOptions, TooLarge
from separation.mixdown.request import FASTEST, SLOWEST
from separation.validation import first_fault

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HIGHEST = 1.2
"""The upper end of a fader, as in ``desk.js``."""


def _between(lowest: float, highest: float) -> AfterValidator:
    def nearest(value: float) -> float:
        return min(max(value, lowest), highest)

    return AfterValidator(nearest)


class _Part(BaseModel):
    """Ignores unknown fields, which a newer script may send."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class _StemState(_Part):
    """``open``: the way of looking at the stem whose lanes are open, empty for none."""

    volume: Annotated[float, _between(0.0, HIGHEST)] = 1.0
    pan: Annotated[float, _between(-1.0, 1.0)] = 0.0
    solo: bool = False
    mute: bool = False
    open: Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,32}$")] = ""


class _Span(_Part):
    start_s: float
    end_s: float

    def within(self, duration_s: float) -> dict[str, Any] | None:
        """The part of it that lies in the song; None where there is none."""
        start, end = (min(max(at, 0.0), duration_s) for at in (self.start_s, self.end_s))
        return {**self.model_dump(), "start_s": start, "end_s": end} if start < end else None


class Loop(_Span):
    is_on: bool = True


class State(_Part):
    """``swapped``: everything but the soloed stems is heard; ``view`` is None for the whole
    song. ``page`` and ``number``: which page sends it, and as which of its states."""

    stems: dict[str, _StemState] = {}
    master: Annotated[float, _between(0.0, HIGHEST)] = 1.0
    swapped: bool = False
    speed: Annotated[float, _between(SLOWEST, FASTEST)] = 1.0
    loop: Loop | None = None
    view: _Span | None = None
    position_s: float = 0.0
    page: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{0,32}$")] = ""
    number: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def of_song(self, listening: Listening) -> dict[str, Any]:
        """The state without the stems and seconds that this song does not have."""
        duration_s = listening.frames / listening.sample_rate_hz
        known = {name: stem for name, stem in self.stems.items() if listening.stem(name)}
        return {
            **self.model_dump(include={"master", "swapped", "speed"}),
            "stems": {name: stem.model_dump() for name, stem in known.items()},
            "loop": self.loop and self.loop.within(duration_s),
            "view": self.view and self.view.within(duration_s),
            "position_s": min(max(self.position_s, 0.0), duration_s),
        }


def mixer_state_of(*, job: Job, owner: "User") -> dict[str, Any] | None:
    """None where nothing was saved yet."""
    found = MixerState.objects.filter(job=job, owner=owner).values_list("state", flat=True)
    return found.first()


def save_mixer_state(*, job: Job, owner: "User", listening: Listening, text: str) -> None:
    """Save ``text``, which is JSON, in place of the saved state: the last writer wins.

    A state changes nothing when a later one of the same page was saved before it. Stems that the
    song does not have are left out; numbers out of range become the nearest value in it.
    Raises ``InvalidOptions``, ``TooLarge``; ``Job.DoesNotExist`` where the job has just been
    deleted.
    """
    told = _parsed(text)
    values = {
        "state": told.of_song(listening),
        "page": told.page,
        "number": told.number,
        "saved_at": timezone.now(),
    }
    row = MixerState(job=job, owner=owner, **values)
    try:
        # Of several requests at once, one makes the row; all of them find it.
        MixerState.objects.bulk_create([row], ignore_conflicts=True)
    except IntegrityError:
        raise Job.DoesNotExist(f"the job {job.pk} is deleted") from None
    rows = MixerState.objects.filter(job=job, owner=owner)
    rows.exclude(page=told.page, number__gt=told.number).update(**values)


def _parsed(text: str) -> State:
    limit = settings.MIXER_STATE_BYTES
    if len(text.encode(errors="replace")) > limit:
        raise TooLarge(f"The state of a mixer may have {limit} bytes; this one has more.")
    try:
        return State.model_validate(json.loads(text))
    except ValidationError as error:
        raise InvalidOptions(f"The state of the mixer: {first_fault(error)}.") from None
    except (ValueError, RecursionError):
        raise InvalidOptions(
            "The state of the mixer is no JSON. Load the page again; its script sends it."
        ) from None

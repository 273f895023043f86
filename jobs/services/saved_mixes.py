"""Named loops and mixes of a song, which its owner saves in the mixer and finds on every device.

Each change names one entry, so that two pages that are open at once do not overwrite what the other
has saved.
"""

import json
import uuid
from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from jobs.errors import JobConflict
from jobs.models import Job, MixerState
from jobs.services.listening.index import Listening
from jobs.services.mixer_state import Loop, State
from separation.errors import InvalidOptions, TooLarge
from separation.validation import first_fault

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Kind = Literal["loops", "mixes"]
Saved = dict[str, list[dict[str, Any]]]

KINDS: tuple[Kind, ...] = ("loops", "mixes")
MOST = 20
"""Loops of one song, and mixes of one song."""
LONGEST_NAME = 60


class NameTaken(JobConflict):
    """Another loop or mix of the song has this name."""


def saved_of(*, job: Job, owner: "User") -> Saved:
    found = MixerState.objects.filter(job=job, owner=owner).values_list("saved", flat=True)
    return _complete(found.first())


def save_entry(
    *, job: Job, owner: "User", listening: Listening, kind: Kind, name: str, text: str
) -> Saved:
    """Save ``text``, which is JSON of a loop or a state of the mixer, as the last of its kind. An
    entry of the same name is replaced.

    Raises ``InvalidOptions``, ``TooLarge``; ``Job.DoesNotExist`` where the job has just been
    deleted.
    """
    name, content = _checked_name(name), _content(kind, text, listening)
    with transaction.atomic():
        row = _locked(job, owner, listening)
        saved = _complete(row.saved)
        same = [entry for entry in saved[kind] if entry["name"] == name]
        if same:
            same[0].update(content)
        elif len(saved[kind]) >= MOST:
            raise TooLarge(_refusal(kind))
        else:
            saved[kind].append({"id": uuid.uuid4().hex, "name": name, **content})
        return _store(row, saved)


def rename_entry(*, job: Job, owner: "User", kind: Kind, entry_id: str, name: str) -> Saved:
    """Raises ``InvalidOptions``, ``NameTaken``. An entry that is gone stays gone."""
    name = _checked_name(name)
    with transaction.atomic():
        row = _existing(job, owner)
        saved = _complete(row.saved if row else None)
        if any(entry["name"] == name and entry["id"] != entry_id for entry in saved[kind]):
            raise NameTaken(_("“%(name)s” is taken. Choose another name.") % {"name": name})
        for entry in saved[kind]:
            if entry["id"] == entry_id:
                entry["name"] = name
        return _store(row, saved) if row else saved


def delete_entry(*, job: Job, owner: "User", kind: Kind, entry_id: str) -> Saved:
    """Deleting twice is no error."""
    with transaction.atomic():
        row = _existing(job, owner)
        saved = _complete(row.saved if row else None)
        saved[kind] = [entry for entry in saved[kind] if entry["id"] != entry_id]
        return _store(row, saved) if row else saved


def _complete(saved: Any) -> Saved:
    return {kind: list((saved or {}).get(kind, [])) for kind in KINDS}


def _locked(job: Job, owner: "User", listening: Listening) -> MixerState:
    first = State().of_song(listening)
    row = MixerState(job=job, owner=owner, state=first, saved_at=timezone.now())
    try:
        MixerState.objects.bulk_create([row], ignore_conflicts=True)
    except IntegrityError:
        raise Job.DoesNotExist(f"the job {job.pk} is deleted") from None
    found = _existing(job, owner)
    if found is None:
        raise Job.DoesNotExist(f"the job {job.pk} is deleted")
    return found


def _existing(job: Job, owner: "User") -> MixerState | None:
    return MixerState.objects.select_for_update().filter(job=job, owner=owner).first()


def _store(row: MixerState, saved: Saved) -> Saved:
    MixerState.objects.filter(pk=row.pk).update(saved=saved)
    return saved


def _checked_name(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > LONGEST_NAME or not cleaned.isprintable():
        raise InvalidOptions(
            _("Give it a name of 1 to %(most)s letters, digits and signs.") % {"most": LONGEST_NAME}
        )
    return cleaned


def _content(kind: Kind, text: str, listening: Listening) -> dict[str, Any]:
    limit = settings.MIXER_STATE_BYTES
    if len(text.encode(errors="replace")) > limit:
        raise TooLarge(f"What is saved may have {limit} bytes; this has more.")
    try:
        told = json.loads(text)
        if kind == "loops":
            loop = Loop.model_validate(told).within(listening.frames / listening.sample_rate_hz)
            if loop is None:
                raise InvalidOptions(_("This loop lies outside the song. Mark it again."))
            return {"start_s": loop["start_s"], "end_s": loop["end_s"]}
        state = State.model_validate(told).of_song(listening)
    except ValidationError as error:
        raise InvalidOptions(f"What is to be saved: {first_fault(error)}.") from None
    except (ValueError, RecursionError):
        raise InvalidOptions("What is to be saved is no JSON. Load the page again.") from None
    return {name: state[name] for name in ("stems", "master", "swapped", "speed")}


def _refusal(kind: Kind) -> str:
    if kind == "loops":
        told = _("A song keeps %(most)s loops. Delete one, then save this one.")
    else:
        told = _("A song keeps %(most)s mixes. Delete one, then save this one.")
    return told % {"most": MOST}

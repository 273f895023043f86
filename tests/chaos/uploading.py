"""Uploads that meet at the limit, and one that is killed: ``python -m tests.chaos.uploading STEP``.

Each step is a process of its own, as the tests' process is bound to the database of the tests. It
is given JSON and its last line is JSON.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _song() -> bytes:
    from tests.factories import wav_bytes

    return wav_bytes(0.1)


def set_up(*, room: int | None, places: int | None, together: bool) -> None:
    """Two members of a group. The limits are of each of them, or ``together`` of the group; in
    songs that fit."""
    from tests.factories import make_group, make_user, set_quota
    from tests.ready_site import migrate_if_empty

    migrate_if_empty()
    group = make_group("class", *(make_user(name, password=None) for name in ("a", "b")))
    limits = {} if room is None else {"stored_bytes": room * len(_song()) + 10}
    limits |= {} if places is None else {"active_jobs": places}
    set_quota(group, shared=together, **limits)
    _say("ready")


def race(*, owners: list[str], start_at: float) -> None:
    """One upload for each of ``owners``, each in a thread, all let go at ``start_at``."""
    from django.db import connection

    from jobs.services.job.create import submit_song
    from jobs.services.quotas.reservation import reserve
    from separation.errors import QuotaExceeded
    from separation.request.separation_request import SeparationRequest
    from tests.factories import make_user

    met, song = Counter[str](), _song()
    taken: list[int] = []

    def body() -> Iterator[bytes]:
        taken.append(len(song))
        yield song

    def upload(name: str) -> None:
        request = SeparationRequest(separator="spectral")
        try:
            owner = make_user(name)
            time.sleep(max(0.0, start_at - time.time()))
            with reserve(owner=owner, size_bytes=len(song)) as hold:
                submit_song(
                    hold=hold, name="a.wav", chunks=body(), declared_size=None, request=request
                )
            met["accepted"] += 1
        except QuotaExceeded:
            met["refused"] += 1
        except Exception as error:
            met[repr(error)] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=upload, args=(name,)) for name in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _say({**met, "bodies read": len(taken)})


def begin(*, owner: str) -> None:
    """Take the first bytes of an upload, say so, and wait for the end."""
    from jobs.services.sources.receive_source import receive_source
    from tests.factories import make_user

    def body() -> Iterator[bytes]:
        yield _song()[:1000]
        _say("begun")
        time.sleep(600)

    receive_source(owner=make_user(owner), name="a.wav", chunks=body(), declared_size=len(_song()))


def age(*, seconds: float) -> None:
    """As if so much time had passed for all reservations."""
    from datetime import timedelta

    from django.db.models import F

    from jobs.models import Reservation

    _say(Reservation.objects.update(expires_at=F("expires_at") - timedelta(seconds=seconds)))


def look(*, owner: str, sweep: bool) -> None:
    from jobs.models import Job, Reservation, Source
    from jobs.services.quotas.limits import refusal
    from jobs.services.quotas.reservation import expire_reservations
    from tests.factories import make_user

    swept = expire_reservations() if sweep else 0
    _say(
        {
            "refused": refusal(owner=make_user(owner)) is not None,
            "swept": swept,
            "rows": Reservation.objects.count(),
            "songs": Source.objects.count(),
            "jobs": Job.objects.count(),
        }
    )


if __name__ == "__main__":
    import django

    django.setup()
    steps: dict[str, Callable[..., object]] = {
        "set_up": set_up,
        "race": race,
        "begin": begin,
        "age": age,
        "look": look,
    }
    steps[sys.argv[1]](**json.loads(sys.argv[2]))
